package source

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// replies is a network that answers every request in one way.
type replies struct {
	code   int
	header http.Header
	body   io.Reader
	err    error
}

func (r replies) RoundTrip(request *http.Request) (*http.Response, error) {
	if r.err != nil {
		return nil, r.err
	}
	return &http.Response{StatusCode: r.code, Header: r.header, Body: io.NopCloser(r.body), Request: request}, nil
}

func fetch(t *testing.T, code int, header map[string]string, body string) (Answer, error) {
	h := http.Header{}
	for name, value := range header {
		h.Set(name, value)
	}
	client := &http.Client{
		Transport:     replies{code: code, header: h, body: strings.NewReader(body)},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return Fetch(t.Context(), client, "https://api.example.com/v1/things?token=canary", http.Header{"Accept": {"a/b"}})
}

func TestAnAnswerKnowsItsNextPage(t *testing.T) {
	cases := map[string]struct{ link, next string }{
		"none":               {"", ""},
		"the next":           {`<https://api.example.com/v1/things?page=2>; rel="next"`, "https://api.example.com/v1/things?page=2"},
		"among others":       {`<https://api.example.com/a>; rel="prev", <https://api.example.com/b>; rel="next", <https://api.example.com/c>; rel="last"`, "https://api.example.com/b"},
		"with commas":        {`<https://api.example.com/a?f=x,y>;rel="first",<https://api.example.com/b?f=x,y>;rel="next"`, "https://api.example.com/b?f=x,y"},
		"relative":           {`</v1/things?page=2>; rel="next"`, "https://api.example.com/v1/things?page=2"},
		"the last page":      {`<https://api.example.com/a>; rel="first"`, ""},
		"another host":       {`<https://evil.example.com/b>; rel="next"`, ""},
		"in the clear":       {`<http://api.example.com/b>; rel="next"`, ""},
		"no address":         {`https://api.example.com/b; rel="next"`, ""},
		"an address unended": {`<https://api.example.com/b; rel="next"`, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			answer, err := fetch(t, 200, map[string]string{"Link": c.link}, "[]")
			require.NoError(t, err)
			require.Equal(t, c.next, answer.Next)
			require.Equal(t, "[]", string(answer.Body))
		})
	}
}

func TestWhoWantsToBeLeftAlone(t *testing.T) {
	date := time.Date(2020, 1, 1, 12, 0, 0, 0, time.UTC) // by a clock that isn't ours
	at := func(d time.Duration) string { return strconv.FormatInt(date.Add(d).Unix(), 10) }
	cases := map[string]struct {
		code   int
		header map[string]string
		wait   time.Duration
	}{
		"seconds":                           {429, map[string]string{"Retry-After": "30"}, 30 * time.Second},
		"with a refusal":                    {403, map[string]string{"Retry-After": "30"}, 30 * time.Second},
		"while it is down":                  {503, map[string]string{"Retry-After": "30"}, 30 * time.Second},
		"until an instant":                  {429, map[string]string{"Retry-After": date.Add(5 * time.Minute).Format(http.TimeFormat)}, 5 * time.Minute},
		"an instant that is over":           {429, map[string]string{"Retry-After": date.Add(-time.Hour).Format(http.TimeFormat)}, time.Second},
		"longer than any limit":             {429, map[string]string{"Retry-After": "2000000000"}, 2 * time.Hour},
		"no time at all":                    {429, nil, time.Minute},
		"words that are no time":            {429, map[string]string{"Retry-After": "soon"}, time.Minute},
		"a limit that is used up":           {403, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": at(20 * time.Minute)}, 20*time.Minute + time.Second},
		"a limit that is used up, with 429": {429, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": at(time.Minute)}, 61 * time.Second},
		"a limit as GitLab tells it":        {429, map[string]string{"RateLimit-Remaining": "0", "RateLimit-Reset": at(time.Minute)}, 61 * time.Second},
		"a limit as PagerDuty tells it":     {429, map[string]string{"ratelimit-remaining": "0", "ratelimit-reset": "17"}, 18 * time.Second},
		"a limit as Atlassian tells it":     {429, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2020-01-01T12:02Z"}, 121 * time.Second},
		"a reset that is no time":           {429, map[string]string{"RateLimit-Remaining": "0", "RateLimit-Reset": "soon"}, time.Minute},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			header := map[string]string{"Date": date.Format(http.TimeFormat)}
			for k, v := range c.header {
				header[k] = v
			}
			_, err := fetch(t, c.code, header, "")
			var busy *BusyError
			require.ErrorAs(t, err, &busy)
			require.Equal(t, c.wait, busy.Wait)
			require.NotEmpty(t, busy.Why)
		})
	}
}

func TestOtherAnswersSayWhatWouldBeRight(t *testing.T) {
	cases := map[string]struct {
		code   int
		header map[string]string
		want   string
	}{
		"a secret that isn't valid": {401, nil, "GET /v1/things: 401 Unauthorized; is the secret valid?"},
		"a refusal":                 {403, nil, "GET /v1/things: 403 Forbidden; does it exist, and may the secret read it?"},
		"a refusal with something left of the limit": {403, map[string]string{"X-RateLimit-Remaining": "5"}, "GET /v1/things: 403 Forbidden; does it exist, and may the secret read it?"},
		"nothing there":                {404, nil, "GET /v1/things: 404 Not Found; does it exist, and may the secret read it?"},
		"a redirect":                   {301, nil, "GET /v1/things: 301 Moved Permanently; it has moved, configure its new name"},
		"a server that is broken":      {500, nil, "GET /v1/things: 500 Internal Server Error"},
		"an answer without a document": {204, nil, "GET /v1/things: 204 No Content"},
		"an unchanged document that nobody here asked of": {304, nil, "GET /v1/things: 304 Not Modified"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := fetch(t, c.code, c.header, "canary "+strings.Repeat("x", 2*maxReason))
			require.EqualError(t, err, c.want)
			var status *StatusError
			require.ErrorAs(t, err, &status)
			require.Equal(t, c.code, status.Code)
			require.Len(t, status.Reason, maxReason)
		})
	}
}

func TestNoErrorRepeatsTheQuery(t *testing.T) {
	client := &http.Client{Transport: replies{err: errors.New("no network")}}
	_, err := Fetch(t.Context(), client, "https://api.example.com/x?token=canary", nil)
	require.EqualError(t, err, "no network")
	_, err = Fetch(t.Context(), client, "https://api.example.com/%zz?token=canary", nil)
	require.EqualError(t, err, "the URL can't be read")
}

// endless is a body without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestAnAnswerWithoutAnEndIsRefused(t *testing.T) {
	client := &http.Client{Transport: replies{code: 200, body: endless{}}}
	_, err := Fetch(t.Context(), client, "https://api.example.com/x?token=canary", nil)
	require.EqualError(t, err, "GET /x: the answer is larger than 16777216 bytes")
}

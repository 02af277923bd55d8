package call

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/sinks"
)

func client(t *testing.T, c Config, target TargetConfig) *Client {
	t.Helper()
	caller, err := c.Open("note")
	require.NoError(t, err)
	made, err := caller.Client(target)
	require.NoError(t, err)
	t.Cleanup(made.Close)
	return made
}

func TestAnAnswerIsReadUpToABound(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-A", "b")
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write([]byte(strings.Repeat("a", 100)))
	}))
	t.Cleanup(s.Close)
	request, err := http.NewRequest(http.MethodGet, s.URL, nil)
	require.NoError(t, err)
	a, err := client(t, Config{Allow: []string{"loopback"}}, TargetConfig{}).Do(t.Context(), request, 7)
	require.NoError(t, err)
	require.Equal(t, Answer{http.StatusTeapot, a.Header, []byte("aaaaaaa")}, a)
	require.Equal(t, "b", a.Header.Get("X-A"))
}

func TestWhoCannotBeReachedIsSaidWithoutTheURL(t *testing.T) {
	hangs := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hangs }))
	t.Cleanup(s.Close)
	t.Cleanup(func() { close(hangs) })
	tls := httptest.NewUnstartedServer(http.NotFoundHandler())
	tls.Config.ErrorLog = log.New(io.Discard, "", 0)
	tls.StartTLS()
	t.Cleanup(tls.Close)
	for name, c := range map[string]struct {
		url, want string
		allow     []string
		timeout   time.Duration
	}{
		"it hangs":              {s.URL, "no answer within 1s", []string{"loopback"}, time.Second},
		"it isn't open":         {s.URL, `is refused (loopback): to allow it, list "loopback" or 127.0.0.1 under sinks::note::allow`, nil, 0},
		"a certificate of none": {tls.URL, "certificate", []string{"loopback"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			request, err := http.NewRequest(http.MethodGet, c.url+"/hush", nil)
			require.NoError(t, err)
			_, err = client(t, Config{Allow: c.allow}, TargetConfig{Timeout: c.timeout}).Do(context.Background(), request, 0)
			var u *sinks.Undelivered
			require.ErrorAs(t, err, &u)
			require.Equal(t, sinks.Unreachable, u.Cause)
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "hush")
		})
	}
}

func TestAStatusSaysWhoseFaultItIs(t *testing.T) {
	for status, want := range map[int]sinks.Cause{
		301: sinks.Refused, 400: sinks.Refused, 401: sinks.Refused, 404: sinks.Refused, 408: sinks.Unreachable, 425: sinks.Unreachable,
		429: sinks.Unreachable, 500: sinks.Failed, 501: sinks.Failed, 502: sinks.Unreachable, 503: sinks.Unreachable, 504: sinks.Unreachable,
	} {
		u := Outcome(Answer{Status: status, Header: http.Header{"Retry-After": {"7"}}}, time.Now())
		require.Equal(t, want, u.Cause, status)
		require.Equal(t, 7*time.Second, u.After)
	}
	for _, status := range []int{200, 201, 202, 204} {
		require.Nil(t, Outcome(Answer{Status: status}, time.Now()))
	}
}

func TestRetryAfterIsSecondsOrADate(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"90": 90 * time.Second, "Sun, 01 Mar 2026 12:02:00 GMT": 2 * time.Minute, "Sun, 01 Mar 2026 11:00:00 GMT": 0,
		"": 0, "-5 apples": 0, "99999999999999999999": 0,
	} {
		require.Equal(t, want, RetryAfter(value, now), value)
	}
}

func TestWhatAStrangerSaysIsShortAndOnOneLine(t *testing.T) {
	require.Equal(t, "a b", Clean("a\nb"))
	require.Len(t, Clean(strings.Repeat("a", 400)), 300+len("…"))
}

func TestAWrongSettingIsNamed(t *testing.T) {
	for want, c := range map[string]struct {
		config Config
		target TargetConfig
	}{
		`allow[0]: "10.0.0.0/64" is none of`:                 {Config{Allow: []string{"10.0.0.0/64"}}, TargetConfig{}},
		"proxy_url: it must begin with https:// or http://":  {Config{ProxyURL: "hush:3128"}, TargetConfig{}},
		"public_url: it must begin with https:// or http://": {Config{PublicURL: "shipwake.example"}, TargetConfig{}},
		"timeout: 1h0m0s: must be between 1s and 50s":        {Config{}, TargetConfig{Timeout: time.Hour}},
	} {
		caller, err := c.config.Open("note")
		if err == nil {
			_, err = caller.Client(c.target)
		}
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "hush")
	}
	for key, value := range map[string]string{"X A": "b", "X-A": "", "X-B": "a\r\nhush"} {
		err := CheckHeader("headers", key, value)
		require.ErrorContains(t, err, key)
		require.NotContains(t, err.Error(), "hush")
	}
	require.NoError(t, CheckHeader("headers", "X-A", "b"))
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("120")
	f.Add("Sun, 01 Mar 2026 12:02:00 GMT")
	f.Fuzz(func(t *testing.T, value string) {
		require.GreaterOrEqual(t, RetryAfter(value, time.Unix(1_700_000_000, 0)), time.Duration(0))
	})
}

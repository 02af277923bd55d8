package mapping_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/collector/source/mapping"
)

const ascending = deploy + `
pull:
  api_url: https://api.example.com/v1/
  example: https://api.example.com/v1
  secret: {kind: basic}
  of: {key: teams, help: the names of teams, example: shop}
  request: "'/' + uri(of) + '/deploys?since=' + uri(string(since)) + '&page=' + page"
  items: body.deploys
  at: item.changed
  next: body.?next
  ascending: true
  deliveries:
    - id: string(item.id) + '/' + item.state
      body: "{'type': 'deploy', 'deploy': {'id': item.id, 'name': 'shop', 'state': item.state, 'image': 'shop:v1', 'ended': item.changed}}"
`

// newestFirst is a system that lists everything, the newest first.
var newestFirst = strings.Replace(ascending, "  ascending: true\n", "", 1)

// respond answers requests without a network.
type respond func(*http.Request) (int, string)

func (f respond) RoundTrip(request *http.Request) (*http.Response, error) {
	code, body := f(request)
	return &http.Response{StatusCode: code, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: request}, nil
}

func streamOf(t require.TestingT, text string) source.Stream {
	s, err := mapping.Load([]byte(text))
	require.NoError(t, err)
	pulled, err := s.ConfigurePull("example", map[string]any{"teams": []any{"a/b"}})
	require.NoError(t, err)
	return pulled.Streams[0]
}

// deployment is an item of the API.
type deployment struct {
	ID      int       `json:"id"`
	State   string    `json:"state"`
	Changed time.Time `json:"changed"`
}

// list is an API with pages, which changes between requests.
type list struct {
	all       []deployment
	ascending bool
	size      int
	between   func()
}

func (l *list) answer(r *http.Request) (int, string) {
	if l.between != nil {
		defer l.between()
	}
	query := r.URL.Query()
	since, err := time.Parse(time.RFC3339, query.Get("since"))
	if err != nil || r.URL.EscapedPath() != "/v1/a%2Fb/deploys" {
		return 400, "{}"
	}
	all := slices.Clone(l.all)
	if l.ascending {
		all = slices.DeleteFunc(all, func(d deployment) bool { return d.Changed.Before(since) })
		slices.SortStableFunc(all, func(a, b deployment) int { return cmp.Or(a.Changed.Compare(b.Changed), cmp.Compare(a.ID, b.ID)) })
	} else {
		slices.Reverse(all)
	}
	from := 0
	_, _ = fmt.Sscan(query.Get("page"), &from)
	to := min(from+l.size, len(all))
	answer := map[string]any{"deploys": append([]deployment{}, all[min(from, len(all)):to]...)}
	if to < len(all) {
		answer["next"] = to
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return 500, "{}"
	}
	return 200, string(text)
}

// TestEveryLastStateIsPulledWhateverChangesMeanwhile: deployments come and end between any two requests, whatever the clock of
// the system; those are told in the end that there are, each state once.
func TestEveryLastStateIsPulledWhateverChangesMeanwhile(t *testing.T) {
	for name, c := range map[string]struct {
		text      string
		ascending bool
	}{"in the order of changes": {ascending, true}, "the newest first": {newestFirst, false}} {
		t.Run(name, func(t *testing.T) {
			stream := streamOf(t, c.text)
			shortest, longest, smallest := 1_100, 60_000, 3 // ms between changes, so that a page reaches beyond a second, and its size
			if !c.ascending {
				shortest, longest, smallest = 0, 2_000, 1 // a page on which nothing changed in the last minutes ends a round
			}
			rapid.Check(t, func(rt *rapid.T) {
				skew := time.Duration(rapid.IntRange(-7200, 7200).Draw(rt, "skew")) * time.Second
				api := &list{ascending: c.ascending, size: rapid.IntRange(smallest, 6).Draw(rt, "size")}
				clock := time.Now().Add(-time.Hour + skew)
				change := func() {
					clock = clock.Add(time.Duration(rapid.IntRange(shortest, longest).Draw(rt, "pause")) * time.Millisecond)
					if open := slices.IndexFunc(api.all, func(d deployment) bool { return d.State == "started" }); open >= 0 && rapid.Bool().Draw(rt, "ends") {
						api.all[open].State, api.all[open].Changed = "ok", clock
						return
					}
					api.all = append(api.all, deployment{len(api.all), "started", clock})
				}
				for range rapid.IntRange(0, 15).Draw(rt, "before") {
					change()
				}
				left := rapid.IntRange(0, 10).Draw(rt, "meanwhile")
				api.between = func() {
					if left > 0 {
						left--
						change()
					}
				}
				told := map[string]bool{}
				var cursor, settled []byte // settled is the cursor at the end of a round
				for rounds := 0; rounds < 3; {
					page, err := stream.Pull(t.Context(), &http.Client{Transport: respond(api.answer)}, cursor, time.Now().Add(-24*time.Hour))
					require.NoError(rt, err)
					for _, raw := range page.Raws {
						told[raw.ID] = true
					}
					if !page.More && left == 0 {
						rounds++
						require.True(rt, rounds < 3 || skew > 0 || bytes.Equal(settled, page.Next), "a cursor stays when nothing changes")
						settled = page.Next
					}
					cursor = page.Next
				}
				for _, d := range api.all {
					require.True(rt, told[fmt.Sprintf("pull/a/b/%d/%s", d.ID, d.State)], "%v of %v", d, told)
				}
			})
		})
	}
}

func TestAPullThatIsWrongSaysWhere(t *testing.T) {
	for name, c := range map[string]struct{ from, to, want string }{
		"a key that isn't known":              {"  next:", "  nxt:", "field nxt not found"},
		"no request":                          {"  request: ", "  docs: ", "pull.request: required"},
		"a name that isn't known":             {"item.changed", "itm.changed", "pull.at: ERROR: <input>:1:1: undeclared reference to 'itm'"},
		"a delivery without an id":            {"    - id: string(item.id) + '/' + item.state", "    - when: 'true'", "pull.deliveries[0]: must have an id and a body"},
		"a condition that is a text":          {"    - id:", "    - when: \"'x'\"\n      id:", "pull.deliveries[0].when: must be a condition"},
		"a kind of secret that isn't there":   {"kind: basic", "kind: cookie", "pull.secret.kind: must be bearer, basic or header"},
		"a header that isn't named":           {"kind: basic", "kind: header", "pull.secret.header: goes with the kind header"},
		"a key that is taken":                 {"key: teams", "key: api_url", "pull.of.key: api_url is a key already"},
		"a name under let that is taken":      {"  at: item", "  let: {page: '1'}\n  at: item", "pull.let.page: the name is taken"},
		"a condition on what is looked up":    {"    - id: string", "    - when: env.hasValue()\n      id: string", "pull.deliveries[0].when: ERROR: <input>:1:1: undeclared reference to 'env'"},
		"a lookup that uses what isn't there": {"  at: item", "  lookups: {env: nowhere}\n  at: item", "pull.lookups: let.env: ERROR"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(ascending, c.from, c.to, 1)
			require.NotEqual(t, ascending, text)
			if !strings.Contains(text, "lookups:") {
				text = strings.Replace(text, "  deliveries:", "  lookups: {env: \"'/environments/' + string(item.id)\"}\n  deliveries:", 1)
			}
			_, err := mapping.Load([]byte(text))
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestWhomToAskIsChecked(t *testing.T) {
	s, err := mapping.Load([]byte(strings.Replace(ascending, "https://api.example.com/v1/", "", 1)))
	require.NoError(t, err)
	api := "https://api.example.com"
	for name, c := range map[string]struct {
		keys map[string]any
		want string
	}{
		"nothing":                {map[string]any{}, "api_url: required, such as https://api.example.com/v1"},
		"no team":                {map[string]any{"api_url": api}, "teams: at least one is required, such as shop: the names of teams"},
		"teams that are a text":  {map[string]any{"api_url": api, "teams": "shop"}, "teams: must be a list of texts"},
		"a team that is none":    {map[string]any{"api_url": api, "teams": []any{7}}, "teams[0]: must be a text"},
		"a team that is twice":   {map[string]any{"api_url": api, "teams": []any{"a", "a"}}, "teams[1]: must be a name, and each only once"},
		"an API that is no text": {map[string]any{"api_url": 7}, "api_url: must be a text"},
		"a secret in the clear":  {map[string]any{"api_url": "http://canary.example.com", "teams": []any{"a"}}, "api_url: must begin with https://"},
		"another key":            {map[string]any{"team": "a"}, "team: there is no such key; the known ones are api_url, teams, parameters"},
		"a parameter":            {map[string]any{"parameters": map[string]any{"x": "y"}}, "parameters::x: the mapping has no parameters"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.ConfigurePull("example", c.keys)
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "canary")
		})
	}
}

func TestAnAnswerThatCantBeReadLeavesTheCursor(t *testing.T) {
	stream := streamOf(t, ascending)
	for name, c := range map[string]struct {
		code       int
		body, want string
	}{
		"no document":         {200, `<html>`, "must be a JSON document"},
		"no list":             {200, `{"message": "canary"}`, "$.deploys: required"},
		"items without time":  {200, `{"deploys": [{"id": 1, "state": "ok"}, {"id": 2, "state": "ok"}]}`, "$.deploys[0].changed: required"},
		"items of no time":    {200, `{"deploys": [{"id": 1, "state": "ok", "changed": "canary"}, {}]}`, "$.deploys[0].changed: must be an RFC 3339 time"},
		"items of 1970":       {200, `{"deploys": [{"id": 1, "state": "ok", "changed": 0}, null]}`, "$.deploys[0].changed: must be a time"},
		"a secret that isn't": {401, `{"message": "canary"}`, "GET /v1/a/b/deploys: 401 Unauthorized; is the secret valid?"},
		"a fault of theirs":   {500, `canary`, "GET /v1/a/b/deploys: 500"},
	} {
		t.Run(name, func(t *testing.T) {
			client := &http.Client{Transport: respond(func(*http.Request) (int, string) { return c.code, c.body })}
			page, err := stream.Pull(t.Context(), client, nil, time.Now())
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "canary")
			require.Empty(t, page)
		})
	}
}

func TestAnAPIWithoutAnEndIsGivenUp(t *testing.T) {
	stream := streamOf(t, ascending)
	client := &http.Client{Transport: respond(func(*http.Request) (int, string) { return 200, `{"deploys": [], "next": "on"}` })}
	var cursor []byte
	for range 1000 {
		page, err := stream.Pull(t.Context(), client, cursor, time.Now())
		require.NoError(t, err)
		require.True(t, page.More)
		cursor = page.Next
	}
	_, err := stream.Pull(t.Context(), client, cursor, time.Now())
	require.ErrorContains(t, err, "more than 1000 pages")
}

func TestARaisedHistoryIsReadAgain(t *testing.T) {
	stream := streamOf(t, ascending)
	old := time.Now().Add(-48 * time.Hour)
	api := &list{ascending: true, size: 5, all: []deployment{{1, "ok", old}, {2, "ok", time.Now().Add(-time.Minute)}}}
	client := &http.Client{Transport: respond(api.answer)}
	page, err := stream.Pull(t.Context(), client, nil, time.Now().Add(-24*time.Hour))
	require.NoError(t, err)
	require.Len(t, page.Raws, 1)
	page, err = stream.Pull(t.Context(), client, page.Next, time.Now().Add(-72*time.Hour))
	require.NoError(t, err)
	require.Len(t, page.Raws, 1, "the one that is known isn't told again")
	require.Equal(t, "pull/a/b/1/ok", page.Raws[0].ID)
}

func TestASecretGoesWhereTheSystemWantsIt(t *testing.T) {
	for name, c := range map[string]struct{ credential, secret, header, want string }{
		"bearer":                   {"{}", "s", "Authorization", "Bearer s"},
		"a user and a password":    {"{kind: basic}", "u:p", "Authorization", "Basic dTpw"},
		"a token instead of these": {"{kind: basic}", "t", "Authorization", "Bearer t"},
		"a header with a prefix":   {`{kind: header, header: Authorization, prefix: "Token token="}`, "s", "Authorization", "Token token=s"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := mapping.Load([]byte(strings.Replace(ascending, "{kind: basic}", c.credential, 1)))
			require.NoError(t, err)
			pulled, err := s.ConfigurePull("example", map[string]any{"teams": []any{"shop"}})
			require.NoError(t, err)
			header := http.Header{}
			pulled.Authorize(header, c.secret)
			require.Equal(t, c.want, header.Get(c.header))
		})
	}
}

package github

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/collector/source/github/githubtest"
	"github.com/shipwake/shipwake/correlate"
)

// asking is a stream of a server, with its cursor.
type asking struct {
	t      *testing.T
	stream source.Stream
	client *http.Client
	cursor []byte
}

func ask(t *testing.T, s *githubtest.Server, environments ...string) *asking {
	c := &pullConfig{Repositories: []string{"octo/shop"}, Environments: environments, API: s.URL}
	require.NoError(t, c.Validate())
	return &asking{t: t, stream: c.Streams()[0], client: &http.Client{Transport: githubtest.Transport{Handler: s}}}
}

// page asks for one.
func (a *asking) page() (source.Page, error) {
	p, err := a.stream.Pull(a.t.Context(), a.client, a.cursor, time.Now().Add(-time.Hour))
	if err == nil {
		a.cursor = p.Next
	}
	return p, err
}

// round asks until there is nothing more to ask for.
func (a *asking) round() (raws []correlate.Raw) {
	for {
		p, err := a.page()
		require.NoError(a.t, err)
		raws = append(raws, p.Raws...)
		if !p.More {
			return raws
		}
	}
}

// readings are what Parse makes of deliveries.
func readings(t *testing.T, raws []correlate.Raw) (all []source.Reading) {
	for _, raw := range raws {
		r, err := (&Config{}).parse(raw)
		require.NoError(t, err)
		all = append(all, r)
	}
	return all
}

func hook(events ...githubtest.Event) (raws []correlate.Raw) {
	for _, e := range events {
		raws = append(raws, correlate.Raw{Header: map[string]string{headerEvent: e.Name, "Content-Type": "application/json"}, Body: e.Body})
	}
	return raws
}

func public() *githubtest.Server { return githubtest.New("Octo/shop") }

func TestWhatIsPulledReadsLikeTheWebhook(t *testing.T) {
	s := public()
	id, requested := s.Deploy("production", "v2", "9fceb02d0ae598e95dc970b74767f19372d61af8")
	started, failed := s.Report(id, "in_progress"), s.Report(id, "failure")
	pulled := ask(t, s).round()
	require.Equal(t, readings(t, hook(requested, started, failed)), readings(t, pulled))
	require.Equal(t, "github-Octo/shop-1", readings(t, pulled)[1].Facts[0].Change.ID, "in the repository's own case, however it is configured")
	for i, id := range []string{"1", "1/statuses/2", "1/statuses/3"} {
		require.Equal(t, "Octo/shop/deployments/"+id, pulled[i].ID)
	}
}

func TestARoundTellsOnlyWhatTheOnesBeforeDidNot(t *testing.T) {
	s := public()
	a := ask(t, s)
	require.Empty(t, a.round())
	id, requested := s.Deploy("production", "v2", "a")
	require.Equal(t, readings(t, hook(requested)), readings(t, a.round()))
	require.Empty(t, a.round())
	started := s.Report(id, "in_progress")
	require.Equal(t, readings(t, hook(started)), readings(t, a.round()))
	ended := s.Report(id, "success")
	s.Report(id, "inactive") // of which no webhook tells
	require.Equal(t, readings(t, hook(ended)), readings(t, a.round()))
	require.Empty(t, a.round())
	cursor := string(a.cursor)
	a.round()
	require.Equal(t, cursor, string(a.cursor), "when nothing changes the cursor doesn't either")
}

func TestAPageIsBounded(t *testing.T) {
	s := public()
	for range 3 * pageSize {
		id, _ := s.Deploy("production", "v2", "a")
		s.Report(id, "success")
	}
	a := ask(t, s)
	for n := range 3 {
		p, err := a.page()
		require.NoError(t, err)
		require.Len(t, p.Raws, 2*pageSize)
		require.Equal(t, n < 2, p.More)
		requests, _ := s.Requests()
		require.Equal(t, (n+1)*(1+pageSize), requests, "less than the 60 an hour that anybody may send")
	}
}

func TestAnEnvironmentIsAskedForByItself(t *testing.T) {
	s := public()
	s.Deploy("staging", "v1", "a")
	id, _ := s.Deploy("production", "v2", "b")
	s.Report(id, "in_progress")
	a := ask(t, s, "production", "staging")
	require.Equal(t, "octo/shop/production", a.stream.Name)
	raws := a.round()
	require.Len(t, raws, 2)
	require.Equal(t, "v2", readings(t, raws)[1].Facts[0].Change.Version)
}

func TestADeploymentWithManyStatuses(t *testing.T) {
	s := public()
	id, requested := s.Deploy("production", "v2", "a")
	events := []githubtest.Event{requested}
	for range statusesPerPage + 5 {
		events = append(events, s.Report(id, "in_progress"))
	}
	require.Equal(t, readings(t, hook(events...)), readings(t, ask(t, s).round()))
}

func TestOnlyThePartAfterADateIsImported(t *testing.T) {
	s := public()
	now := time.Now()
	s.Now = func() time.Time { return now }
	now = now.Add(-2 * time.Hour)
	s.Deploy("production", "v1", "a")
	now = now.Add(2 * time.Hour)
	id, _ := s.Deploy("production", "v2", "b")
	s.Report(id, "in_progress")
	raws := ask(t, s).round()
	require.Len(t, raws, 2)
	require.Equal(t, "v2", readings(t, raws)[1].Facts[0].Change.Version)
}

func TestPullSaysWhatWentWrong(t *testing.T) {
	answer := func(code int, body string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(code)
			_, _ = w.Write([]byte(body))
			return true
		}
	}
	cases := map[string]struct {
		code int
		body string
		want string
	}{
		"a secondary limit":          {403, `{"message": "You have exceeded a secondary rate limit"}`, "asks to come again in 1m0s: the secondary rate limit"},
		"an older word for it":       {403, `{"message": "You have triggered an abuse detection mechanism"}`, "asks to come again in 1m0s: the secondary rate limit"},
		"a refusal":                  {403, `{"message": "Resource not accessible by personal access token"}`, "403 Forbidden; does it exist, and may the secret read it?"},
		"no list":                    {200, `{"message": "x"}`, "the API's list of deployments must be an array"},
		"no JSON":                    {200, `<html>`, "must be a JSON document"},
		"deployments without a time": {200, `[{"id": 1}, {"id": 2}]`, "$[0].created_at: required: a time"},
		"deployments without an id":  {200, `[{"created_at": "2026-03-01T10:00:00Z"}, 7]`, "$[0].id: required"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := public()
			s.Fail(answer(c.code, c.body))
			a := ask(t, s)
			_, err := a.page()
			require.ErrorContains(t, err, c.want)
			require.Nil(t, a.cursor)
			id, requested := s.Deploy("production", "v2", "a")
			ended := s.Report(id, "success")
			require.Equal(t, readings(t, hook(requested, ended)), readings(t, a.round()), "and the next look finds everything")
		})
	}
}

// TestWhatLacksAFieldHoldsUpNothing: a deployment and a status that lack what is documented wait in quarantine, and the others are
// told.
func TestWhatLacksAFieldHoldsUpNothing(t *testing.T) {
	s := public()
	id, requested := s.Deploy("production", "v2", "a")
	s.Report(id, "success")
	s.Fail(func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/deployments") {
			_, _ = fmt.Fprintf(w, `[{"id": %d, "created_at": %q, "repository_url": "https://api.github.com/repos/Octo/shop"}, {"id": 99}]`, id, time.Now().UTC().Format(time.RFC3339))
			return true
		}
		return false
	})
	a := ask(t, s)
	page, err := a.page()
	require.NoError(t, err)
	raws := page.Raws
	require.Len(t, raws, 3)
	require.Equal(t, readings(t, hook(requested)), readings(t, raws[1:2]))
	require.Equal(t, "github-Octo/shop-1", readings(t, raws[2:])[0].Facts[0].Change.ID, "which tells its end")
	_, err = (&Config{}).parse(raws[0])
	require.ErrorContains(t, err, "$.deployment.created_at: required")

	d := deployment{id: id, repository: "Octo/shop", raw: []byte(`{"id": 1}`)}
	w := walk{repository: repository{api: s.URL, name: "Octo/shop"}, ctx: t.Context()}
	w.client = &http.Client{Transport: githubtest.Transport{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`[{"state": "success"}, {"id": 3, "state": "success"}, "canary"]`))
	})}}
	statuses, err := w.statuses(d)
	require.NoError(t, err)
	require.Len(t, statuses, 1)
	require.Len(t, w.raws, 2)
	for _, raw := range w.raws {
		if _, err := (&Config{}).parse(raw); err != nil {
			require.NotContains(t, err.Error(), "canary")
		}
	}
}

func TestADeploymentThatVanishesWhileItIsLookedAt(t *testing.T) {
	s := public()
	id, _ := s.Deploy("production", "v2", "a")
	for range pageSize {
		s.Deploy("production", "v2", "a")
	}
	a := ask(t, s)
	a.round()
	s.Delete(id)
	require.Empty(t, a.round())
	require.NotContains(t, string(a.cursor), fmt.Sprintf(`{"id":%d,`, id))
	require.True(t, json.Valid(a.cursor))
}

package client_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/cmd/shipwake/app/client"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/api"
	"github.com/shipwake/shipwake/sinks/sinktest"
)

// ask asks a daemon that answers everything in one way, and returns the path it was asked for.
func ask(t *testing.T, id string, status int, body string) (string, error) {
	t.Helper()
	var path string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path = r.URL.EscapedPath()
		w.WriteHeader(status)
		if _, err := w.Write([]byte(body)); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	c, err := client.New(server.URL+"/", client.Access{})
	require.NoError(t, err)
	defer c.Close()
	_, err = c.Change(t.Context(), id)
	return path, err
}

func TestAnIDIsOneElementOfAPath(t *testing.T) {
	path, err := ask(t, "github-shop/check out-1?", http.StatusOK, "{}")
	require.NoError(t, err)
	require.Equal(t, "/api/v1/changes/github-shop%2Fcheck%20out-1%3F", path)
}

func TestEveryIDFindsItsChange(t *testing.T) {
	reader := sinktest.NewReader(sinktest.Noon)
	sink, err := api.Factory().New(reader, nil)
	require.NoError(t, err)
	mux := http.NewServeMux()
	for pattern, handler := range sinks.Routes(sink) {
		mux.Handle(pattern, handler)
	}
	server := httptest.NewServer(mux)
	defer server.Close()
	c, err := client.New(server.URL, client.Access{})
	require.NoError(t, err)
	defer c.Close()
	for _, id := range []string{"checkout-1", "github-acme/checkout-1", "a//b", "/a", "a/", "../a", "..", ".", "a b?c#d", "%2F", "ü", "a\nb"} {
		t.Run(id, func(t *testing.T) {
			reader.Put(correlate.Effect{Change: &correlate.ChangeRecord{Change: correlate.Change{ID: id, Service: "cart"}}})
			found, err := c.Change(t.Context(), id)
			require.NoError(t, err)
			require.Equal(t, id, found.Change.ID)
		})
	}
}

func TestEveryRefusalIsAnErrorThatSaysWhy(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   string
	}{
		"unknown":        {404, `{"error":"no change with this id","parameter":"id"}`, "unknown change: no change with this id"},
		"a wrong query":  {400, `{"error":"must be a day","parameter":"from"}`, "from: must be a day"},
		"not now":        {503, `{"error":"try again"}`, "/api/v1/changes/x answered 503: try again"},
		"not the daemon": {502, "<html>", "/api/v1/changes/x answered 502 Bad Gateway"},
		"not JSON":       {200, "<html>", "answered what can't be read"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ask(t, "x", c.status, c.body)
			require.ErrorContains(t, err, c.want)
		})
	}
	_, err := ask(t, "x", 404, `{"error":"no","parameter":"id"}`)
	require.ErrorIs(t, err, client.ErrNotFound)
	_, err = ask(t, "x", 404, `{"error":"nothing is known of the team \"x\". Known are y","parameter":"team"}`)
	require.ErrorIs(t, err, client.ErrUnknownName)
	require.EqualError(t, err, `team: nothing is known of the team "x". Known are y`)
}

package client

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAStreamIsAskedForAgainWhereThatMayHelp(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		again  bool
	}{
		"it ended":            {http.StatusOK, true},
		"a daemon that can't": {http.StatusServiceUnavailable, true},
		"no pages":            {http.StatusNotFound, false},
		"too many who follow": {http.StatusNoContent, false},
		"no access":           {http.StatusUnauthorized, false},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(c.status) }))
			daemon, err := New(server.URL, Access{})
			require.NoError(t, err)
			require.Equal(t, c.again, daemon.follow(t.Context(), make(chan struct{}, 1)))
			server.Close()
			require.True(t, daemon.follow(t.Context(), make(chan struct{}, 1)), "a daemon that is away may come back")
			daemon.Close()
		})
	}
}

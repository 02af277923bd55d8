package client_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/cmd/shipwake/app/client"
)

// stream is a daemon whose stream of news says what is sent to it, and ends with the channel.
func stream(t *testing.T, say <-chan string) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/events/" || r.Header.Get("Authorization") != "Bearer t0ken" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		out := http.NewResponseController(w)
		for {
			_ = out.Flush()
			select {
			case text, more := <-say:
				if !more {
					return
				}
				_, _ = io.WriteString(w, text)
			case <-r.Context().Done():
				return
			}
		}
	}))
	t.Cleanup(server.Close)
	return server
}

func TestNewsAreFollowed(t *testing.T) {
	say := make(chan string)
	daemon, err := client.New(stream(t, say).URL, client.Access{Token: "t0ken"})
	require.NoError(t, err)
	defer daemon.Close()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	news := daemon.Follow(ctx)
	hear := func() bool {
		select {
		case <-news:
			return true
		case <-time.After(10 * time.Second):
			return false
		}
	}
	say <- "retry: 3000\n\n:\n\n"
	say <- "event: other\ndata:\n\n"
	say <- "event: changed\ndata:\n\n"
	require.True(t, hear())
	for range 3 { // nobody listens: what is there already says it
		say <- "event: changed\ndata:\n\n"
	}
	say <- ":\n\n"
	require.True(t, hear())
}

package app

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/cmd/shipwake/app/demo"
)

// heard is a writer that remembers what was written, and tells when a text was.
type heard struct {
	mu   sync.Mutex
	text strings.Builder
	post signpost
}

func (h *heard) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.text.Write(p)
	return h.post.Write(p)
}

// TestTheDaemonRunsOnAMonthThatWasMadeUp of one day, which is a month for this purpose.
func TestTheDaemonRunsOnAMonthThatWasMadeUp(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	out := &heard{post: signpost{out: io.Discard, text: "Ctrl-C ends it.", reached: make(chan struct{})}}
	ended := make(chan error, 1)
	go func() {
		ended <- demo.Month(ctx, demo.MonthOptions{
			Options: demo.Options{Daemon: runMonthDaemon, Out: out}, Dir: t.TempDir(), Seed: 1, Days: 1,
			Until: time.Date(2026, 11, 27, 15, 0, 0, 0, time.UTC),
		})
	}()
	select {
	case <-out.post.reached:
	case err := <-ended:
		require.FailNow(t, "it did not come to that", "%v", err)
	}
	out.mu.Lock()
	said := out.text.String()
	out.mu.Unlock()
	require.Contains(t, said, "44 services told")
	at := regexp.MustCompile(`Look at (http://[^/ ]+)/changes`).FindStringSubmatch(said)
	require.NotNil(t, at, said)
	answer, err := http.Get(at[1] + "/api/v1/changes?service=checkout")
	require.NoError(t, err)
	changes, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusOK, answer.StatusCode, "%s", changes)
	require.Contains(t, string(changes), `"regressed"`)
	leave()
	require.NoError(t, <-ended)
}

package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// output is what a command wrote so far.
type output struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (w *output) Write(text []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all.Write(text)
}

func (w *output) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all.String()
}

// TestAWatchFollowsTheDaemon: what is told to a daemon is written by a watch long before its reminder.
func TestAWatchFollowsTheDaemon(t *testing.T) {
	p := newProcess(t)
	p.start()
	ctx, stop := context.WithCancel(t.Context())
	var out output
	code := make(chan int, 1)
	go func() {
		code <- Main(ctx, []string{"changes", "--api", "http://" + p.w, "--watch", "--output", "csv"}, &out, io.Discard)
	}()
	require.Eventually(t, func() bool { return out.String() != "" }, 20*time.Second, 10*time.Millisecond)
	told := 0
	require.Eventually(t, func() bool { // the first may come before the stream is there
		told++
		status, _ := p.post(change(fmt.Sprint("told-", told), "v2", time.Now()))
		return status == http.StatusAccepted && strings.Contains(out.String(), ",told-")
	}, watchReminder/2, 500*time.Millisecond, p.said())
	stop()
	require.Equal(t, exitDone, <-code)
	require.Equal(t, 1, strings.Count(out.String(), "when,service"), "the heads are written once")
}

package app

import (
	"fmt"
	"net/http"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestABackupOfARunningDaemonIsStartedOn(t *testing.T) {
	p := newProcess(t)
	p.start()
	for n := range 5 {
		status, _ := p.post(change(fmt.Sprintf("checkout-%d", n), "v2", time.Now()))
		require.Equal(t, http.StatusAccepted, status)
	}
	to := filepath.Join(t.TempDir(), "backup")
	code, stdout, stderr := shipwake(t, "backup", "--data-dir", p.dir, to)
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, to+": 5 facts of 5 deliveries")
	code, _, stderr = shipwake(t, "backup", "--data-dir", p.dir, to)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "overwrites nothing")
	require.NoError(t, p.end(syscall.SIGTERM), p.said())

	restored := newProcess(t)
	restored.dir = to
	restored.start()
	for n := range 5 {
		require.Eventually(t, func() bool {
			return restored.get(fmt.Sprintf("/api/v1/changes/checkout-%d", n)) == http.StatusOK
		}, 5*time.Second, 20*time.Millisecond)
	}
	require.NoError(t, restored.end(syscall.SIGTERM), restored.said())
}

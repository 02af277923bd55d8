package app

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWhatIsHeldIsListedWithTheReason(t *testing.T) {
	p := newProcess(t)
	p.start()
	code, stdout, stderr := shipwake(t, "quarantine", "--api", "http://"+p.w)
	require.Zero(t, code, stderr)
	require.Equal(t, "Nothing is held.\n", stdout)
	at := time.Now().Add(5*time.Minute + 4*time.Second)
	status, _ := p.post(change("checkout-early", "v2", at))
	require.Equal(t, http.StatusAccepted, status)
	require.Eventually(t, func() bool {
		_, stdout, _ = shipwake(t, "quarantine", "--api", "http://"+p.w)
		return !strings.Contains(stdout, "by another version")
	}, 10*time.Second, 100*time.Millisecond, "it is learned when its time comes")
	require.Regexp(t, `RECEIVED +SOURCE +EVENT +ID +READ AGAIN +PROBLEM\n.* generic .*`+at.UTC().Add(time.Second).Format("2006-01-02 15:04:05")+`Z  future: fact 1 of 1`, stdout)
	code, stdout, _ = shipwake(t, "quarantine", "--output", "json", "--api", "http://"+p.w)
	require.Zero(t, code)
	require.Contains(t, stdout, `"problem": "future: `)
	require.NotContains(t, stdout, "checkout-early", "what the body says isn't shown")
	require.Equal(t, http.StatusNotFound, p.get("/api/v1/changes/checkout-early"))
	require.NoError(t, p.end(syscall.SIGTERM), p.said())
}

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

package app

import (
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestTheServiceManagerIsToldHowTheDaemonIs drives a daemon as systemd does: by a socket and by signals.
func TestTheServiceManagerIsToldHowTheDaemonIs(t *testing.T) {
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(t.TempDir(), "notify"), Net: "unixgram"})
	require.NoError(t, err)
	defer socket.Close()
	told := func(want string) {
		t.Helper()
		require.NoError(t, socket.SetReadDeadline(time.Now().Add(time.Minute)))
		for {
			buffer := make([]byte, 512)
			read, err := socket.Read(buffer)
			require.NoError(t, err, "waiting for %s", want)
			state, more, _ := strings.Cut(string(buffer[:read]), "\n")
			if state == want {
				if want == "RELOADING=1" {
					require.Regexp(t, `^MONOTONIC_USEC=\d+\n$`, more)
				}
				return
			}
			require.Equal(t, "WATCHDOG=1", state, "in between it is fed and nothing else")
		}
	}
	p := newProcess(t)
	t.Setenv("NOTIFY_SOCKET", socket.LocalAddr().String())
	t.Setenv("WATCHDOG_USEC", "4000000")
	p.start()
	told("READY=1")
	told("WATCHDOG=1")
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGHUP))
	told("RELOADING=1")
	told("READY=1")
	require.NoError(t, p.end(syscall.SIGTERM), p.said())
	told("STOPPING=1")
}

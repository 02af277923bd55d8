package systemd

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestTheWatchdogIsFedAsLongAsTheDaemonWorks: what hangs is not fed, however alive the rest of the process is.
func TestTheWatchdogIsFedAsLongAsTheDaemonWorks(t *testing.T) {
	const watchdog = 2 * time.Minute
	for name, c := range map[string]struct {
		does func(*Notifier)
		fed  bool // an hour later
	}{
		"what works is fed": {func(n *Notifier) {
			n.Ready()
			for range 3600 {
				n.Alive()
				time.Sleep(time.Second)
			}
		}, true},
		"what hangs is not": {func(n *Notifier) { n.Ready(); time.Sleep(time.Hour) }, false},
		"a reload may take minutes": {func(n *Notifier) {
			n.Ready()
			time.Sleep(time.Minute)
			n.NotReady()
			time.Sleep(startsWithin - time.Minute)
		}, true},
		"a reload that hangs is not fed": {func(n *Notifier) { n.Ready(); n.NotReady(); time.Sleep(time.Hour) }, false},
		"nor a start that hangs":         {func(*Notifier) { time.Sleep(time.Hour) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var last time.Time
				stop, ended := make(chan struct{}), make(chan struct{})
				n := newNotifier(stop, watchdog, func(state string) {
					if state == "WATCHDOG=1" {
						last = time.Now()
					}
				})
				go func() { n.Run(); close(ended) }()
				c.does(n)
				close(stop)
				<-ended
				require.Equal(t, c.fed, time.Since(last) <= watchdog)
			})
		})
	}
}

// TestItIsToldInOrder, at a socket as systemd's.
func TestItIsToldInOrder(t *testing.T) {
	address := &net.UnixAddr{Name: filepath.Join(t.TempDir(), "notify"), Net: "unixgram"}
	socket, err := net.ListenUnixgram("unixgram", address)
	if err != nil {
		t.Skipf("SKIP: no sockets of Unix here: %v", err)
	}
	defer socket.Close()
	t.Setenv("NOTIFY_SOCKET", address.Name)
	t.Setenv("WATCHDOG_USEC", "60000000")
	stop := make(chan struct{})
	n := New(stop)
	require.Equal(t, time.Minute, n.watchdog)
	n.Ready()
	n.NotReady()
	n.Ready()
	close(stop)
	n.NotReady() // the receivers stop, as before a reload
	n.Run()
	var told []string
	for len(told) < 4 {
		buffer := make([]byte, 256)
		read, err := socket.Read(buffer)
		require.NoError(t, err)
		state, _, _ := strings.Cut(string(buffer[:read]), "\n")
		told = append(told, state)
	}
	require.Equal(t, []string{"READY=1", "RELOADING=1", "READY=1", "STOPPING=1"}, told)
	require.NoError(t, socket.SetReadDeadline(time.Now().Add(-time.Second)))
	_, err = socket.Read(make([]byte, 1))
	require.Error(t, err, "and nothing more")
}

// TestNobodyListens: a daemon that nobody watches runs as well.
func TestNobodyListens(t *testing.T) {
	for name, environment := range map[string]map[string]string{
		"no variables":           {"NOTIFY_SOCKET": "", "WATCHDOG_USEC": ""},
		"a socket that is gone":  {"NOTIFY_SOCKET": filepath.Join(t.TempDir(), "none"), "WATCHDOG_USEC": "1000"},
		"a time that is no time": {"NOTIFY_SOCKET": "", "WATCHDOG_USEC": "soon"},
		"somebody else's":        {"NOTIFY_SOCKET": "", "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"},
	} {
		t.Run(name, func(t *testing.T) {
			for key, value := range environment {
				t.Setenv(key, value)
			}
			stop := make(chan struct{})
			n := New(stop)
			n.Ready()
			n.NotReady()
			close(stop)
			n.Run()
		})
	}
}

// Package systemd answers: what does the service manager know of the daemon?
//
// systemd starts a service of Type=notify with the address of a socket in NOTIFY_SOCKET, and is told there when the daemon is
// ready, when it reads its configuration again and when it stops. With WatchdogSec it restarts a daemon of which it hears
// nothing for that long. Without the socket nothing is told, and nothing else differs.
package systemd

import (
	"sync/atomic"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// startsWithin is how long starting and reloading may take before the watchdog takes them for hung, as the unit's
// TimeoutStartSec says of the first start.
const startsWithin = 10 * time.Minute

// Notifier tells the service manager. Its methods may be called by several goroutines, and only Alive is made for a hot path.
type Notifier struct {
	send     func(state string)
	stop     <-chan struct{}
	watchdog time.Duration // what the service manager waits; 0: there is no watchdog
	began    time.Time
	alive    atomic.Int64 // since began, when somebody last said so
	starting atomic.Int64 // since began, when a start or reload began; -1: none is under way
}

// New makes a notifier of the environment, for a daemon that stops when the channel is closed.
func New(stop <-chan struct{}) *Notifier {
	// An error means that nobody listens, or that what WATCHDOG_USEC says is no number. The daemon runs as well without.
	watchdog, _ := daemon.SdWatchdogEnabled(false)
	return newNotifier(stop, watchdog, func(state string) { _, _ = daemon.SdNotify(false, state) })
}

func newNotifier(stop <-chan struct{}, watchdog time.Duration, send func(string)) *Notifier {
	return &Notifier{send: send, stop: stop, watchdog: watchdog, began: time.Now()}
}

// Ready says that everything is taken in, after a start or a reload.
func (n *Notifier) Ready() {
	n.Alive()
	n.starting.Store(-1)
	n.send(daemon.SdNotifyReady)
}

// NotReady says that the configuration is read again, unless the daemon stops, which Run says.
func (n *Notifier) NotReady() {
	select {
	case <-n.stop:
		return
	default:
	}
	n.starting.Store(int64(time.Since(n.began)))
	n.send(daemon.SdNotifyReloading + "\n" + daemon.SdNotifyMonotonicUsec()) // when, by the clock that systemd goes by
}

// Alive says that what decides is at work. It does no I/O.
func (n *Notifier) Alive() { n.alive.Store(int64(time.Since(n.began))) }

// Run feeds the watchdog until the daemon stops, and then says so.
func (n *Notifier) Run() {
	var ticks <-chan time.Time
	if n.watchdog > 0 {
		ticker := time.NewTicker(n.watchdog / 2)
		defer ticker.Stop()
		ticks = ticker.C
	}
	for {
		select {
		case <-n.stop:
			n.send(daemon.SdNotifyStopping)
			return
		case <-ticks:
			if n.works(time.Since(n.began)) {
				n.send(daemon.SdNotifyWatchdog)
			}
		}
	}
}

// works: somebody said so within the time of the watchdog, or a start is under way that may take longer.
func (n *Notifier) works(now time.Duration) bool {
	if began := n.starting.Load(); began >= 0 {
		return now-time.Duration(began) < startsWithin
	}
	return now-time.Duration(n.alive.Load()) < n.watchdog
}

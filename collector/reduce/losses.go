package reduce

import (
	"sync"
	"sync/atomic"

	"github.com/shipwake/shipwake/correlate"
)

// maxLosses bounds how many losses are told apart between two drains; further ones are everybody's.
const maxLosses = 10_000

// losses is what could not be taken in since the last Drain. That names beyond the bounds of one service share a name
// loses nothing of its totals, and is none.
type losses struct {
	short atomic.Bool // there was no room for something since the last sweep
	mu    sync.Mutex
	n     map[loss]int64
}

// loss is what was lost in a bucket.
type loss struct {
	place
	what  string
	start int64
}

// lose counts a record that was lost.
func (l *losses) lose(at place, what string, start int64) {
	l.short.Store(true)
	l.mu.Lock()
	defer l.mu.Unlock()
	k := loss{at, what, start}
	if l.n == nil {
		l.n = map[loss]int64{}
	}
	if _, known := l.n[k]; !known {
		if len(l.n) >= maxLosses {
			k.place = place{}
		}
		k.service, k.namespace, k.environment = own(k.service), own(k.namespace), own(k.environment)
	}
	l.n[k]++
}

// drain takes what was lost.
func (l *losses) drain(into []correlate.Measurement, names ambiguous) []correlate.Measurement {
	l.mu.Lock()
	lost := l.n
	l.n = nil
	l.mu.Unlock()
	for k, n := range lost {
		into = append(into, correlate.Measurement{
			Key:  correlate.Key{Service: names.shown(k.place), Environment: k.environment, Kind: correlate.Lost, Name: k.what},
			Cell: correlate.Cell{Start: k.start, Requests: n},
		})
	}
	return into
}

// part is what is lost with a series of a kind.
func part(kind correlate.SignalKind) string {
	switch kind {
	case correlate.Edge, correlate.Zone, correlate.Trace, correlate.Route:
		return correlate.LostOperations
	}
	return correlate.LostSignals
}

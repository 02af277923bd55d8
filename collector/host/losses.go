package host

import (
	"cmp"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
)

const (
	maxLosses   = 1000           // that are listed
	keepLosses  = 24 * time.Hour // after the last of its kind
	degradedFor = 5 * time.Minute
)

// losses lists what was lost and forgotten, for readers. It belongs to the loop.
type losses struct {
	all    map[lossKey]*sinks.Loss
	more   int64 // that are listed no longer, or never were
	counts map[string]int64
	since  time.Time // when the degraded stretch began
	last   time.Time
}

type lossKey struct{ service, environment, what string }

func newLosses() *losses {
	return &losses{all: map[lossKey]*sinks.Loss{}, counts: map[string]int64{}}
}

// note lists what was lost among measurements.
func (l *losses) note(cells []correlate.Measurement, now time.Time) {
	for _, m := range cells {
		if m.Kind == correlate.Lost {
			l.add(lossKey{m.Service, m.Environment, m.Name}, m.Requests, now)
		}
	}
}

// forgot lists what was forgotten for lack of memory; what goes in the course of time has no service.
func (l *losses) forgot(all []correlate.Forgetting, now time.Time) {
	for _, f := range all {
		if f.Service != "" {
			l.add(lossKey{f.Service, f.Environment, f.What}, f.Cells, now)
		}
	}
}

func (l *losses) add(k lossKey, n int64, now time.Time) {
	if now.Sub(l.last) > degradedFor {
		l.since = now
	}
	l.last = now
	l.counts[k.what] += n
	known := l.all[k]
	if known == nil {
		l.makeRoom(now)
		known = &sinks.Loss{Service: k.service, Environment: k.environment, What: k.what, Since: now}
		l.all[k] = known
	}
	known.Last = now
	known.Count += n
}

// makeRoom forgets what is old and, when that isn't enough, half of the rest, the oldest first.
func (l *losses) makeRoom(now time.Time) {
	if len(l.all) < maxLosses {
		return
	}
	list := l.list()
	for i := range list {
		if e := &list[i]; i >= maxLosses/2 || now.Sub(e.Last) > keepLosses {
			delete(l.all, lossKey{e.Service, e.Environment, e.What})
			l.more++
		}
	}
}

// list is what is known, the latest first.
func (l *losses) list() []sinks.Loss {
	list := make([]sinks.Loss, 0, len(l.all))
	for _, e := range l.all {
		list = append(list, *e)
	}
	slices.SortFunc(list, func(a, b sinks.Loss) int {
		return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Environment, b.Environment),
			cmp.Compare(a.What, b.What))
	})
	return list
}

// limits is what readers are told.
func (l *losses) limits(now time.Time) sinks.Limits {
	told := sinks.Limits{Losses: l.list(), Unlisted: l.more, Dropped: map[string]int64{}}
	for what, n := range l.counts {
		told.Dropped[what] = n
	}
	if !l.last.IsZero() && now.Sub(l.last) <= degradedFor {
		told.DegradedSince = l.since
	}
	return told
}

package reduce

import (
	"sync"
	"time"
)

// young is how old a process may be when it is first heard of for its counts to be taken from zero: they are at most
// so much too early or too late.
const young = 2 * time.Minute

// births knows since when we listen to whom. A cumulative stream that is new to us counts from zero only if it began
// while we listened; else its first point holds hours of counts, which would look like a flood.
type births struct {
	sweeping sync.Mutex

	mu        sync.Mutex
	processes map[uint64]*process // a sender between two restarts
	places    map[place]*listening
}

// process is one sender with one start time.
type process struct {
	first  int64 // its first point
	holes  bool  // one of its streams was forgotten and may come back
	last   int64 // its last point as of the last sweep; guarded by sweeping
	hearer *listening
}

// listening is since when we hear of a service.
type listening struct{ first int64 }

func newBirths() births {
	return births{processes: map[uint64]*process{}, places: map[place]*listening{}}
}

// born notes the first point of a stream and tells whether it counts from zero. A point whose start is unknown never
// does: so says a scraper of a target that is new to it or was reset. Any other does when
//  1. the process has reported before, without this stream: then the stream was at zero;
//  2. the stream began after we first heard of its service: then nobody counted it yet;
//  3. it began just now.
func (b *births) born(id uint64, at place, p *Point) (*process, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	hearer := b.places[at]
	if hearer == nil {
		hearer = &listening{first: p.Time}
		b.places[at] = hearer
	}
	pr := b.processes[id]
	if pr == nil {
		pr = &process{first: p.Time, last: p.Time, hearer: hearer}
		b.processes[id] = pr
	}
	reported := pr.first < p.Time && !pr.holes
	heard := p.Start > 0 && p.Start >= hearer.first
	justBorn := p.Start > 0 && p.Time-p.Start <= int64(young)
	pr.first, hearer.first = min(pr.first, p.Time), min(hearer.first, p.Time)
	return pr, !p.unknownStart() && (reported || heard || justBorn)
}

// lost notes that a stream was forgotten: should it come back, it must not count from zero.
func (b *births) lost(st *stream) {
	b.mu.Lock()
	defer b.mu.Unlock()
	st.process.holes = true
	st.process.hearer.first = max(st.process.hearer.first, st.time+1)
}

// young says that a service was first heard of after a time in Unix nanoseconds, or not at all.
func (b *births) young(at place, after int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	hearer := b.places[at]
	return hearer == nil || hearer.first > after
}

// forget drops the processes without a point since a time in Unix nanoseconds, and the services without a process; the
// processes that are younger than that since hasty.
func (b *births) forget(before, hasty int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	live := map[*listening]bool{}
	for id, pr := range b.processes {
		since := before
		if pr.first > before {
			since = hasty
		}
		if pr.last < since {
			delete(b.processes, id)
			continue
		}
		live[pr.hearer] = true
	}
	for at, hearer := range b.places {
		if !live[hearer] {
			delete(b.places, at)
		}
	}
}

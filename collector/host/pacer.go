package host

import (
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// paceOver is the time whose allocations may become garbage before Go's heap is collected.
	paceOver = 10 * time.Second
	// sooner is how often the heap is collected in that time when more is allocated than before: once in a while much is, at a
	// time, and the heap need not grow for that.
	sooner = 3
	// leastGarbage may gather in any case, in bytes, and this share of what is in use, in percent: each collection walks all of that.
	leastGarbage, leastPercent = 2 * mebibyte, 20
	// usualPercent is what Go's runtime lets gather unless told otherwise.
	usualPercent = 100
	// floodPercent is what may gather while much is allocated and all of it takes no more than half of what the runtime may take.
	floodPercent = 200
)

// pacer says when Go's heap is collected. The runtime lets as much garbage gather as is in use, so half of a heap is garbage. That
// is worth it while much is allocated, and twice as much garbage is as long as there is room for it: the heap is walked half as
// often. While little is allocated, collecting once in some seconds costs next to nothing, and the memory goes back to the system. A GOGC that was set in the environment is left as it is.
type pacer struct {
	soft      int64 // what the runtime may take, in bytes
	given     bool
	began     time.Time // of the stretch that is counted
	allocated int64     // bytes by then, since the program started
	garbage   int64     // bytes that may gather
	percent   int       // as which the runtime was told so, 0 before it was
}

func newPacer(soft int64) *pacer { return &pacer{soft: soft, given: os.Getenv("GOGC") != ""} }

// pace tells the runtime how much garbage may gather, by what was allocated lately.
func (p *pacer) pace() {
	if p.given {
		return
	}
	samples := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}, {Name: "/gc/heap/live:bytes"}}
	metrics.Read(samples)
	percent := p.look(time.Now(), int64(samples[0].Value.Uint64()), int64(samples[1].Value.Uint64()))
	if percent != p.percent {
		p.percent = percent
		debug.SetGCPercent(percent)
	}
}

// look is how much garbage may gather, in percent of what is in use: as much as was allocated in the last stretch of time, or
// a part of that in this one so far.
func (p *pacer) look(now time.Time, allocated, live int64) int {
	most := allocated - p.allocated
	p.garbage = max(p.garbage, most/sooner)
	if now.Sub(p.began) >= paceOver {
		p.began, p.allocated, p.garbage = now, allocated, most
	}
	if live <= 0 {
		return usualPercent
	}
	allowed := int64(usualPercent)
	if (100+floodPercent)*live/100 <= p.soft/2 {
		allowed = floodPercent
	}
	return int(min(max(100*max(p.garbage, int64(leastGarbage))/live, leastPercent), allowed))
}

// stop leaves the heap to the runtime.
func (p *pacer) stop() {
	if p.percent != 0 {
		p.percent = 0
		debug.SetGCPercent(usualPercent)
	}
}

package shop

import (
	"sync"
	"time"
)

// inTime is how far a visit's answer may lag behind the shop's clock. What Shipwake is told later than that may miss
// the look at its seconds.
const inTime = time.Second

// Pace is how well the shop keeps up with its own clock. It doesn't when the machine is short of CPU.
type Pace struct {
	Due   int64         // visits that should have been answered by now
	Kept  int64         // those that were, within a second of the shop's time
	Worst time.Duration // the furthest that one lagged behind the shop's time
}

// Share is the part of the visits that was kept, 0 to 1; 1 when none was due.
func (p Pace) Share() float64 {
	if p.Due == 0 {
		return 1
	}
	return float64(p.Kept) / float64(p.Due)
}

// Since is the pace after an earlier one. Worst stays that of the whole time.
func (p Pace) Since(earlier Pace) Pace {
	return Pace{Due: p.Due - earlier.Due, Kept: p.Kept - earlier.Kept, Worst: p.Worst}
}

// pacer counts visits for a Pace.
type pacer struct {
	mu   sync.Mutex
	pace Pace
}

// answered counts a visit whose answer lags so far behind the shop's clock.
func (p *pacer) answered(lag time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pace.Due++
	p.pace.Worst = max(p.pace.Worst, lag)
	if lag <= inTime {
		p.pace.Kept++
	}
}

func (p *pacer) now() Pace {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pace
}

package accuracy

import "math"

// harm is what a bad change, or an outage, does to the requests that it reaches. The zero value does nothing.
type harm struct {
	errors    float64 // factor on the error ratio
	slow      float64 // factor on every latency
	tail      float64 // share of requests that become
	tailSlow  float64 // so many times slower
	lost      float64 // share of the requests that no longer arrive
	loud      bool    // lost requests fail at the callers; else the callers' requests are lost with them
	delay     int64   // seconds from the change to the first harm
	ramp      int64   // seconds until it is all there
	calls     float64 // factor on the calls that a request makes of the first callee
	leak      int64   // seconds until the memory is full; latency and errors come of that
	spared    bool    // what leaks restarts before requests notice
	exception string  // a new type of exception behind the additional errors
}

func (h harm) harmful() bool { return h != harm{} }

// effect is harm at an instant.
type effect struct{ errors, slow, tail, tailSlow, lost, memory float64 }

func none() effect { return effect{errors: 1, slow: 1, tailSlow: 1} }

// after is the effect so many seconds after the change began.
func (h harm) after(seconds int64) effect {
	e := none()
	if seconds -= h.delay; seconds < 0 || !h.harmful() {
		return e
	}
	part := 1.0
	if h.ramp > 0 {
		part = min(1, float64(seconds)/float64(h.ramp))
	}
	grow := func(factor float64) float64 {
		if factor == 0 {
			return 1
		}
		return 1 + (factor-1)*part
	}
	e.errors, e.slow = grow(h.errors), grow(h.slow)
	e.tail, e.lost = h.tail*part, h.lost*part
	if h.tailSlow > 0 {
		e.tailSlow = h.tailSlow
	}
	if h.leak > 0 {
		e.fill(math.Mod(float64(seconds)/float64(h.leak), 1.08), h.spared)
	}
	return e
}

// fill is a memory that is full at 1: collecting garbage takes more and more, and in the end the process is killed and
// starts anew.
func (e *effect) fill(part float64, spared bool) {
	if e.memory = min(part, 1); spared {
		return
	}
	if pressure := max(0, part-0.7) / 0.3; pressure > 0 {
		e.slow *= 1 + 2*pressure*pressure
	}
	if part > 1 {
		e.errors *= 15
	}
}

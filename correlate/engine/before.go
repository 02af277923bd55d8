package engine

import (
	"slices"

	"github.com/shipwake/shipwake/correlate/judge"
	"github.com/shipwake/shipwake/correlate/window"
)

// before is what the changes of a place say of the time before an instant.
type before struct {
	bad     []window.Span   // nothing to compare with, see findBad
	changed []int64         // when changes began in the day before, sorted
	rolled  []judge.Rollout // the rollouts that say how the place warms up, see rolledOut
	digest  int64           // of bad and changed
}

// before is remembered until something is known anew of a change. The caller must not change it.
func (e *Engine) before(p place, start int64) *before {
	known := e.past[p]
	if known == nil {
		known = map[int64]*before{}
		e.past[p] = known
	}
	b := known[start]
	if b == nil {
		b = &before{bad: e.findBad(p, start), changed: e.changedBefore(p, start), rolled: e.rolledOut(p, start)}
		for _, s := range b.bad {
			b.digest = b.digest*31 + s.From ^ s.To<<32
		}
		for _, at := range b.changed {
			b.digest = b.digest*31 + at
		}
		known[start] = b
	}
	return b
}

// same says that a watch may compare with the same time.
func (b *before) same(o *before) bool {
	return b == o || (slices.Equal(b.bad, o.bad) && slices.Equal(b.changed, o.changed))
}

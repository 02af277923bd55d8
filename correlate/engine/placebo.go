package engine

import (
	"hash/fnv"

	"github.com/shipwake/shipwake/correlate"
)

const (
	// placeboEvery is how many buckets lie between two pseudo-changes of a service, placeboWatch how many a pseudo-change
	// is observed, and placeboLook how many lie between two looks at it.
	placeboEvery = 360
	placeboWatch = 180
	placeboLook  = 6
)

// placebos judges pseudo-changes: for every service, once in a while, it pretends that the service changed half an hour
// ago, when nothing near it did, and looks as it would have looked at a change. What is called regressed is a false
// alarm, or a fault that no change brought. Neither is told as a verdict; both are counted.
func (e *Engine) placebos(from, to int64) {
	width := e.cfg.Resolution
	places := e.store.Places()
	var busy map[place]bool
	for t := max(from, to-placeboEvery*width) + width; t <= to; t += width {
		for _, p := range places {
			if (t/width-phase(p))%placeboEvery != 0 {
				continue
			}
			if busy == nil {
				busy = e.nearWatched()
			}
			start := t - placeboWatch*width
			if !busy[p] && e.served(p, start) && e.store.GapShare(start-e.cfg.Baseline, t) == 0 {
				e.stats.Placebos++
				if e.falselyAlarmed(p, start, t) {
					e.stats.FalseAlarms++
				}
			}
		}
	}
}

// phase spreads the pseudo-changes of the services over time: in which bucket of placeboEvery they end.
func phase(p place) int64 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(p.Service + "\x00" + p.Environment)) // a hash does not fail
	return int64(h.Sum32()) % placeboEvery
}

// nearWatched are the places that a change under observation may have touched.
func (e *Engine) nearWatched() map[place]bool {
	busy := map[place]bool{}
	for _, c := range e.watched {
		if c.rec.Phase != correlate.PhaseObserving && e.windowEnd(c) < e.mark.At-placeboWatch*e.cfg.Resolution {
			continue
		}
		for p := range e.near(c.place()) {
			busy[p] = true
		}
	}
	return busy
}

// served says that requests of a place were seen in the whole stretch of the baseline before an instant.
func (e *Engine) served(p place, at int64) bool {
	s := e.store.Service(p)
	for _, k := range s.Keys() {
		total := s.Stream(k).Total()
		if k.Kind == correlate.Traffic && total.BeganBefore(at-e.cfg.Baseline+e.cfg.Coarse) && len(total.Between(at-e.cfg.Coarse, at)) > 0 {
			return true
		}
	}
	return false
}

// falselyAlarmed says whether any look at a pseudo-change, up to the instant t, would have called it regressed.
func (e *Engine) falselyAlarmed(p place, start, t int64) bool {
	step := placeboLook * e.cfg.Resolution
	w := e.observe(nil, p, "", start, false, nil)
	for now := start + step; now <= t; now += step {
		k := e.caseOf(p, w, start, now)
		if !w.memory.Quiet(&e.cfg.Judge, &k) && w.memory.Assess(&e.cfg.Judge, &k).Outcome == correlate.Regressed {
			return true
		}
	}
	return false
}

package observe

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

// Placebos judges pseudo-changes: for every service, once in a while, it pretends that the service changed half an hour
// ago, when nothing near it did, and looks as it would have looked at a change. What is called regressed is a false
// alarm, or a fault that no change brought. It returns how many pseudo-changes ended after one instant, up to that of the
// view, and how many of them would have been called regressed.
func (o *Observer) Placebos(v *View, after int64) (pretended, alarms int64) {
	width := o.cfg.Resolution
	places := o.cells.Places()
	var busy map[correlate.Place]bool
	for t := max(after, v.At-placeboEvery*width) + width; t <= v.At; t += width {
		for _, p := range places {
			if (t/width-phase(p))%placeboEvery != 0 {
				continue
			}
			if busy == nil {
				busy = o.nearWatched(v)
			}
			if start := t - placeboWatch*width; !busy[p] && o.served(p, start) && o.cells.GapShare(start-o.cfg.Baseline, t) == 0 {
				pretended++
				if o.falselyAlarmed(v, p, start, t) {
					alarms++
				}
			}
		}
	}
	return pretended, alarms
}

// phase spreads the pseudo-changes of the services over time: in which bucket of placeboEvery they end.
func phase(p correlate.Place) int64 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(p.Service + "\x00" + p.Environment)) // a hash does not fail
	return int64(h.Sum32()) % placeboEvery
}

// nearWatched are the places that a change may have touched whose window is open or closed lately.
func (o *Observer) nearWatched(v *View) map[correlate.Place]bool {
	busy := map[correlate.Place]bool{}
	for i := range v.Watched {
		c := v.Watched[i]
		if c.End > 0 && c.End < v.At-placeboWatch*o.cfg.Resolution {
			continue
		}
		for p := range o.Near(c.Place, v.At) {
			busy[p] = true
		}
	}
	return busy
}

// served says that requests of a place, or values of its custom signals, were seen in the whole stretch of the baseline
// before an instant.
func (o *Observer) served(p correlate.Place, at int64) bool {
	s := o.cells.Service(p)
	for _, k := range s.Keys() {
		total := s.Stream(k).Total()
		if judged(k.Kind) && total.BeganBefore(at-o.cfg.Baseline+o.cfg.Coarse) && len(total.Between(at-o.cfg.Coarse, at)) > 0 {
			return true
		}
	}
	return false
}

// judged says that a service with nothing but measurements of a kind can be judged by them.
func judged(kind correlate.SignalKind) bool {
	switch kind {
	case correlate.Traffic, correlate.Gauge, correlate.Rate, correlate.Ratio, correlate.Distribution:
		return true
	}
	return false
}

// falselyAlarmed says whether any look at a pseudo-change, up to the instant t, would have called it regressed.
func (o *Observer) falselyAlarmed(v *View, p correlate.Place, start, t int64) bool {
	step := placeboLook * o.cfg.Resolution
	w := (&watched{place: p, met: p, start: start, past: o.Past(v, p, start)}).watch(nil)
	for now := start + step; now <= t; now += step {
		k := o.Case(w, start, now)
		if !w.Memory.Quiet(&o.cfg.Judge, &k) && w.Memory.Decide(&o.cfg.Judge, &k).Outcome == correlate.Regressed {
			return true
		}
	}
	return false
}

package observe

import (
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/cells"
)

// CameBack is when the fault that a change was convicted of was over by an instant, 0 while it lasts: the service as a whole
// is back where it was before the change. Where the fault is too small a part of the whole to be seen there, it was over when
// what the change brought had ceased to serve while the rest served on.
func CameBack(o *Observer, v *View, c *Subject) (at int64) {
	p := cells.Met(o.cells, c.Place, v.At)
	w := whole(o, v, p, c.Start).fresh(nil)
	k := o.Case(w, c.Start, v.At)
	a := w.Memory.Assess(&o.cfg.Judge, &k)
	switch {
	case a.Outcome == correlate.Regressed && a.Recovered > 0 && a.Reason != correlate.ReasonCustomSignal:
		return a.Recovered + o.cfg.Resolution // it tells the last bucket that was bad
	case a.Outcome == correlate.Regressed:
		return a.Recovered
	case a.Grade == "" || a.NearMiss != nil:
		return 0 // nothing to compare with, or something still speaks for a fault
	}
	return ceased(o, p, c, v.At)
}

// ceased is when the version that a change brought was last seen to serve, if that is as long ago as a recovery takes to be
// seen and others served since; 0 else.
func ceased(o *Observer, p correlate.Place, c *Subject, t int64) (last int64) {
	s, version := o.cells.Service(p), comparedVersion(o, c, t)
	if s == nil || version == "" {
		return 0
	}
	for _, k := range s.Keys() {
		of := s.Stream(k).Version(version)
		if of == nil {
			continue
		}
		if in := of.Between(c.Start, t); len(in) > 0 {
			last = max(last, in[len(in)-1].Start+o.cfg.Resolution)
		}
	}
	if last == 0 || last+o.cfg.Judge.Recovery > t || !othersServe(s, version, t, last, t) {
		return 0
	}
	return last
}

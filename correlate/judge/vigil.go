package judge

import (
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
	"github.com/shipwake/shipwake/correlate/judge/expect"
)

// vigil goes on from a quick look that found nothing. Each null of each question is short of so many events before anything
// at all speaks against it, from whichever restart evidence is collected, and that is linear in what is counted. So a look
// takes what came since from a few numbers in one place. Only where one of them is used up the bound of the evidence is
// asked for, as a quick look does. What it can't tell ends it, and the next look asks everything.
//
// It counts for itself: records catch up with the cells at the next look that needs them. Only the pairs of concurrent sides
// are theirs.
type vigil struct {
	now     int64 // of the latest look, 0 where none is kept
	until   int64 // up to this instant the restarts, and what is known of the time before, are the same
	gaps    int
	streams []vigilStream
	room    []evalue.Tally
}

// vigilStream is a stream, and how many of its cells were counted.
type vigilStream struct {
	origin
	at               int     // of its record
	r                *record // nil where it is asked nothing that the vigil must count
	idle             bool    // nothing that comes of it can convict
	versions, beside bool
	whole, new, old  int
	next             int64           // the first window of the flow that isn't counted
	flow             []vigilQuestion // about lost requests: one, or none
	questions        []vigilQuestion // by those of the record
	failed           failures        // as long as a catastrophe is looked for
}

// vigilQuestion is a question with the nulls that it is put to.
type vigilQuestion struct {
	q                *comparison   // nil for lost requests
	joint            *evalue.Joint // of concurrent sides; nil else
	pairs            int           // of the joint
	bar              float64
	nulls            []vigilNull
	events, exposure int64 // since the vigil began
}

// vigilNull is a null in front of its control.
type vigilNull struct {
	h                   evalue.Hypothesis
	control             evalue.Pair
	sums                []evalue.Tally // by restart, when the vigil began
	event, exposure     float64        // what one of each adds
	short, slack, added float64        // by how much the best of the restarts is short; how far off that may be
}

// still says that nothing can convict by what came since the latest look. False says nothing, and ends the vigil.
func (v *vigil) still(m *Memory, p *Params, c *Case) bool {
	since := v.now
	v.now = 0
	if since == 0 || c.Now <= since || c.Now > v.until || len(c.Streams) != len(v.streams) || len(c.Gaps) != v.gaps || len(c.Zones) > 0 {
		return false
	}
	for i := range c.Streams {
		w := &v.streams[i]
		if s := &c.Streams[i]; !w.goesOn(m, s) || !w.count(m, p, c, s, since) || !w.silent(v, m.quick.starts) {
			return false
		}
	}
	v.now = c.Now
	return true
}

// goesOn says that a stream is told by the same account as before.
func (w *vigilStream) goesOn(m *Memory, s *Stream) bool {
	return w.origin == originOf(s) && (w.r == nil || (w.at < len(m.records) && m.records[w.at] == w.r)) && w.versions == (len(s.New) > 0)
}

// count takes in what came; false where that isn't simple.
func (w *vigilStream) count(m *Memory, p *Params, c *Case, s *Stream, since int64) bool {
	whole, fresh, old := unseen(s.Whole, &w.whole), unseen(s.New, &w.new), unseen(s.Old, &w.old)
	switch {
	case w.idle:
		return true
	case w.r == nil:
		return !slices.ContainsFunc(whole, func(cell correlate.Cell) bool { return speaks(s, &cell) }) &&
			!slices.ContainsFunc(fresh, func(cell correlate.Cell) bool { return speaks(s, &cell) })
	}
	switch {
	case len(whole) > 0 && whole[0].Start < since, w.versions && w.beside != m.servedBeside(p, c, s), !w.beside && len(old) > 0,
		s.Kind == correlate.Traffic && c.early(p) && w.catastrophe(p, whole, fresh, old):
		return false
	case w.beside && !w.pair(fresh, old):
		return false
	case !w.beside:
		for i := range whole {
			w.add(&whole[i])
		}
	}
	return len(w.flow) == 0 || w.r.flow.Width != c.Resolution || w.flows(whole, c)
}

// catastrophe says that there may be one.
func (w *vigilStream) catastrophe(p *Params, whole, fresh, old []correlate.Cell) bool {
	if addErrors(&w.failed.new, fresh); !w.beside {
		addErrors(&w.failed.after, whole)
	}
	addErrors(&w.failed.old, old)
	return p.overwhelming(w.questions[len(w.questions)-1].q.control, w.failed)
}

func addErrors(to *evalue.Tally, cells []correlate.Cell) {
	for i := range cells {
		e, n := evalue.ErrorsOfRequests(&cells[i])
		to.Events, to.Exposure = to.Events+e, to.Exposure+n
	}
}

// speaks says that a cell of a stream that was silent says something.
func speaks(s *Stream, cell *correlate.Cell) bool {
	if s.Kind == correlate.Exception {
		return cell.Errors > 0
	}
	return s.Kind == correlate.Saturation && s.Name == correlate.Restarts && cell.Sum >= correlate.Fixed
}

// add counts a cell of the whole.
func (w *vigilStream) add(cell *correlate.Cell) {
	if w.r.view != nil {
		if e, n := evalue.Slower(cell.Latency, w.r.above); n > 0 {
			for k := range e {
				w.questions[k].add(e[k], n)
			}
		}
	}
	for i := range w.questions {
		if q := &w.questions[i]; q.q.counting != nil {
			if e, n := q.q.counting(cell); n > 0 {
				q.add(e, n)
			}
		}
	}
}

func (q *vigilQuestion) add(events, exposure int64) {
	q.events, q.exposure = q.events+events, q.exposure+exposure
	for i := range q.nulls {
		n := &q.nulls[i]
		n.added += n.event*float64(events) - n.exposure*float64(exposure)
	}
}

// pair counts cells of both versions; false where they don't meet.
func (w *vigilStream) pair(fresh, old []correlate.Cell) bool {
	if len(fresh) != len(old) {
		return false
	}
	for i := range fresh {
		f, o := &fresh[i], &old[i]
		if f.Start != o.Start {
			return false
		}
		var eF, eO [len(quantiles)]int64
		var nF, nO int64
		if w.r.view != nil {
			eF, nF = evalue.Slower(f.Latency, w.r.above)
			eO, nO = evalue.Slower(o.Latency, w.r.above)
		}
		for k := range w.questions {
			q := &w.questions[k]
			p := evalue.Pair{At: f.Start, NT: float64(nF), NC: float64(nO)}
			if q.q.counting == nil {
				p.ET, p.EC = float64(eF[k]), float64(eO[k])
			} else {
				e, n := q.q.counting(f)
				p.ET, p.NT = float64(e), float64(n)
				e, n = q.q.counting(o)
				p.EC, p.NC = float64(e), float64(n)
			}
			if p.NT == 0 || p.NC == 0 || !q.counts(p) {
				return false
			}
			q.nulls[0].added += q.nulls[0].h.Surplus(p)
		}
	}
	return true
}

// counts adds a pair to those of the joint, unless a look in full has; false where they are others than they were.
func (q *vigilQuestion) counts(p evalue.Pair) bool {
	switch n := len(q.joint.Pairs); {
	case q.pairs == n:
		q.joint.Add(p)
	case q.pairs > n || q.joint.Pairs[q.pairs] != p:
		return false
	}
	q.pairs++
	return true
}

// flows counts the windows that ended.
func (w *vigilStream) flows(whole []correlate.Cell, c *Case) bool {
	width := w.r.flow.Width
	n := (c.Now - w.next) / width
	to := w.next + n*width
	var requests int64
	for i := range whole {
		if whole[i].Start < w.next || whole[i].Start >= to {
			return false
		}
		requests += whole[i].Requests
	}
	w.next = to
	w.flow[0].add(requests, n*width)
	return true
}

// silent says that no question of a stream can convict.
func (w *vigilStream) silent(v *vigil, starts []evalue.Restart) bool {
	for _, all := range [...][]vigilQuestion{w.questions, w.flow} {
		for i := range all {
			q := &all[i]
			for k := range q.nulls {
				if n := &q.nulls[k]; n.added > n.short-n.slack && q.bound(v, n, starts) >= q.bar {
					return false
				}
			}
		}
	}
	return true
}

// bound is at least the evidence against a null.
func (q *vigilQuestion) bound(v *vigil, n *vigilNull, starts []evalue.Restart) float64 {
	if q.joint != nil {
		return q.joint.Bound(n.h, starts, q.joint.Pairs)
	}
	v.room = append(v.room[:0], n.sums...)
	for i := range v.room {
		v.room[i].Events += q.events
		v.room[i].Exposure += q.exposure
	}
	return evalue.BoundAgainst(v.room, n.control, n.h, starts)
}

// keep begins a vigil after a quick look that found nothing, where it can be kept.
func (v *vigil) keep(t quickLook) {
	c, p := t.c, t.p
	if p.Guards != nil || len(c.Zones) > 0 || c.Now <= t.begin ||
		slices.ContainsFunc(c.Gaps, func(g Gap) bool { return g.To > c.Now }) {
		return
	}
	v.gaps, v.until = len(c.Gaps), t.begin+int64(len(t.starts))*p.Restart
	v.streams = slices.Grow(v.streams[:0], len(c.Streams))[:len(c.Streams)]
	concurrently := t.concurrently()
	for i := range c.Streams {
		if s, w := &c.Streams[i], &v.streams[i]; !w.begin(v, t, s, concurrently) {
			return
		}
	}
	v.now = c.Now
}

// begin has a stream under vigil; false where that can't be.
func (w *vigilStream) begin(v *vigil, t quickLook, s *Stream, concurrently bool) bool {
	*w = vigilStream{
		origin: originOf(s), versions: len(s.New) > 0, whole: len(s.Whole), new: len(s.New), old: len(s.Old),
		questions: w.questions[:0], flow: w.flow[:0],
	}
	in := inquiryOf(s.Kind)
	switch {
	case in.outside && concurrently:
		w.idle = true
		return true
	case s.Kind == correlate.Exception:
		before, after := halves(t.c, s)
		w.idle = seen(before) || seen(s.History) || seen(s.Old)
		return w.idle || !seen(after) && !seen(s.New)
	case s.Kind == correlate.Saturation:
		_, after := halves(t.c, s)
		return !slices.ContainsFunc(after, func(cell correlate.Cell) bool { return speaks(s, &cell) })
	case isValue(s.Kind):
		w.idle = true
		r := t.m.record(t.p, t.c, s)
		v.until = min(v.until, t.c.Start+(r.value.ended+1)*t.p.Gauge.Step(t.c.Resolution)-1)
		return true
	}
	w.r = t.m.record(t.p, t.c, s)
	w.at = slices.Index(t.m.records, w.r)
	w.beside = t.concurrent(s)
	for i := range w.r.questions {
		if !w.ask(v, t, &w.r.questions[i]) {
			return false
		}
	}
	if s.Kind != correlate.Traffic {
		return true
	}
	if t.c.early(t.p) {
		w.failed = w.r.questions[len(w.r.questions)-1].failed(t.c.Start)
	}
	return w.watchFlow(v, t, s)
}

// ask has a question under vigil.
func (w *vigilStream) ask(v *vigil, t quickLook, q *comparison) bool {
	if len(q.base) == 0 || t.warms(q) {
		return false
	}
	w.questions = append(w.questions, vigilQuestion{q: q, bar: q.family.leastNeed(t.p)})
	is := &w.questions[len(w.questions)-1]
	if w.beside {
		e := q.meet(t.trial)
		if e.joint != &q.one {
			return false
		}
		is.joint, is.pairs = e.joint, len(e.joint.Pairs)
		is.nulls = append(is.nulls, vigilNull{h: e.h, short: e.joint.Short(e.h, t.starts), slack: 1e-6})
		return true
	}
	treated := evalue.Since(q.after, t.begin)
	is.put(v, t, q.season, q.control, q.tails.Since(treated, t.starts), func(ratio float64, control evalue.Pair) evalue.Hypothesis {
		phi := q.dispersion(t.c.Resolution, false, t.p)
		return t.p.Hypothesize(q.floor.Absolute, ratio, q.nominal, evalue.Ratio(control.EC, control.NC), phi)
	}, q.floor)
	return true
}

// watchFlow has the loss of requests under vigil.
func (w *vigilStream) watchFlow(v *vigil, t quickLook, s *Stream) bool {
	f := t.flow(s)
	if f.Width == 0 {
		return true
	}
	sums := f.Tails.Since(f.CatchUp(s.Whole, t.c.Now), t.starts)
	if w.next = f.Next; w.next < t.starts[len(t.starts)-1].At {
		return false
	}
	if f.Width != t.c.Resolution {
		v.until = min(v.until, f.Next+f.Width-1) // no other window ends before
	}
	w.flow = append(w.flow, vigilQuestion{bar: familyTraffic.leastNeed(t.p)})
	w.flow[0].put(v, t, f.Season, f.Control, sums, func(ratio float64, control evalue.Pair) evalue.Hypothesis {
		return evalue.Hypothesis{Theta: ratio, Phi: f.Phi, Fall: true, Control: evalue.Ratio(control.EC, control.NC)}
	}, t.p.Traffic)
	return true
}

// put puts a question to the null without a season and, where there may be one, to that with it.
func (q *vigilQuestion) put(
	v *vigil, t quickLook, y *expect.Seasons, control evalue.Pair, sums []evalue.Tally, null func(float64, evalue.Pair) evalue.Hypothesis, floor Floor,
) {
	sums = slices.Clone(sums)
	q.nulls = append(q.nulls, nullOf(null(t.p.beforeAfter(floor), control), control, sums))
	if y == nil {
		return
	}
	moved := control
	moved.NC /= y.Factor(evalue.Span{From: t.begin, To: t.c.Now}, &t.p.Params)
	q.nulls = append(q.nulls, nullOf(null(floor.Ratio, moved), moved, sums))
	v.until = min(v.until, y.SameUntil(t.c.Now, &t.p.Params))
}

// nullOf is a null with how far the sums since each restart are from speaking against it.
func nullOf(h evalue.Hypothesis, control evalue.Pair, sums []evalue.Tally) vigilNull {
	n := vigilNull{h: h, control: control, sums: sums, short: math.Inf(1)}
	n.event, n.exposure = h.Against(control)
	for _, t := range sums {
		events, exposure := n.event*float64(t.Events), n.exposure*float64(t.Exposure)
		n.short = min(n.short, exposure-events)
		n.slack = max(n.slack, 1e-9*(math.Abs(events)+math.Abs(exposure)))
	}
	n.slack += 1e-9 * (math.Abs(n.event) + math.Abs(n.exposure))
	return n
}

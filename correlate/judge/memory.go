package judge

import (
	"math"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
	"github.com/shipwake/shipwake/correlate/judge/expect"
)

// Memory keeps what was counted at one look at a change for the next: cells before the watermark don't change any more,
// and neither does what follows from the time before the change. Looks with a memory and without see the same, so it
// may be dropped at any time, and an earlier instant may be looked at again. The zero value remembers nothing. A Memory
// serves one case, that is one start.
type Memory struct {
	records []*record
	calls   []*usualCalls
	sides   []side
	proof   proof // what the records say
	quick   trial // the latest quick look, whose room the next one takes
	vigil   vigil // since that
	decided decided
	zones   zoneMemory
}

// origin is what a record was counted from. When it becomes another, everything is counted anew.
type origin struct {
	kind           correlate.SignalKind
	name           string
	account        uint64
	whole, history int64 // when they begin, 0 when there is nothing
}

func originOf(s *Stream) origin {
	o := origin{kind: s.Kind, name: s.Name, account: s.Account}
	if len(s.Whole) > 0 {
		o.whole = s.Whole[0].Start
	}
	if len(s.History) > 0 {
		o.history = s.History[0].Start
	}
	return o
}

// record is what is remembered of a stream.
type record struct {
	origin
	questions []comparison
	view      *latencyView
	above     [len(quantiles)]int16 // the bins beyond which latencies are counted
	fixed     bool                  // above doesn't hang on the old version's cells since the change
	long      bool                  // the history is counted
	seen      struct{ after, new, old int }
	before    int // cells of the whole that begin before the change
	flow      *expect.Flow
	courses   *courses
	value     struct { // of a signal that is a value
		ended    int64 // windows
		strength float64
		gauge    *expect.Gauge // nil when there is too little to compare with, or it wasn't looked at
	}
}

// record finds what is remembered of a stream.
func (m *Memory) record(p *Params, c *Case, s *Stream) *record {
	from := originOf(s)
	at := -1
	for i, r := range m.records {
		if r.kind == from.kind && r.name == from.name {
			at = i
			if r.origin == from && (r.fixed || r.seen.old == len(s.Old)) {
				return r
			}
		}
	}
	if at < 0 {
		at = len(m.records)
		m.records = append(m.records, nil)
	}
	m.records[at] = newRecord(p, c, s)
	m.proof = proof{}
	return m.records[at]
}

// side is the requests of a stream's versions in a span, by which cells of the new one and of the others lie in it.
type side struct {
	kind    correlate.SignalKind
	name    string
	account uint64
	in      evalue.Span
	sums    [2]windowed
}

// windowed is the requests of the cells with places from lo to before hi.
type windowed struct {
	lo, hi int
	n      int64
}

// servedBeside says whether the old version was still serving a moment ago beside the new one.
func (m *Memory) servedBeside(p *Params, c *Case, s *Stream) bool {
	if len(s.New) == 0 {
		return false
	}
	treated, control := m.lately(s).requests(s, evalue.Span{From: c.Now - p.Restart, To: c.Now})
	return treated > 0 && 20*control > treated
}

// lately is what is remembered of the requests of a stream's versions.
func (m *Memory) lately(s *Stream) *side {
	for i := range m.sides {
		if o := &m.sides[i]; o.kind == s.Kind && o.name == s.Name && o.account == s.Account {
			return o
		}
	}
	m.sides = append(m.sides, side{kind: s.Kind, name: s.Name, account: s.Account})
	return &m.sides[len(m.sides)-1]
}

// requests are those of the new version and of the others in a span. A later span goes on from an earlier one.
func (o *side) requests(s *Stream, in evalue.Span) (fresh, old int64) {
	if in.From < o.in.From || in.To < o.in.To {
		o.sums = [2]windowed{}
	}
	o.in = in
	return o.sums[0].within(s.New, in), o.sums[1].within(s.Old, in)
}

func (w *windowed) within(cells []correlate.Cell, in evalue.Span) int64 {
	if w.hi == 0 || w.hi > len(cells) {
		w.lo = len(cells) - len(evalue.CellsIn(cells, evalue.Span{From: in.From, To: math.MaxInt64}))
		w.hi, w.n = w.lo, 0
	}
	for ; w.hi < len(cells) && cells[w.hi].Start < in.To; w.hi++ {
		w.n += cells[w.hi].Requests
	}
	for ; w.lo < w.hi && cells[w.lo].Start < in.From; w.lo++ {
		w.n -= cells[w.lo].Requests
	}
	return w.n
}

// unseen are the cells that were not counted yet.
func unseen(cells []correlate.Cell, seen *int) []correlate.Cell {
	if len(cells) <= *seen {
		return nil
	}
	fresh := cells[*seen:]
	*seen = len(cells)
	return fresh
}

// count catches up with the cells since the change, and returns the questions as of the case's instant. Without earlier,
// only what the versions' contrast needs is counted.
func (r *record) count(p *Params, c *Case, s *Stream, earlier bool) []comparison {
	after := r.since(c, s)
	r.add(unseen(s.New, &r.seen.new), ofNew, p.LatencyMargin, ofFarNew)
	r.add(unseen(s.Old, &r.seen.old), ofOld, 0, nil)
	if earlier {
		r.add(unseen(after, &r.seen.after), ofAfter, p.LatencyMargin, ofFarAfter)
	}
	if earlier || len(c.Earlier) > 0 {
		r.lookBack(p, c, s)
	}
	if r.view != nil {
		r.view.after, r.view.new, r.view.old = after, s.New, s.Old
	}
	for i := range r.questions {
		q := &r.questions[i]
		q.new, q.old = evalue.Before(q.counted.new, c.Now), evalue.Before(q.counted.old, c.Now)
		q.farNew = evalue.Before(q.counted.farNew, c.Now)
		if q.after, q.farAfter = nil, nil; earlier {
			q.after, q.farAfter = evalue.Before(q.counted.after, c.Now), evalue.Before(q.counted.farAfter, c.Now)
		}
	}
	return r.questions
}

// since are the cells of the whole since the change.
func (r *record) since(c *Case, s *Stream) []correlate.Cell {
	n := r.before
	if n > len(s.Whole) || (n > 0 && s.Whole[n-1].Start >= c.Start) || (n < len(s.Whole) && s.Whole[n].Start < c.Start) {
		_, after := halves(c, s)
		n = len(s.Whole) - len(after)
		r.before = n
	}
	return s.Whole[n:]
}

// lookBack counts the history once.
func (r *record) lookBack(p *Params, c *Case, s *Stream) {
	if r.long {
		return
	}
	r.long = true
	r.add(s.History, func(q *comparison) *[]evalue.Tally { return &q.history }, 0, nil)
	for i := range r.questions {
		if q := &r.questions[i]; len(q.base) > 0 {
			if !q.ofMean() {
				before := evalue.Span{From: q.base[0].At, To: c.Start}
				q.season = expect.SeasonsOf(expect.WithoutIncident(q.history, c.Coarse, before, &p.Params), c.Coarse, before, &p.Params)
			}
			if q.season == nil {
				q.pseudo = expect.NewShortHistory(q.history, q.base, c.Coarse, c.Start, c.Changed)
			}
			q.history = nil
		}
	}
	r.learn(p, c, s)
}

// tallies are those of a comparison that some cells are added to.
type tallies func(*comparison) *[]evalue.Tally

func ofAfter(q *comparison) *[]evalue.Tally    { return &q.counted.after }
func ofNew(q *comparison) *[]evalue.Tally      { return &q.counted.new }
func ofOld(q *comparison) *[]evalue.Tally      { return &q.counted.old }
func ofFarAfter(q *comparison) *[]evalue.Tally { return &q.counted.farAfter }
func ofFarNew(q *comparison) *[]evalue.Tally   { return &q.counted.farNew }

// add puts every question to some cells, and those about latency also with thresholds that lie so many bins higher, unless
// far is nil.
func (r *record) add(cells []correlate.Cell, to tallies, bins int16, far tallies) {
	if len(cells) == 0 {
		return
	}
	r.reserve(len(cells), to, far)
	for i := range r.questions {
		if q := &r.questions[i]; q.counting != nil {
			*to(q) = evalue.Tallies(*to(q), cells, q.counting)
		}
	}
	if r.view == nil {
		return
	}
	var out, beyond [len(quantiles)]*[]evalue.Tally
	for i := range out {
		out[i] = to(&r.questions[i])
		if far != nil {
			beyond[i] = far(&r.questions[i])
		}
	}
	evalue.ExceedTwice(out, beyond, cells, r.above, bins)
}

// reserve makes room for tallies where there is none, for as many cells as lie before the change, which are about as many as
// will be seen of it.
func (r *record) reserve(cells int, to, far tallies) {
	for i := range r.questions {
		q := &r.questions[i]
		room(to(q), max(cells, len(q.base)))
		if far != nil && q.counting == nil {
			room(far(q), max(cells, len(q.base)))
		}
	}
}

func room(of *[]evalue.Tally, n int) {
	if cap(*of) == 0 {
		*of = make([]evalue.Tally, 0, n)
	}
}

// Moved is by how much the requests of a service got worse in the stretch [from, to), against the time before it, in
// what another service's signal is about: errors, latency, or either. ratio is the quotient of the event ratios, least
// the lower end of its interval. Both are 0 when there is nothing to compare.
//
// It is the question of difference in differences: did others move as well, just then? The stretch is given, so it takes
// far less to see than a fault does whose beginning is unknown. Where least is below enough, neither says more than that.
func (m *Memory) Moved(p *Params, c *Case, signal string, from, to int64, enough float64) (ratio, least float64) {
	for i := range c.Streams {
		s := &c.Streams[i]
		if s.Kind != correlate.Traffic {
			continue
		}
		qs := m.record(p, c, s).count(p, c, s, true)
		for j := range qs {
			q := &qs[j]
			if !about(q.family, signal) || len(q.base) == 0 {
				continue
			}
			eT, nT := evalue.Sum(evalue.Before(evalue.Since(q.after, from), to))
			eC, nC := evalue.Sum(evalue.Before(q.after, from))
			t := evalue.Pair{ET: float64(eT), NT: float64(nT), EC: q.control.EC + float64(eC), NC: q.control.NC + float64(nC)}
			if t.NT == 0 || t.NC == 0 {
				continue
			}
			h := p.Hypothesize(0, 1, 0, evalue.Ratio(t.EC, t.NC), q.dispersion(c.Resolution, false, p))
			if lower := evalue.Lower(t, h, p.Alpha, enough); lower > least {
				ratio, least = quotient(evalue.Ratio(t.ET, t.NT), evalue.Ratio(t.EC, t.NC), t), lower
			}
		}
	}
	return ratio, least
}

// about says whether a family of questions is what a signal is about. What is none's, all are about.
func about(f family, signal string) bool {
	for of := range families {
		if mine := asked[of].about; mine != nil && mine(signal) {
			return f == of
		}
	}
	return true
}

// Window is what a stretch of time says of a signal: so many events among so many exposures.
type Window struct {
	At               int64 // Unix seconds
	Events, Exposure float64
}

// Course is how a signal went in [from, to), in windows of the given width on a grid of it, and φ of its baseline. It is
// nil for signals that aren't counted in events. New exceptions go as the errors do in which they end.
func (m *Memory) Course(p *Params, c *Case, signal string, from, to, width int64) (windows []Window, phi float64) {
	if correlate.OfException(signal) {
		signal = "error_ratio"
	}
	for i := range c.Streams {
		s := &c.Streams[i]
		switch s.Kind {
		case correlate.Traffic, correlate.Edge, correlate.Log:
		default:
			continue
		}
		qs := m.record(p, c, s).count(p, c, s, true)
		for j := range qs {
			if q := &qs[j]; q.signal == signal {
				for _, part := range [...][]evalue.Tally{q.base, q.after} {
					windows = addWindows(windows, evalue.Before(evalue.Since(part, from), to), width)
				}
				return windows, q.dispersion(c.Resolution, false, p)
			}
		}
	}
	return nil, 0
}

func addWindows(windows []Window, ts []evalue.Tally, width int64) []Window {
	for _, t := range ts {
		at := t.At - evalue.Mod(t.At, width)
		if n := len(windows); n == 0 || windows[n-1].At != at {
			windows = append(windows, Window{At: at})
		}
		w := &windows[len(windows)-1]
		w.Events += float64(t.Events)
		w.Exposure += float64(t.Exposure)
	}
	return windows
}

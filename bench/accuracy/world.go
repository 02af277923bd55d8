package accuracy

import (
	"cmp"
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// Widths of cells in seconds: what the daemon measures, and what it remembers of earlier days.
const (
	bucket = 10
	coarse = 300
)

// service is one service of a simulated shop.
type service struct {
	name      string
	rps       float64 // at the time of the change
	errors    float64 // error ratio of a usual day
	times     times
	instances int
	versions  bool // spans and points carry service.version
	spans     bool // counted by spans, else by metrics
	season    *season
	busier    float64 // how ln of the latency, and of the error ratio, follow ln of the load
	moods     *moods
	rollouts  []*rollout // one after the other
	calls     []call
	logs      float64   // log records for a request, 0 when logs aren't collected
	failures  []string  // the usual types of exceptions, none when they aren't collected
	memory    float64   // usual use of memory, 0 when it isn't measured
	restarts  *restarts // of its instances, nil when they aren't told
	mix       *mix      // the routes, nil when they aren't known
	suffers   []suffering
	zones     []zone              // where the instances run, none when nothing tells
	stop      int                 // of a change that goes through the zones: how many it reaches
	silent    func(at int64) bool // telemetry doesn't come in, nor the callers' of it
	values    []*value            // its custom signals
	unserved  bool                // its requests aren't told
}

// suffering is what a change of a callee does to the requests of a service, while the callee itself looks fine.
type suffering struct {
	of   *rollout
	harm harm
	seen bool // the failures show on the calls too
}

// at is the effect in the bucket that begins at an instant: as much as the new version does of the work.
func (f suffering) at(unix int64) effect {
	_, fresh := f.of.at(unix)
	e := f.harm.after(unix - f.of.start)
	e.errors, e.slow = 1+fresh.share*(e.errors-1), 1+fresh.share*(e.slow-1)
	return e
}

// outage is trouble that nobody's change made, of one service or of all (nil).
type outage struct {
	of       *service
	from, to int64
	harm     harm
}

// call is what a service needs another for.
type call struct {
	to     *service
	share  float64 // of the failures there that make a request here fail
	weight float64 // of the time there in the time here
	way    float64 // of the network, nanoseconds
}

// world is a shop with its past and its future: everything of a case.
type world struct {
	r        random
	services []*service // a callee before its callers
	from     int64      // the past begins, in coarse cells
	fine     int64      // fine cells begin
	change   int64
	until    int64
	outages  []outage
	traced   bool // traces tell which versions of its callees a request touched
	cells    []correlate.Measurement
	state    map[*service]*state
}

// state is what a caller notices of a service in a bucket.
type state struct {
	excess float64 // share of requests that fail beyond the usual
	slow   float64
	lost   float64 // share of requests that no longer arrive, and thus no longer call
}

// run makes all cells, sorted by time.
func (w *world) run() []correlate.Measurement {
	w.state = map[*service]*state{}
	for at := w.from; at < w.until; {
		width := int64(bucket)
		if at < w.fine {
			width = coarse
		}
		for _, s := range w.services {
			w.live(s, at, width)
		}
		at += width
	}
	slices.SortStableFunc(w.cells, func(a, b correlate.Measurement) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), a.Key.Compare(b.Key))
	})
	return w.cells
}

// live is one bucket of one service.
func (w *world) live(s *service, at, width int64) {
	m := s.moods.next(at, int(width/bucket))
	wave := s.season.at(at+width/2) / s.season.at(w.change)
	load := s.rps * float64(width) * wave * m.load * w.reached(s) * w.multiplied(s, at)
	if cv := s.moods.jostle / math.Sqrt(float64(width/bucket)); cv > 0 {
		load *= w.r.gamma(1/cv/cv) * cv * cv
	}
	follow := math.Pow(wave, s.busier)
	usual := min(0.9, s.errors*m.errors*follow)
	slow := m.slow * follow
	shared := w.trouble(s, at)
	excess, waits := s.needs(w.state)

	o := s.rolloutAt(at)
	old, fresh := o.at(at)
	var all [2]outcome
	bursts := s.bursts(w.r, load*usual)
	now := &state{slow: 0}
	var lost, memory float64
	for i, h := range [...]half{old, fresh} {
		if h.share == 0 {
			continue
		}
		e := none()
		if i == 1 {
			e = o.harm.after(at - o.start)
			e.errors *= o.other
		}
		fails := min(1, usual*bursts[i]*e.errors*shared.errors*(1+h.more)+h.fails+excess)
		latency := h.slow * e.slow * shared.slow * waits
		all[i] = outcome{
			n: w.r.poisson(load * h.share * (1 - e.lost)), fails: fails, slow: slow * latency,
			tail: e.tail, tailSlow: e.tailSlow, own: usual * bursts[i] * max(0, e.errors-1),
		}
		lost += e.lost * h.share
		memory += w.leaked(s, o, i, at, e.memory, h.share)
		more, longer := 1+h.more, 1.0
		if i == 1 {
			worse, slower := s.mix.worse(o, at)
			more, longer = more*worse, slower
		}
		now.excess += h.share * (max(0, usual*(e.errors*shared.errors*more-1)) + h.fails + excess)
		now.slow += h.share * latency * longer * (1 + e.tail*(e.tailSlow-1))
	}
	if o != nil && o.harm.loud {
		now.excess += lost
	}
	now.lost = lost
	w.state[s] = now
	if s.silent != nil && s.silent(at) {
		return
	}
	w.valued(s, o, at, width)
	if !s.unserved {
		w.measure(s, o, at, &all, lost*load, memory)
	}
}

// trouble is what outages and the changes of callees do to a service.
func (w *world) trouble(s *service, at int64) effect {
	e := none()
	add := func(o effect) { e.errors, e.slow = e.errors*o.errors, e.slow*o.slow }
	for _, o := range w.outages {
		if at >= o.from && at < o.to && (o.of == nil || o.of == s) {
			add(o.harm.after(at - o.from))
		}
	}
	for _, f := range s.suffers {
		add(f.at(at))
	}
	return e
}

// reached is the share of the usual calls that a service still gets from its callers, as of the bucket before.
func (w *world) reached(s *service) float64 {
	callers, lost := 0.0, 0.0
	for _, caller := range w.services {
		for _, c := range caller.calls {
			if st := w.state[caller]; c.to == s && st != nil {
				callers, lost = callers+1, lost+st.lost
			}
		}
	}
	if callers == 0 {
		return 1
	}
	return 1 - lost/callers
}

// multiplied is how many times as often a service is called as usual, by callers that need it first of all.
func (w *world) multiplied(s *service, at int64) float64 {
	more := 1.0
	for _, caller := range w.services {
		o := caller.rolloutAt(at)
		if o == nil || o.harm.calls == 0 || caller.calls[0].to != s {
			continue
		}
		_, fresh := o.at(at)
		more += fresh.share * (o.harm.calls - 1)
	}
	return more
}

// outcome is the requests of one version in a bucket.
type outcome struct {
	n                           int64
	fails, slow, tail, tailSlow float64
	own                         float64 // share that fails because of the change
}

// needs is what the services that this one calls do to it.
func (s *service) needs(state map[*service]*state) (excess, slow float64) {
	slow = 1
	for _, c := range s.calls {
		if st := state[c.to]; st != nil {
			excess += st.excess * c.share
			slow *= 1 + c.weight*max(0, st.slow-1)
		}
	}
	return excess, slow
}

// bursts are factors on the errors of the two versions, of mean 1: part of the bursts hit both alike. Counts of the given
// mean get the variance that the service's noise says.
func (s *service) bursts(r random, mean float64) [2]float64 {
	phi, alike := s.moods.burst, s.moods.together
	part := func(share float64) float64 {
		if share <= 0 {
			return 0
		}
		return share * r.burst(mean, 1+(phi-1)/share)
	}
	both := part(alike)
	return [2]float64{both + part(1-alike), both + part(1-alike)}
}

// rolloutAt is the rollout under way or behind at an instant, the last that began.
func (s *service) rolloutAt(at int64) *rollout {
	var last *rollout
	for _, o := range s.rollouts {
		if last == nil || o.start <= at {
			last = o
		}
	}
	return last
}

func (s *service) origin() correlate.Origin {
	if s.spans {
		return correlate.OriginSpan
	}
	return correlate.OriginServerMetric
}

func (s *service) callerOrigin() correlate.Origin {
	if s.spans {
		return correlate.OriginClientSpan
	}
	return correlate.OriginClient
}

// facts are the reports of the changes, by event time.
func (w *world) facts() []correlate.Fact {
	var facts []correlate.Fact
	for _, s := range w.services {
		for _, o := range s.rollouts {
			facts = append(facts, o.reports(s)...)
		}
	}
	slices.SortStableFunc(facts, func(a, b correlate.Fact) int { return a.EventTime().Compare(b.EventTime()) })
	return facts
}

// tell completes a case with what the daemon gets to know.
func (w *world) tell(c *Case) {
	c.Facts, c.Cells, c.From, c.Until, c.Signals = w.facts(), w.run(), w.fine, w.until, w.signals()
	for len(c.Cells) > 0 && c.Cells[0].Start < w.fine {
		n, at := 0, c.Cells[0].Start
		for n < len(c.Cells) && c.Cells[n].Start == at {
			n++
		}
		c.Past = append(c.Past, correlate.Rollup{Start: at, Cells: unversioned(c.Cells[:n])})
		c.Cells = c.Cells[n:]
	}
}

// unversioned is cells as rollups hold them.
func unversioned(cells []correlate.Measurement) []correlate.Measurement {
	cells = slices.Clone(cells)
	for i := range cells {
		cells[i].Version = ""
	}
	return cells
}

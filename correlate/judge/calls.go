package judge

import (
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
	"github.com/shipwake/shipwake/correlate/judge/expect"
)

// Calls are those that a service makes of another one.
type Calls struct {
	Peer           string
	Account        uint64           // as that of a Stream
	Whole, History []correlate.Cell // as those of a Stream
}

// usualCalls is what is remembered of the calls of one service before the change, by the thousandths of requests.
type usualCalls struct {
	served, called   origin // what it was counted from
	events, exposure int64
	least, most      float64 // of stretches of earlier days
	phi              float64
}

// calling is what a trial asks of the calls that a service makes.
type calling struct{ *trial }

// ask finds the callees of which a request asks more, or less, than it did by more than the margin. More of them is a loop
// around a query, retries, or a cache that is gone. It convicts nobody: what it costs shows on the service itself, or on the
// callee, whose fault is then held against the caller (package blame). But a change that multiplies calls isn't healthy, nor
// is one that hardly makes them any more: what the callee was needed for may be left out, quickly and without an error.
func (t calling) ask() {
	if t.c.Calls == nil || !t.p.Guards.On(guardCalls) {
		return
	}
	for i := range t.c.Streams {
		if s := &t.c.Streams[i]; s.Kind == correlate.Traffic {
			for _, of := range t.c.Calls() {
				t.compare(s, &of)
			}
		}
	}
}

// compare compares the calls a request with those of the hour before. They must be more, or less, than in any five minutes
// of earlier days, so that neither the night nor another mix of requests is taken for the change.
func (t calling) compare(s *Stream, of *Calls) {
	minute := max(t.p.Restart/5, t.c.Resolution)
	_, after := halves(t.c, s)
	_, calledAfter := halves(t.c, &Stream{Whole: of.Whole})
	since := evalue.Span{From: t.begin, To: t.c.Now}
	u := t.usually(s, of, minute)
	eT, nT := expect.CallsSum(evalue.CellsIn(calledAfter, since), evalue.CellsIn(after, since), minute)
	pair := evalue.Pair{At: t.c.Start, ET: float64(eT), NT: float64(nT), EC: float64(u.events), NC: float64(u.exposure)}
	if u.events == 0 || nT == 0 {
		return // a callee that is new is none that is called more often
	}
	usual, observed := evalue.Ratio(pair.EC, pair.NC), evalue.Ratio(pair.ET, pair.NT)
	part := t.freshShare(s)
	f := finding{family: supporting}
	f.Ratio = max(0, 1+(observed/usual-1)/part)
	more, fewer := f.Ratio >= t.p.CallsMargin && observed > u.most, f.Ratio*t.p.CallsMargin <= 1 && observed < u.least
	if !more && !fewer {
		return
	}
	l := evalue.NewLikelihood([]evalue.Pair{pair}, evalue.Hypothesis{Theta: 1, Phi: u.phi})
	f.bounds[0], f.bounds[1] = evalue.Interval(&l, t.p.Alpha)
	for i, b := range f.bounds {
		f.Interval[i] = max(0, 1+(b-1)/part)
	}
	raised, fell := more && f.Interval[0] > 1, fewer && f.Interval[1] < 1
	if !raised && !fell {
		return
	}
	f.rerouted = raised || f.Interval[1] < stopped
	f.Signal, f.Grade = correlate.CallsOf+of.Peer, correlate.GradeD
	f.Baseline, f.Observed = expect.Thousandths*usual, expect.Thousandths*usual*f.Ratio
	f.N, f.Events = nT/expect.Thousandths, eT
	t.findings = append(t.findings, f)
}

// usually is what is known of the calls of a callee before the change. It is counted once, since it doesn't change any more.
func (t calling) usually(s *Stream, of *Calls, width int64) *usualCalls {
	called := Stream{Kind: correlate.Edge, Name: of.Peer, Account: of.Account, Whole: of.Whole, History: of.History}
	u := &usualCalls{served: originOf(s), called: originOf(&called)}
	at := slices.IndexFunc(t.m.calls, func(o *usualCalls) bool { return o.called.name == of.Peer })
	switch {
	case at < 0:
		t.m.calls = append(t.m.calls, u)
	case t.m.calls[at].served == u.served && t.m.calls[at].called == u.called:
		return t.m.calls[at]
	default:
		t.m.calls[at] = u
	}
	before, _ := halves(t.c, s)
	calledBefore, _ := halves(t.c, &called)
	base := expect.CallsOf(calledBefore, before, width)
	u.events, u.exposure = evalue.Sum(base)
	usual := evalue.Ratio(float64(u.events), float64(u.exposure))
	u.least, u.most = expect.Range(evalue.Regroup(nil, base, t.c.Coarse), usual, usual)
	u.least, u.most = expect.Range(expect.CallsOf(of.History, s.History, t.c.Coarse), u.least, u.most)
	u.phi = t.p.Dispersion(base, width, false)
	return u
}

// stopped is the part of the usual calls below which a callee is as good as not called.
const stopped = 0.1

// freshShare is the share of the requests that the new version served, of which alone there are more calls; 1 where
// versions aren't told apart. Little of it says too little.
func (t calling) freshShare(s *Stream) float64 {
	const least = 0.05
	since := evalue.Span{From: t.begin, To: t.c.Now}
	fresh, old := evalue.Requests(evalue.CellsIn(s.New, since)), evalue.Requests(evalue.CellsIn(s.Old, since))
	if fresh == 0 {
		return 1
	}
	return max(least, float64(fresh)/float64(fresh+old))
}

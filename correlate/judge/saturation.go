package judge

import (
	"math"
	"strings"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
	"github.com/shipwake/shipwake/correlate/judge/expect"
)

// saturation shows a resource before and after the change. It doesn't convict: a busier processor may be the price of
// more work. What does is instances that restart.
func (t *trial) saturation(s *Stream) {
	if s.Name == correlate.Restarts {
		saturating{t}.restarts(s)
		return
	}
	l := expect.NewLevel(s.Kind, s.Whole, t.c.Resolution, s.History, t.c.Coarse)
	before, after := l.Over(l.First(), t.c.Start), l.Over(t.begin, t.c.Now)
	if math.IsNaN(before) || math.IsNaN(after) {
		return
	}
	f := finding{family: supporting}
	f.Signal, f.Grade, f.Baseline, f.Observed, f.Ratio = "saturation "+s.Name, correlate.GradeD, before, after, 1
	if before != 0 {
		f.Ratio = after / before
	}
	_, n := l.Fine.Between(t.begin, t.c.Now)
	f.N = int64(n)
	t.findings = append(t.findings, f)
}

// saturating is what a trial asks of resources that run out.
type saturating struct{ *trial }

// restarts asks whether instances restart since the change, and didn't before. They are counted by the minutes in which
// they happen: the instances of a service that run out of memory together are one event. How often that came before, and
// how much of it in any stretch of equal length, is what it is compared with.
//
// It convicts by the restarts out of a full memory alone. Others may be anybody's doing, a drained node or a probe; so
// many of them that they would convict bar an acquittal.
func (t saturating) restarts(s *Stream) {
	if s.Name != correlate.Restarts || !t.p.Guards.On(guardRestarting) {
		return
	}
	minute := max(t.p.Restart/5, t.c.Resolution)
	before, after := halves(t.c, s)
	again := expect.RestartsOf(evalue.CellsIn(after, evalue.Span{From: t.begin, To: t.c.Now}), t.c.Resolution, minute)
	if len(again.Minutes) < fewestRestarts {
		return
	}
	full, since := t.outOfMemory(again, minute)
	earlier := expect.RestartsOf(s.History, t.c.Coarse, minute).Then(expect.RestartsOf(before, t.c.Resolution, minute))
	watched, quiet := float64(t.c.Now-t.c.Start), t.quietTime(s)
	f := finding{family: familySaturation}
	f.Signal, f.Grade, f.N, f.Events = "saturation "+s.Name, correlate.GradeD, samples(after), again.N
	f.Observed, f.Baseline = hourly(again.N, watched), hourly(earlier.N, quiet)
	all := evalue.Pair{At: t.c.Start, ET: float64(len(again.Minutes)), NT: watched, EC: float64(len(earlier.Minutes)), NC: quiet}
	f.Ratio = quotient(f.Observed, f.Baseline, evalue.Pair{NC: quiet / 3600})
	l := evalue.NewLikelihood([]evalue.Pair{all}, evalue.Hypothesis{Theta: 1, Phi: 1})
	f.bounds[0], f.bounds[1] = evalue.Interval(&l, t.p.Alpha)
	f.Interval = f.bounds
	f.bar = familySaturation.need(t.p)
	t.weighRestarts(&f, again, full, earlier, watched/(watched+quiet))
	f.onset, f.end = min(since, again.Minutes[0]), again.Minutes[len(again.Minutes)-1]
	// They come from time to time: it takes longer than usual between them to see that they are over.
	apart := (f.end - again.Minutes[0]) / int64(len(again.Minutes)-1)
	f.recovered = t.c.Now-(f.end+minute) >= max(t.p.Recovery, 3*apart)
	t.findings = append(t.findings, f)
}

// weighRestarts says how strong so many minutes with restarts are, of which some are out of a full memory.
func (t saturating) weighRestarts(f *finding, again, full, earlier expect.Restarts, share float64) {
	const almost = 0.99
	evidence := func(minutes int) float64 {
		if minutes <= earlier.Most(t.c.Now-t.c.Start) {
			return 0
		}
		return evalue.Later(minutes, len(earlier.Minutes), share)
	}
	f.logE = evidence(len(full.Minutes))
	f.strength = f.logE / f.bar
	f.survive(evidence(len(full.Minutes)-1), t.p)
	f.strength = max(f.strength, min(almost, evidence(len(again.Minutes)-1)/f.bar))
}

// fewestRestarts is in how many minutes there must be restarts: what happened once is no cycle.
const fewestRestarts = 2

// outOfMemory are the restarts before which a memory was full, within the time in which most exporters tell a value twice,
// and since when it had been.
func (t saturating) outOfMemory(again expect.Restarts, minute int64) (full expect.Restarts, since int64) {
	since = math.MaxInt64
	var memories []expect.Fullness
	for i := range t.c.Streams {
		if s := &t.c.Streams[i]; s.Kind == correlate.Saturation && strings.Contains(s.Name, "memory") {
			before, after := halves(t.c, s)
			memories = append(memories, expect.NewFullness(s.Name, s.History, before, after))
		}
	}
	for _, at := range again.Minutes {
		for i := range memories {
			if memories[i].In(at-2*minute, at+minute) {
				full.Minutes = append(full.Minutes, at)
				since = min(since, memories[i].Since(t.begin, at))
				break
			}
		}
	}
	return full, since
}

func hourly(n int64, seconds float64) float64 {
	if seconds <= 0 {
		return 0
	}
	return 3600 * float64(n) / seconds
}

func samples(cells []correlate.Cell) (n int64) {
	for i := range cells {
		n += cells[i].N
	}
	return n
}

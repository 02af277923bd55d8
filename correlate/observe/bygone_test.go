package observe

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/window"
)

// badBy is the bad time before an instant, by going through all changes from the latest on.
func badBy(all []*Subject, start int64) (spans []window.Span) {
	next := start
	for i := range slices.Backward(all) {
		c := all[i]
		if c.Start == start && c.Rollback {
			return nil
		}
		if c.Start >= start || !c.Live {
			continue
		}
		if v := c.Verdict(); v.Outcome == correlate.Regressed && v.Reason != correlate.ReasonDownstream {
			if s := (window.Span{From: c.Start, To: firstOf(next, c.End, v.Recovered)}); s.From < s.To {
				spans = append(spans, s)
			}
		}
		if c.RollsOut() {
			next = min(next, c.Start)
		}
	}
	return spans
}

// changedBy is when live changes began in a stretch of time, by going through all.
func changedBy(all []*Subject, from, to int64) (starts []int64) {
	for _, c := range all {
		if c.Live && c.Start >= from && c.Start < to {
			starts = append(starts, c.Start)
		}
	}
	slices.Sort(starts)
	return starts
}

// drawJudged is a change that may have been judged bad.
func drawJudged(t *rapid.T) Subject {
	s := drawSubject(t)
	for i := range s.Decided {
		d := &s.Decided[i]
		d.Outcome = rapid.SampledFrom([]correlate.Outcome{correlate.Healthy, correlate.Regressed}).Draw(t, "outcome")
		d.Reason = rapid.SampledFrom([]correlate.Reason{correlate.ReasonErrorRatio, correlate.ReasonDownstream}).Draw(t, "reason")
		d.Recovered = rapid.Int64Range(0, 25).Draw(t, "recovered")
	}
	return s
}

func TestTheTimeBeforeAnInstantIsFoundAsByGoingThroughAllChanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := lined(rapid.SliceOfN(rapid.Custom(drawJudged), 0, 12).Draw(t, "changes"))
		for range 4 {
			from, start := rapid.Int64Range(-5, 30).Draw(t, "from"), rapid.Int64Range(-5, 35).Draw(t, "start")
			require.Equal(t, badBy(l.all, start), new(Observer).bad(l, start))
			starts, digest := l.order().changes(from, start, 7)
			require.Equal(t, changedBy(l.all, from, start), starts)
			want := int64(7)
			for _, at := range starts {
				want = want*factor + at
			}
			require.Equal(t, want, digest)
			n := len(l.all)
			for n > 0 && l.all[n-1].Start >= start {
				n--
			}
			require.Equal(t, n, l.order().before(start))
		}
	})
}

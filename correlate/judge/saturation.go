package judge

import (
	"math"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/expect"
)

// saturation shows a resource before and after the change. It never convicts: a busier processor may be
// the price of more work.
func (t *trial) saturation(s *Stream) {
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

package judge

import (
	"cmp"

	"github.com/shipwake/shipwake/correlate"
)

// finding is what one signal says in front of one control.
type finding struct {
	correlate.Evidence
	family family
	logE   float64 // ln of the evidence that the rise is beyond the floor
	// strength is how far the evidence has come on its way to convict: 1 is there.
	strength float64
	bounds   [2]float64 // the confidence sequence of the ratio that is tested
	visible  float64    // the smallest ratio that could have been seen
	contest  *contest   // nil for signals that are values

	onset, end int64 // of the excursion; 0 when it wasn't looked for
	cells      int
	recovered  bool
}

// rounded is the evidence as it leaves: six significant digits, so that equal states give equal bytes.
func (f *finding) rounded() correlate.Evidence {
	e := f.Evidence
	e.Baseline, e.Observed, e.Ratio = round(e.Baseline), round(e.Observed), round(e.Ratio)
	e.Interval = [2]float64{round(e.Interval[0]), round(e.Interval[1])}
	e.Mix = round(e.Mix)
	e.EValue = eValue(f.logE)
	e.SmallestVisible = round(f.visible)
	return e
}

// byStrength orders findings, the strongest first.
func byStrength(a, b finding) int {
	return cmp.Or(cmp.Compare(b.strength, a.strength), cmp.Compare(a.family, b.family),
		cmp.Compare(a.Signal, b.Signal), cmp.Compare(a.Grade, b.Grade))
}

package judge

import (
	"cmp"
	"math"
	"strconv"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
	"github.com/shipwake/shipwake/correlate/judge/expect"
)

// finding is what one signal says in front of one control.
type finding struct {
	correlate.Evidence
	family family
	logE   float64 // ln of the evidence that the rise is beyond the floor
	// strength is how far the evidence has come on its way to convict: 1 is there.
	strength float64
	bar      float64       // the ln e-value at which it is
	bounds   [2]float64    // the confidence sequence of the ratio that is tested, see limits
	visible  float64       // the smallest ratio that could have been seen
	contest  *contest      // nil for signals that are values
	share    float64       // of Alpha that a signal that is a value may spend
	gauge    *expect.Gauge // of a signal that is a value and compared with earlier days
	margin   float64       // by which share of what is expected it may be off and be harmless
	// worst is by how much it may have moved, see measure; nil when that isn't bounded.
	worst *expect.Worst

	untested *evalue.Likelihood // of the ratio whose confidence sequence wasn't asked for, nil when it was
	alpha    float64            // of the confidence sequence

	rerouted   bool  // of calls: more of them than is tolerated, or hardly any
	onset, end int64 // of the excursion; 0 when it wasn't looked for
	recovered  bool
}

// limits is the confidence sequence of the ratio that is tested. It is the largest part of describing a contest, and most
// looks ask for none.
func (f *finding) limits() [2]float64 {
	if f.untested != nil {
		f.bounds = f.contest.h.Bounds(evalue.Interval(f.untested, f.alpha))
		f.Interval, f.untested = f.bounds, nil
	}
	return f.bounds
}

// exceeds says that the confidence sequence lies above a ratio. It isn't made where it can't.
func (f *finding) exceeds(ratio float64) bool {
	if f.untested != nil {
		if near := f.untested.Near(); f.contest.h.Bounds(near, near)[0] <= ratio {
			return false
		}
	}
	return f.limits()[0] > ratio
}

// survive asks whether a strong finding stands without its strongest cell: what the rest says, as ln E, must be a proof at
// alpha by itself. A finding that doesn't stand is as strong as its rest.
func (f *finding) survive(rest float64, p *Params) {
	if rest < -math.Log(p.Alpha) && p.Guards.On(guardCells) {
		f.logE = min(f.logE, rest)
		f.strength = min(f.strength, rest/f.bar)
	}
}

// rounded is the evidence as it leaves: six significant digits, so that equal states give equal bytes. Where the baseline
// has no events the estimate is made of half of one, and may lie beyond what an interval can say: the interval's end is
// then all that is known.
func (f *finding) rounded() correlate.Evidence {
	e := f.Evidence
	if e.Interval != [2]float64{} {
		e.Ratio = min(max(e.Ratio, e.Interval[0]), e.Interval[1])
	}
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

// limit keeps numbers in a range that every JSON reader and database takes.
const limit = 1e300

// round keeps six significant digits. It goes through decimal notation, so that the result is the float nearest to it.
func round(v float64) float64 {
	switch {
	case math.IsNaN(v):
		return 0
	case v > limit:
		return limit
	case v < -limit:
		return -limit
	}
	var text [32]byte
	rounded, err := strconv.ParseFloat(string(strconv.AppendFloat(text[:0], v, 'e', 5, 64)), 64)
	if err != nil || rounded == 0 {
		return 0 // not the negative one
	}
	return rounded
}

// eValue is exp of a ln e-value, as it is reported.
func eValue(lnE float64) float64 { return round(math.Exp(min(lnE, 690))) }

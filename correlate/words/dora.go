package words

import (
	"fmt"
	"math"
	"strconv"

	"github.com/shipwake/shipwake/correlate/dora"
)

// fewest is the least denominator of a ratio that is said in per cent: of fewer that would claim more than is known.
const fewest = 5

// Ratio is a DORA ratio with its numerator and denominator: "12.5 % (5 of 40)", and of few "1 of 1".
func Ratio(r *dora.Ratio) string {
	share := Share(r)
	if r == nil || r.Denominator < fewest {
		return share
	}
	return fmt.Sprintf("%s (%d of %d)", share, r.Numerator, r.Denominator)
}

// Share is a DORA ratio alone: "12.5 %", and of few "1 of 1".
func Share(r *dora.Ratio) string {
	switch {
	case r == nil:
		return None
	case r.Denominator < fewest:
		return fmt.Sprintf("%d of %d", r.Numerator, r.Denominator)
	}
	return fmt.Sprintf("%.1f %%", 100*r.Value)
}

// Interval is the 95 % interval of a DORA ratio, "" where there is none: "5.5–26.1 %".
func Interval(r *dora.Ratio) string {
	if r == nil || r.Interval == [2]float64{} {
		return ""
	}
	return fmt.Sprintf("%s–%s %%", perCent(r.Interval[0]), perCent(r.Interval[1]))
}

// perCent is a share to a tenth of a per cent.
func perCent(v float64) string { return strconv.FormatFloat(math.Round(1000*v)/10, 'f', -1, 64) }

// Median is the median of durations with their number.
func Median(d *dora.Duration) string {
	if d == nil {
		return None
	}
	return fmt.Sprintf("%s (n %d)", Span(d.Median), d.N)
}

// Recovery is the time to recover as the policy tells it: the mean, or the median.
func Recovery(p dora.Policy, d *dora.Duration) string {
	if d == nil {
		return None
	}
	if p.Averages() {
		return fmt.Sprintf("%s (n %d)", Span(d.Mean), d.N)
	}
	return Median(d)
}

// RecoveryOf names what Recovery tells: "recovery (median)".
func RecoveryOf(p dora.Policy) string {
	switch {
	case p.Averages():
		return "recovery (mean)"
	case p == dora.PolicyDevLake:
		return "recovery (lower median)"
	}
	return "recovery (median)"
}

// Rate is a number per day.
func Rate(v *float64) string {
	if v == nil {
		return None
	}
	return fmt.Sprintf("%.2f", *v)
}

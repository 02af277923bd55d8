package words

import (
	"fmt"

	"github.com/shipwake/shipwake/correlate/dora"
)

// Ratio is a DORA ratio with its numerator and denominator.
func Ratio(r *dora.Ratio) string {
	if r == nil {
		return None
	}
	return fmt.Sprintf("%.1f %% (%d of %d)", 100*r.Value, r.Numerator, r.Denominator)
}

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

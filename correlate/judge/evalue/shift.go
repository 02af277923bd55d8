package evalue

import "math"

// Shift is by how many times longer the requests of one side take than those of another. The zero value says that
// nothing is known.
type Shift struct {
	Ratio float64
	// Low and High are its interval, as wide as the buckets make it: 0 and +Inf where nothing bounds it. Ratio lies in it.
	Low, High float64
	// Least is the lower end if values lie evenly within their buckets.
	Least float64
}

// Known says that there is an estimate.
func (s Shift) Known() bool { return s.Ratio > 0 }

// Over is a shift beyond another one.
func (s Shift) Over(o Shift) Shift {
	if !s.Known() || !o.Known() {
		return Shift{}
	}
	x := Shift{Ratio: s.Ratio / o.Ratio, Low: s.Low / o.High, High: math.Inf(1), Least: s.Least / o.Ratio}
	if o.Low > 0 {
		x.High = s.High / o.Low
	}
	return x
}

// QuantileShift is the shift of the q-quantile from the control to d. Its interval has the ranks that the quantile may
// have at so many standard deviations, with counts that scatter phi times as much as independent ones, and all that may
// hide in the buckets on both sides.
func (d *Durations) QuantileShift(control *Durations, q, phi, deviations float64) Shift {
	return d.ShiftFrom(control, q, q, phi, deviations)
}

// ShiftFrom is QuantileShift from another quantile of the control: the one that is expected to be where d's q-quantile is.
func (d *Durations) ShiftFrom(control *Durations, usually, q, phi, deviations float64) Shift {
	usual, seen := control.Quantile(usually, d), d.Quantile(q, control)
	if usual == 0 || seen == 0 {
		return Shift{}
	}
	reach := deviations * math.Sqrt(q*(1-q)*phi*(1/float64(d.Total)+1/float64(control.Total)))
	from, to := max(q-reach, 0), min(q+reach, 1)
	least, _ := d.span(d.Bin(from), control)
	_, most := d.span(d.Bin(to), control)
	atLeast, atMost := control.span(control.Bin(usually), d)
	s := Shift{Ratio: seen / usual, Low: least / atMost, High: math.Inf(1), Least: d.Quantile(from, control) / usual}
	if atLeast > 0 && to < 1 {
		s.High = most / atLeast
	}
	if from <= 0 {
		s.Low, s.Least = 0, 0
	}
	return s
}

// MeanShift is the shift of the mean from the control to d, by sums and counts where senders tell them: no bucket is in
// it. Its interval is so many standard deviations wide by how the means of cells scatter on both sides, with the tails of
// Student's t for few cells.
func (d *Durations) MeanShift(control *Durations, deviations float64) Shift {
	usual, e0, n0 := control.Mean()
	seen, e1, n1 := d.Mean()
	if usual == 0 || seen == 0 {
		return Shift{}
	}
	ratio := seen / usual
	if math.IsInf(e0, 1) || math.IsInf(e1, 1) {
		return Shift{Ratio: ratio, High: math.Inf(1)}
	}
	reach := math.Exp(student(deviations, float64(min(n0, n1)-1)) * math.Hypot(e0, e1))
	s := Shift{Ratio: ratio, Low: ratio / reach, High: ratio * reach, Least: ratio / reach}
	if !d.summed || !control.summed {
		s.Low, s.High = s.Low/binWidth, s.High*binWidth
	}
	return s
}

// student is the point of Student's t that is as far out as so many standard deviations are of the normal distribution
// (Wallace, Annals of Mathematical Statistics 30, 1959).
func student(deviations, freedom float64) float64 {
	z := deviations * (8*freedom + 3) / (8*freedom + 1)
	return math.Sqrt(freedom * math.Expm1(z*z/freedom))
}

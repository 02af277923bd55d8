package evalue

// Dispersion is φ: by how much the counts of change-free time vary more than independent events would. Evidence is
// divided by it, because bursts make a chance excess look like many independent observations.
//
// It is Pearson's χ²/df of windows of 1, 6 and (against a baseline) 30 cells, shrunk to the fleet's, at least 1, and the
// largest of them counts. A concurrent control shares the slow drift, so there only differences of neighbouring windows
// are counted.
func (p *Params) Dispersion(baseline []Tally, resolution int64, concurrently bool) float64 {
	e, n := Sum(baseline)
	if e == 0 || e >= n {
		return max(1, p.FleetDispersion)
	}
	rate := float64(e) / float64(n)
	phi := max(1, p.FleetDispersion)
	windows := baseline
	for _, cells := range [...]int64{1, 6, 30} {
		if (cells == 30 && concurrently) || (cells > 1 && !p.Guards.On(guardWideDispersion)) {
			break
		}
		if cells > 1 {
			windows = Regroup(make([]Tally, 0, len(baseline)/int(cells)+2), baseline, cells*resolution)
		}
		if cells < 30 && float64(e) < sparse*float64(len(windows)) && p.Guards.On(guardSparse) {
			continue
		}
		chi2, df := pearson(windows, rate)
		if concurrently {
			chi2, df = successive(windows, rate)
		}
		phi = max(phi, p.Shrunk(chi2, df))
	}
	if phi > 1 && !p.Guards.On(guardDispersion) {
		return 1
	}
	return phi
}

// Borrowed is φ of a question with its baseline. Where the baseline holds too few events to show in what bursts they come,
// that of the next lower threshold of the same requests stands in.
func (p *Params) Borrowed(phi, lower float64, baseline []Tally) float64 {
	if e, _ := Sum(baseline); float64(e) < 2*p.DispersionWeight && lower > phi && p.Guards.On(guardBorrowed) {
		return lower
	}
	return phi
}

// sparse is how many events a window must hold on average for χ² of such windows to say more than chance would: among
// nearly empty windows a single event is already an outlier.
const sparse = 0.5

// pearson is χ² of counts against one rate, with its degrees of freedom.
func pearson(windows []Tally, rate float64) (chi2, df float64) {
	variance := rate * (1 - rate)
	for _, w := range windows {
		n := float64(w.Exposure)
		d := float64(w.Events) - rate*n
		chi2 += d * d / (variance * n)
	}
	return chi2, float64(len(windows) - 1)
}

// successive is χ² of the differences of neighbours: it doesn't see a drift that is slow compared with the windows.
func successive(windows []Tally, rate float64) (chi2, df float64) {
	variance := rate * (1 - rate)
	for i := 1; i < len(windows); i++ {
		n, m := float64(windows[i-1].Exposure), float64(windows[i].Exposure)
		d := float64(windows[i].Events)/m - float64(windows[i-1].Events)/n
		chi2 += d * d / (variance * (1/n + 1/m))
	}
	return chi2, float64(len(windows) - 1)
}

// Scatter is φ of how the events of pairs fall on the two sides, given how many there are: Pearson's χ²/df of the split,
// of windows of 1 and 6 cells, shrunk as dispersion is.
func (p *Params) Scatter(pairs []Pair, h Hypothesis, resolution int64) float64 {
	phi := max(1, p.FleetDispersion)
	turned := make([]Pair, len(pairs))
	for i := range pairs {
		turned[i] = h.Turn(pairs[i])
	}
	for _, cells := range [...]int64{1, 6} {
		chi2, df := Split(turned, cells*resolution)
		phi = max(phi, p.Shrunk(chi2, df))
	}
	return phi
}

// Split is χ² of the two sides' events in windows of a width, against their ratio over all.
func Split(pairs []Pair, width int64) (chi2, df float64) {
	total := Totals(pairs)
	if total.ET == 0 || total.EC == 0 {
		return 0, 0
	}
	theta := total.ET / total.NT * total.NC / total.EC
	df = -1
	for from := 0; from < len(pairs); {
		to, end := from, pairs[from].At-Mod(pairs[from].At, width)+width
		for to < len(pairs) && pairs[to].At < end {
			to++
		}
		w := Totals(pairs[from:to])
		from = to
		if e := w.ET + w.EC; e > 0 && w.NT > 0 && w.NC > 0 {
			q := theta * w.NT / (theta*w.NT + w.NC)
			d := w.ET - e*q
			chi2, df = chi2+d*d/(e*q*(1-q)), df+1
		}
	}
	return chi2, max(0, df)
}

package expect

import (
	"cmp"
	"slices"

	"github.com/shipwake/shipwake/correlate/judge/evalue"
)

// Rollout is an earlier rollout of the service that is judged, or of the one whose change it is judged for: it is final,
// nobody took it back, and Until is when something else began.
type Rollout struct{ Start, Finish, Until int64 }

// WarmUp is by how much more frequent an event is after a rollout than it is once the service has warmed up, by age: a
// cold cache or a compiler at work, which went away by itself before and may be expected again. Factors are at least 1.
type WarmUp struct {
	width  int64     // of a step of age, seconds
	factor []float64 // of each step; 1 beyond the last
}

const (
	// warming is for how long after its completion a rollout may have warmed up.
	warming = 1200
	// afterMost and afterLeast are for how long after that, at most and at least, the warm service is looked at.
	afterMost, afterLeast = 1800, 600
	// hardlyAny is the factor below which nothing is known of a warm-up.
	hardlyAny = 1.15
)

// WarmUpOf learns from earlier rollouts; nil when they are fewer than p.WarmUps, or never showed a warm-up. Of each age
// it takes what the upper quarter of them, and at least two, went beyond: a trouble that one of them had is no habit.
func WarmUpOf(history []evalue.Tally, width int64, earlier []Rollout, p *Params) *WarmUp {
	if len(history) == 0 || len(earlier) < p.WarmUps {
		return nil
	}
	s := newSums(history, width)
	var all [][]float64
	steps := 0
	for _, r := range earlier {
		if f := s.warming(r); f != nil {
			all = append(all, f)
			steps = max(steps, len(f))
		}
	}
	if len(all) < p.WarmUps {
		return nil
	}
	w := &WarmUp{width: width}
	for k := range steps {
		of := make([]float64, len(all))
		for i, f := range all {
			if of[i] = 1; k < len(f) {
				of[i] = f[k]
			}
		}
		slices.SortFunc(of, func(a, b float64) int { return cmp.Compare(b, a) })
		f := min(of[max(1, (len(of)-1)/4)], p.Catastrophe)
		if f < hardlyAny {
			f = 1
		}
		w.factor = append(w.factor, f)
	}
	for len(w.factor) > 0 && w.factor[len(w.factor)-1] == 1 {
		w.factor = w.factor[:len(w.factor)-1]
	}
	if len(w.factor) == 0 || !p.Guards.On(guardWarmUp) {
		return nil
	}
	return w
}

// warming is by how much more frequent the event was after one rollout, by steps of age, than in the hour before it and
// than afterwards, whichever was more: what stays is no warm-up. nil when there is too little to tell.
//
// Cells don't begin when rollouts do. What one holds beyond the usual is all taken to have come after the start, and
// each age is given the largest factor of the cells that it touches.
func (s *sums) warming(r Rollout) []float64 {
	const before = 3600
	w := s.width
	start, over := r.Start-evalue.Mod(r.Start, w), evalue.RoundUpTo(max(r.Finish, r.Start)+warming, w)
	e0, n0 := s.of(evalue.Span{From: start - before, To: start})
	until := min(over+afterMost, r.Until)
	e1, n1 := s.of(evalue.Span{From: over, To: until - evalue.Mod(until, w)})
	if n0 == 0 || n1 == 0 || until-over < afterLeast {
		return nil
	}
	usual := max(e0/n0, e1/n1)
	out := make([]float64, (over-r.Start+w-1)/w)
	for i := range out {
		out[i] = 1
	}
	for from := start; from < over; {
		in := evalue.Span{From: from, To: from + w}
		if in.From < r.Start && 2*(in.To-r.Start) < w {
			in.To += w // too little of it lies after the start
		}
		e, n := s.of(in)
		since := max(in.From, r.Start)
		expected := usual * n * float64(in.To-since) / float64(in.Length())
		f := (e - usual*n + expected + smoothing) / (expected + smoothing)
		for k := (since - r.Start) / w; k*w < in.To-r.Start && k < int64(len(out)); k++ {
			out[k] = max(out[k], f)
		}
		from = in.To
	}
	return out
}

// At is the factor so many seconds after the start of a rollout.
func (w *WarmUp) At(age int64) float64 {
	if k := age / w.width; age >= 0 && k < int64(len(w.factor)) {
		return w.factor[k]
	}
	return 1
}

// Coldest is the largest factor, and for how many seconds altogether there was any.
func (w *WarmUp) Coldest() (factor float64, lasts int64) {
	for _, f := range w.factor {
		if factor = max(factor, f); f > 1 {
			lasts += w.width
		}
	}
	return factor, lasts
}

package cells

import (
	"cmp"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/window"
)

// sparse is for how long fine buckets stay when even an hour of them is too much, in buckets.
const sparse = 60

// Held is what must not be forgotten as readily.
type Held struct {
	Open map[correlate.Place]bool // places with an open observation window
	From int64                    // fine cells that start before this go in the course of time
}

// rationing is one time at which memory is short.
type rationing struct {
	st      *Store
	end     int64
	open    map[correlate.Place]bool
	weights []weight
	total   int64
	list    []correlate.Forgetting
	listed  map[part]int // the place of each in list
}

// part is a part of what is known of a place.
type part struct {
	correlate.Place
	what string
}

// ration brings the store back under its budget when it is beyond at the end of a coarse bucket. What it forgets is a
// function of what was measured before that instant, and is returned, so that a restored store can forget the same. It
// goes in this order, the largest first:
//  1. what tells requests apart, of services without an open window,
//  2. of the others,
//  3. versions, of services without an open window; and so on with these services:
//  4. all of those that have been silent for as long as a change is compared with, the longest silent first,
//  5. fine buckets older than that,
//  6. rollups older than a day,
//  7. fine buckets older than ten minutes,
//  8. whole services, the newest first; then new ones share one name until there is room again.
func (st *Store) ration(end int64, open map[correlate.Place]bool) []correlate.Forgetting {
	r := rationing{st: st, end: end, open: open, listed: map[part]int{}}
	if st.bytes > st.cfg.Budget || st.full {
		r.weigh(0, 0)
		switch {
		case r.total > st.cfg.Budget:
			r.reduce(st.cfg.Budget)
		case r.total <= st.cfg.Budget/8*7:
			st.full = false
		}
	}
	return r.list
}

// reduce carries out the steps of ration.
func (r *rationing) reduce(budget int64) {
	const day = 24 * 3600
	cfg, end, goal := &r.st.cfg, r.end, budget/8*7
	silent := window.Floor(end-cfg.Baseline-cfg.Lateness, cfg.Coarse)
	recent := window.Floor(end-sparse*cfg.Resolution, cfg.Coarse)
	r.drop(goal, correlate.LostOperations, end, r.isOpen(false), operationsOf)
	r.drop(goal, correlate.LostOperations, end, r.isOpen(true), operationsOf)
	r.drop(goal, correlate.LostVersions, end, r.isOpen(false), versionsOf)
	r.evict(goal, func(w *weight) bool { return !r.open[w.Place] && w.last < silent },
		func(a, b *weight) int { return cmp.Compare(a.last, b.last) })
	r.weigh(silent, 0)
	r.drop(goal, correlate.LostBuckets, silent, r.isOpen(false), fineOf)
	r.weigh(0, end-day)
	r.drop(goal, correlate.LostRollups, window.Floor(end-day, cfg.Coarse), r.isOpen(false), coarseOf)
	r.weigh(recent, 0)
	r.drop(goal, correlate.LostBuckets, recent, r.isOpen(false), fineOf)
	r.weigh(0, 0)
	if r.st.full = r.total > budget; r.st.full {
		r.evict(budget/4*3, r.isOpen(false), func(a, b *weight) int { return cmp.Compare(b.first, a.first) })
	}
}

func (r *rationing) isOpen(open bool) func(*weight) bool {
	return func(w *weight) bool { return r.open[w.Place] == open }
}

func operationsOf(w *weight) taken { return w.operations }
func versionsOf(w *weight) taken   { return w.versions }
func fineOf(w *weight) taken       { return w.fine }
func coarseOf(w *weight) taken     { return w.coarse }

func (r *rationing) weigh(fineFrom, coarseFrom int64) {
	r.weights, r.total = r.weights[:0], 0
	for p, s := range r.st.services {
		if w := s.weigh(p, bounds{r.end, fineFrom, coarseFrom}); w.all > 0 {
			r.weights = append(r.weights, w)
			r.total += w.all
		}
	}
}

// drop forgets one part of as many services as it takes to reach the goal, the largest first.
func (r *rationing) drop(goal int64, what string, before int64, which func(*weight) bool, of func(*weight) taken) {
	largest := func(a, b *weight) int { return cmp.Compare(of(b).bytes, of(a).bytes) }
	for _, w := range r.chosen(goal, which, largest) {
		if r.total <= goal {
			break
		}
		if t := of(w); t.cells > 0 {
			r.st.forget(w.Place, what, before)
			r.note(w.Place, what, before, t)
			r.total -= t.bytes
		}
	}
	r.weigh(0, 0)
}

// evict forgets all of as many services as it takes to reach the goal.
func (r *rationing) evict(goal int64, which func(*weight) bool, order func(a, b *weight) int) {
	for _, w := range r.chosen(goal, which, order) {
		if r.total <= goal {
			break
		}
		if w.Service == correlate.Overflow {
			continue
		}
		freed := r.st.forget(w.Place, correlate.LostServices, r.end)
		r.note(w.Place, correlate.LostServices, r.end, freed)
		r.total -= w.all
	}
	r.weigh(0, 0)
}

func (r *rationing) chosen(goal int64, which func(*weight) bool, order func(a, b *weight) int) []*weight {
	if r.total <= goal {
		return nil
	}
	var list []*weight
	for i := range r.weights {
		if which(&r.weights[i]) {
			list = append(list, &r.weights[i])
		}
	}
	slices.SortFunc(list, func(a, b *weight) int { return cmp.Or(order(a, b), a.Compare(b.Place)) })
	return list
}

// note lists what was forgotten, once for each part of a place.
func (r *rationing) note(p correlate.Place, what string, before int64, t taken) {
	i, known := r.listed[part{p, what}]
	if !known {
		i = len(r.list)
		r.listed[part{p, what}] = i
		r.list = append(r.list, correlate.Forgetting{Place: p, What: what})
	}
	f := &r.list[i]
	f.Before, f.Cells = max(f.Before, before), f.Cells+t.cells
}

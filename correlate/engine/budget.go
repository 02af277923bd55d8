package engine

import (
	"cmp"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/window"
)

// Memory is what the store takes and may take.
type Memory struct {
	Bytes, Budget int64
	Services      int
	Series        int  // all of them
	Apart         int  // those that tell versions and parts of the requests apart
	Full          bool // new services are not told apart
}

// Memory is what the store takes now.
func (e *Engine) Memory() Memory {
	st := e.store
	return Memory{
		Bytes: st.bytes, Budget: e.cfg.Memory, Services: len(st.services), Series: st.series, Apart: st.apart, Full: st.full,
	}
}

// sparse is for how long fine buckets stay when even an hour of them is too much, in buckets.
const sparse = 60

// ration brings the store back under its budget when it is beyond at the end of a coarse bucket. What it forgets is a
// function of what was measured before that instant, and is returned as measurements, by which a restored engine
// forgets the same. It goes in this order, the largest first:
//  1. what tells requests apart, of services without an open window,
//  2. of the others,
//  3. versions, of services without an open window; and so on with these services:
//  4. all of those that have been silent for as long as a change is compared with, the longest silent first,
//  5. fine buckets older than that,
//  6. rollups older than a day,
//  7. fine buckets older than ten minutes,
//  8. whole services, the newest first; then new ones share one name until there is room again.
func (e *Engine) ration(end int64) []correlate.Measurement {
	if e.cfg.Memory <= 0 {
		return nil
	}
	r := rationing{e: e, end: end, open: map[place]bool{}, marked: map[correlate.Key]int{}}
	if e.store.bytes > e.cfg.Memory || e.store.full {
		r.ration(e.cfg.Memory)
	}
	if len(r.marks) > 0 {
		e.deriveAgain()
	}
	if e.store.full {
		r.mark(place{correlate.Overflow, correlate.DefaultEnvironment}, correlate.LostServices, 0, taken{})
	}
	e.watchNoMore()
	r.mark(everybody, correlate.LostBuckets, e.oldestNeeded(window.Floor(e.mark.At, e.cfg.Coarse)), taken{}) // what is forgotten in the course of time
	return r.marks
}

func (r *rationing) ration(budget int64) {
	e, end := r.e, r.end
	for _, c := range e.changes {
		if c.rec.Phase == correlate.PhaseObserving {
			r.open[c.place()] = true
		}
	}
	silent := window.Floor(end-e.cfg.Baseline-e.cfg.Lateness, e.cfg.Coarse)
	r.weigh(0, 0)
	if r.total > budget {
		const day = 24 * 3600
		goal := budget / 8 * 7
		r.drop(goal, correlate.LostOperations, end, r.closed, byBytes(operationsOf))
		r.drop(goal, correlate.LostOperations, end, r.isOpen, byBytes(operationsOf))
		r.drop(goal, correlate.LostVersions, end, r.closed, byBytes(versionsOf))
		r.evict(goal, func(w *weight) bool { return r.closed(w) && w.last < silent }, func(a, b *weight) int { return cmp.Compare(a.last, b.last) })
		r.weigh(silent, 0)
		r.drop(goal, correlate.LostBuckets, silent, r.closed, byBytes(fineOf))
		r.weigh(0, end-day)
		r.drop(goal, correlate.LostRollups, window.Floor(end-day, e.cfg.Coarse), r.closed, byBytes(coarseOf))
		recent := window.Floor(end-sparse*e.cfg.Resolution, e.cfg.Coarse)
		r.weigh(recent, 0)
		r.drop(goal, correlate.LostBuckets, recent, r.closed, byBytes(fineOf))
		r.weigh(0, 0)
		e.store.full = r.total > budget
		if e.store.full {
			r.evict(budget/4*3, r.closed, func(a, b *weight) int { return cmp.Compare(b.first, a.first) })
		}
	} else if r.total <= budget/8*7 {
		e.store.full = false
	}
}

// deriveAgain forgets what was derived from measurements: it is to be derived from what is left of them.
func (e *Engine) deriveAgain() {
	clear(e.past)
	clear(e.neighbours)
	for _, c := range e.changes {
		c.watch, c.assessed, c.between = nil, assessed{}, assessed{}
	}
	e.lookAgain()
}

// rationing is one time at which memory is short.
type rationing struct {
	e       *Engine
	end     int64
	open    map[place]bool
	weights []weight
	total   int64
	marks   []correlate.Measurement
	marked  map[correlate.Key]int // the place of each in marks
}

func (r *rationing) closed(w *weight) bool { return !r.open[w.place] }
func (r *rationing) isOpen(w *weight) bool { return r.open[w.place] }

func (r *rationing) weigh(fineFrom, coarseFrom int64) {
	r.weights, r.total = r.weights[:0], 0
	for p, s := range r.e.store.services {
		if w := s.weigh(p, r.end, fineFrom, coarseFrom); w.all > 0 {
			r.weights = append(r.weights, w)
			r.total += w.all
		}
	}
}

func operationsOf(w *weight) taken { return w.operations }
func versionsOf(w *weight) taken   { return w.versions }
func fineOf(w *weight) taken       { return w.fine }
func coarseOf(w *weight) taken     { return w.coarse }

// part is what of a service is to go, and in which order.
type part struct {
	of    func(*weight) taken
	order func(a, b *weight) int
}

func byBytes(of func(*weight) taken) part {
	return part{of, func(a, b *weight) int { return cmp.Compare(of(b).bytes, of(a).bytes) }}
}

// drop forgets one part of as many services as it takes to reach the goal.
func (r *rationing) drop(goal int64, what string, before int64, which func(*weight) bool, p part) {
	for _, w := range r.chosen(goal, which, p.order) {
		if r.total <= goal {
			break
		}
		if t := p.of(w); t.cells > 0 {
			r.e.store.forget(w.place, what, before)
			r.mark(w.place, what, before, t)
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
		freed := r.e.store.forget(w.place, correlate.LostServices, r.end)
		r.mark(w.place, correlate.LostServices, r.end, freed)
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
	slices.SortFunc(list, func(a, b *weight) int { return cmp.Or(order(a, b), a.place.compare(b.place)) })
	return list
}

// mark says what was forgotten, once for each part of a service.
func (r *rationing) mark(p place, what string, before int64, t taken) {
	k := correlate.Key{Service: p.Service, Environment: p.Environment, Kind: correlate.Forgotten, Name: what}
	i, known := r.marked[k]
	if !known {
		i = len(r.marks)
		r.marked[k] = i
		r.marks = append(r.marks, correlate.Measurement{Key: k, Cell: correlate.Cell{Start: r.end - r.e.cfg.Coarse}})
	}
	m := &r.marks[i]
	m.Sum, m.N = max(m.Sum, before), m.N+t.cells
}

// restoreForgotten forgets what was forgotten before.
func (st *store) restoreForgotten(m correlate.Measurement) {
	switch {
	case m.Service == correlate.Overflow && m.Name == correlate.LostServices:
		st.full = true
		return
	case m.Service == "":
		st.floor = max(st.floor, m.Sum)
		return
	}
	st.forget(place{m.Service, m.Environment}, m.Name, m.Sum)
}

// Fold brings the measurements of services that are not told apart, while there is no room for new ones, under one
// name: their totals alone, and in callers' views the name that stands for further callees. It must come before
// measurements are stored and applied. The slice is the caller's and is overwritten.
func (e *Engine) Fold(cells []correlate.Measurement) []correlate.Measurement {
	if !e.store.full {
		return cells
	}
	kept := cells[:0]
	folded := map[int64]int64{} // requests by bucket
	for _, m := range cells {
		if m.Kind == correlate.Edge && m.Peer != "" && e.store.services[place{m.Peer, m.Environment}] == nil {
			m.Peer = correlate.Folded
		}
		if m.Kind == correlate.Lost || m.Service == correlate.Overflow || e.store.services[place{m.Service, m.Environment}] != nil {
			kept = append(kept, m)
			continue
		}
		if m.Kind == correlate.Traffic || m.Kind == correlate.Log {
			m.Service, m.Environment, m.Version = correlate.Overflow, correlate.DefaultEnvironment, ""
			folded[m.Start] += m.Requests
			kept = append(kept, m)
		}
	}
	kept = gather(kept)
	for start, n := range folded {
		kept = append(kept, correlate.Measurement{
			Key: correlate.Key{
				Service: correlate.Overflow, Environment: correlate.DefaultEnvironment, Kind: correlate.Lost, Name: correlate.LostServices,
			},
			Cell: correlate.Cell{Start: start, Requests: n},
		})
	}
	slices.SortFunc(kept, byKeyAndStart)
	return kept
}

func byKeyAndStart(a, b correlate.Measurement) int {
	return cmp.Or(a.Key.Compare(b.Key), cmp.Compare(a.Start, b.Start))
}

// gather adds up the cells of one key and start.
func gather(cells []correlate.Measurement) []correlate.Measurement {
	slices.SortFunc(cells, byKeyAndStart)
	n := 0
	for _, m := range cells {
		if n > 0 && byKeyAndStart(cells[n-1], m) == 0 {
			cells[n-1].Cell.Merge(m.Cell)
			continue
		}
		cells[n] = m
		n++
	}
	return cells[:n]
}

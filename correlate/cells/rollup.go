package cells

import (
	"cmp"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// Close closes the coarse buckets that end by an instant, a multiple of their width, and returns those with anything in
// them. Then it brings the store back under its budget; forgot says that this took something away. What it took is listed
// in the last rollup, as is whether there is room for new services.
func (st *Store) Close(end int64, held func() Held) (closed []correlate.Rollup, forgot bool) {
	if st.closed == 0 {
		st.closed = st.oldestRollup(end)
	}
	if st.closed >= end {
		st.closed = end
		return nil, false
	}
	st.bytes += st.pack(st.services, end)
	st.bytes += st.packRollups(st.services, end)
	if st.cfg.Budget <= 0 {
		closed = st.rollups(end)
		st.closed = end
		return closed, false
	}
	keep, wasFull := held(), st.full
	forgotten := st.ration(end, keep.Open)
	forgot = len(forgotten) > 0
	closed = st.rollups(end)
	last := end - st.cfg.Coarse
	filled := len(closed) > 0 && closed[len(closed)-1].Start == last
	if !filled && (forgot || wasFull || st.full) {
		closed, filled = append(closed, correlate.Rollup{Start: last}), true
	}
	if filled {
		closed[len(closed)-1].Forgotten = complete(forgotten, keep.From, st.full)
	}
	st.closed = end
	return closed, forgot
}

// complete adds what goes without memory being short: fine cells in the course of time. And it says when a store is full.
func complete(list []correlate.Forgetting, from int64, full bool) []correlate.Forgetting {
	list = append(list, correlate.Forgetting{What: correlate.LostBuckets, Before: from})
	if full {
		list = append(list, correlate.Forgetting{
			Place: correlate.Place{Service: correlate.Overflow, Environment: correlate.DefaultEnvironment}, What: correlate.LostServices,
		})
	}
	slices.SortFunc(list, correlate.Forgetting.Compare)
	return list
}

// rollups are the coarse buckets that end by an instant and were not closed before, oldest first, with copies of their
// cells. It takes time by what there is, not by the time that lies between.
func (st *Store) rollups(end int64) []correlate.Rollup {
	at := map[int64]int{} // the place of each start in all
	var all []correlate.Rollup
	for p, s := range st.services {
		for k, str := range s.streams {
			for _, c := range str.coarse.copied(max(st.closed, str.measured), end) {
				i, known := at[c.Start]
				if !known {
					i = len(all)
					at[c.Start] = i
					all = append(all, correlate.Rollup{Start: c.Start})
				}
				all[i].Cells = append(all[i].Cells, correlate.Measurement{Key: k.of(p), Cell: c})
			}
		}
	}
	for _, r := range all {
		slices.SortFunc(r.Cells, func(a, b correlate.Measurement) int { return a.Key.Compare(b.Key) })
	}
	slices.SortFunc(all, func(a, b correlate.Rollup) int { return cmp.Compare(a.Start, b.Start) })
	return all
}

func (k Key) of(p correlate.Place) correlate.Key {
	return correlate.Key{
		Service: p.Service, Environment: p.Environment, Kind: k.Kind, Origin: k.Origin, Name: k.Name, Peer: k.Peer,
	}
}

// oldestRollup is when the first coarse bucket starts in which anything was measured, at most an instant.
func (st *Store) oldestRollup(end int64) int64 {
	for _, s := range st.services {
		for _, str := range s.streams {
			if first, ok := str.coarse.first(); ok {
				end = min(end, max(first, str.measured))
			}
		}
	}
	return end
}

package cells

import (
	"cmp"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// Fold brings the measurements of services that are not told apart, while there is no room for new ones, under one
// name: their totals alone, and in callers' views the name that stands for further callees. It must come before
// measurements are stored and added. The slice is the caller's and is overwritten.
func (st *Store) Fold(cells []correlate.Measurement) []correlate.Measurement {
	if !st.full {
		return cells
	}
	kept := cells[:0]
	folded := map[int64]int64{} // requests by bucket
	for _, m := range cells {
		if m.Kind == correlate.Edge && m.Peer != "" && !st.tellsApart(m.Peer, m.Environment) {
			m.Peer = correlate.Folded
		}
		switch {
		case m.Kind == correlate.Lost || m.Service == correlate.Overflow || st.tellsApart(m.Service, m.Environment):
			kept = append(kept, m)
		case m.Kind == correlate.Traffic || m.Kind == correlate.Log:
			m.Service, m.Environment, m.Version = correlate.Overflow, correlate.DefaultEnvironment, ""
			folded[m.Start] += m.Requests
			kept = append(kept, m)
		}
	}
	kept = gather(kept)
	for start, n := range folded {
		kept = append(kept, overflowed(start, n))
	}
	slices.SortFunc(kept, byKeyAndStart)
	return kept
}

func (st *Store) tellsApart(service, environment string) bool {
	return st.services[correlate.Place{Service: service, Environment: environment}] != nil
}

// overflowed says how many requests were of services that are not told apart.
func overflowed(start, requests int64) correlate.Measurement {
	return correlate.Measurement{
		Key: correlate.Key{
			Service: correlate.Overflow, Environment: correlate.DefaultEnvironment, Kind: correlate.Lost, Name: correlate.LostServices,
		},
		Cell: correlate.Cell{Start: start, Requests: requests},
	}
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

package observe

import (
	"maps"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// Fault is a regression that is seen on a place.
type Fault struct {
	Place            correlate.Place
	Signal           string
	Onset, Recovered int64 // Unix seconds; Recovered 0 while it lasts
}

// until is up to when a fault is looked at, at most an instant.
func (f *Fault) until(t int64) int64 {
	if f.Recovered > 0 {
		return min(t, f.Recovered)
	}
	return t
}

// Around is what was seen at an instant on the services around the watched changes.
type Around struct {
	At     int64
	Faults []Fault
	From   map[correlate.Place]int64 // since when each service without a change at fault was looked at
	Places []correlate.Place         // those services in order
}

// NewAround is a look at an instant at services, each since another one.
func NewAround(at int64, from map[correlate.Place]int64) Around {
	return Around{At: at, From: from, Places: slices.SortedFunc(maps.Keys(from), correlate.Place.Compare)}
}

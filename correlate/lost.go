package correlate

import (
	"cmp"
	"strings"
)

// What may be lost or forgotten for lack of memory, as the name of a Lost measurement or of a Forgetting, in the order
// in which it goes. Facts are never among it, nor are the totals of a service with an open window.
const (
	LostOperations = "operations" // what tells the requests of a service apart: routes, zones, callees, traces
	LostSignals    = "signals"    // exceptions, saturation and custom signals
	LostVersions   = "versions"   // which version served
	LostBuckets    = "buckets"    // fine buckets
	LostRollups    = "rollups"    // buckets of earlier days
	LostStreams    = "streams"    // cumulative counters, so that increases aren't known
	LostServices   = "services"   // services that are told apart no longer
	LostShed       = "shed"       // requests that were refused and may be sent again
	LostRefused    = "refused"    // requests that were refused and may not
	LostScrapes    = "scrapes"    // what a process would have told that didn't answer
)

// Use is how much there is of a class of what is bounded, and how much there may be; 0 when only memory bounds it.
type Use struct {
	Class      string
	Used, Most int64
}

// Forgetting is a part of what was measured that is kept no longer. Of no place it is what goes in the course of time. Of
// the place Overflow it says that new services are not told apart.
type Forgetting struct {
	Place
	What   string // one of LostOperations and its like
	Before int64  // Unix seconds; what starts earlier is gone for good
	Cells  int64  // how many that were
}

// Compare orders forgettings by place, then by what was forgotten.
func (f Forgetting) Compare(o Forgetting) int {
	return cmp.Or(f.Place.Compare(o.Place), strings.Compare(f.What, o.What))
}

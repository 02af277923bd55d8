package correlate

// What may be lost or forgotten for lack of memory, as the name of a Lost or Forgotten measurement, in the order in which
// it goes. Facts are never among it, nor are the totals of a service with an open window.
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
)

// Use is how much there is of a class of what is bounded, and how much there may be; 0 when only memory bounds it.
type Use struct {
	Class      string
	Used, Most int64
}

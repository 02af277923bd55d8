package correlate

import (
	"cmp"
	"strings"
)

// SignalKind says what a measurement counts.
type SignalKind uint8

// The kinds of measurement, and what the fields of a Cell mean for each.
const (
	// Traffic: requests served. Requests, Errors, Latency. Of requests that a sender told in buckets, N are those of which
	// it also told how long they took together, the fixed-point Sum in seconds: Latency can't show what moves within a
	// bucket, their mean does. So for Edge, Zone and Route.
	Traffic SignalKind = iota + 1
	// Edge: requests from Key.Service to Key.Peer. Requests, Errors, Latency. Key.Version is the caller's version
	// when the caller reported it, and Key.Name is the callee's version when the callee did.
	Edge
	// Log: records. Requests counts records, Errors those at severity ERROR or above.
	Log
	// Exception: records or span events of the exception type Key.Name. Errors counts them. Errors that are logged without a
	// type go by their message: then the name begins with Message.
	Exception
	// Gauge: a custom signal Key.Name. N samples with the fixed-point Sum.
	Gauge
	// Rate: a custom counter Key.Name. Sum is its fixed-point increase, N the number of increments seen.
	Rate
	// Ratio: a custom signal Key.Name. Sum is the fixed-point numerator, N the fixed-point denominator.
	Ratio
	// Distribution: a custom histogram Key.Name. Requests counts samples, Latency holds them as if the unit were
	// nanoseconds after multiplying by Fixed.
	Distribution
	// Saturation: CPU, memory and the like, Key.Name. N samples with the fixed-point Sum; of Restarts, the Sum is how many
	// there were. It convicts only where instances restart out of a full memory.
	Saturation
	// Zone: the same requests as Traffic, of the availability zone or cluster Key.Name. Counted only for services that
	// run in more than one.
	Zone
	// Trace: requests to Key.Service in traces in which the version Key.Name of another service, Key.Peer, served too.
	// Requests, Errors. Only while Key.Peer serves several versions, one of them new.
	Trace
	// Route: the same requests as Traffic of the same Origin, those of the route Key.Name. Requests, Errors, Latency.
	// Rarely used routes beyond the bound of what is told apart share the name Folded.
	Route
	// Lost: what was received of Key.Service, or of all services when it is "", and not taken in, in the bucket; Key.Name
	// says what, see LostServices and its like. Requests counts the records where they were counted.
	Lost
	// The ledger's codec writes a Forgetting under this number.
	_
)

// Folded is the name that is shared by what goes beyond a bound of names, Overflow the service that services beyond a
// bound share.
const (
	Folded   = "__other__"
	Overflow = "__overflow__"
)

// Restarts is the Saturation that counts how often instances were started again in their place.
const Restarts = "restarts"

// Message begins the names of logged errors that tell no type of exception, before the words that their messages share.
const Message = "log "

// Fixed is the scale of fixed-point sums: 1.0 is stored as 1,000,000.
const Fixed = 1_000_000

// Origin says which instrumentation counted. Two origins may describe the same requests, so they are never added up; a
// reader takes one of them for all of a comparison, the finest that tells all of the requests; see package observe.
type Origin uint8

// The origins, most trusted first.
const (
	OriginServerMetric Origin = iota + 1 // http.server.request.duration
	OriginRPCMetric                      // rpc.server.duration and rpc.server.call.duration
	OriginSpanMetrics                    // the Collector's span-metrics connector
	OriginSpan                           // server and consumer spans
	OriginServiceGraph                   // the service-graph connector, seen by the server
	OriginClient                         // the caller's own view by metrics: http.client.request.duration and rpc.client.duration
	OriginLog
	OriginCustom
	OriginClientSpan // the caller's own view by client and producer spans: the same calls as OriginClient
)

// Key names what a cell counts.
type Key struct {
	Service     string
	Environment string
	Version     string // service.version, "" when the sender doesn't say
	Kind        SignalKind
	Origin      Origin
	Name        string // see SignalKind
	Peer        string // the callee, edges only
}

// Compare orders keys, so that results never depend on the order of a map.
func (k Key) Compare(o Key) int {
	return cmp.Or(
		cmp.Compare(k.Service, o.Service), cmp.Compare(k.Environment, o.Environment),
		cmp.Compare(k.Kind, o.Kind), cmp.Compare(k.Origin, o.Origin),
		cmp.Compare(k.Name, o.Name), cmp.Compare(k.Peer, o.Peer), cmp.Compare(k.Version, o.Version))
}

// Cell is one bucket of event time: what was counted in [Start, Start+resolution). Everything in it is an integer, so
// merging is commutative and associative to the bit.
type Cell struct {
	Start    int64 // Unix seconds, a multiple of the resolution
	Requests int64
	Errors   int64
	Sum      int64 // fixed-point, see Fixed
	N        int64
	Latency  Histogram
}

// Merge adds another cell of the same key and Start.
func (c *Cell) Merge(o Cell) {
	c.Requests += o.Requests
	c.Errors += o.Errors
	c.Sum += o.Sum
	c.N += o.N
	c.Latency.Merge(o.Latency)
}

// CellsBetween is the cells with from <= Start < to of some that are sorted by Start. The result shares memory with them
// and may be appended to without harm.
func CellsBetween(cells []Cell, from, to int64) []Cell {
	lo := firstCell(cells, 0, from)
	hi := firstCell(cells, lo, to)
	return cells[lo:hi:hi]
}

// firstCell is the first cell that starts at or after an instant, from the given one on. It looks at the ends first, where
// most that is asked for lies, and then where the cell is if they are evenly spaced, as most are. It is called more often than
// anything, so it copies no cell.
func firstCell(cells []Cell, lo int, start int64) int {
	hi := len(cells)
	if lo >= hi || cells[hi-1].Start < start {
		return hi
	}
	if cells[lo].Start >= start {
		return lo
	}
	guess := Interpolate(lo, hi-1, cells[lo].Start, cells[hi-1].Start, start)
	if cells[guess].Start >= start {
		if hi = guess; cells[hi-1].Start < start {
			return hi
		}
	} else if lo = guess + 1; cells[lo].Start >= start {
		return lo
	}
	for lo < hi {
		if mid := (lo + hi) / 2; cells[mid].Start < start {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// Interpolate is about where a value lies among sorted ones, when they are evenly spaced: behind the place lo of the least of
// them, which is less than the value, and at most at the place hi of the largest, which isn't.
func Interpolate(lo, hi int, least, largest, value int64) int {
	part := float64(value-least) / float64(largest-least)
	return min(max(lo+int(part*float64(hi-lo)+0.5), lo+1), hi)
}

// Measurement is a cell together with what it counts: the unit in which telemetry reaches the engine.
type Measurement struct {
	Key
	Cell
}

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

package expect

import (
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
)

// Thousandths is how many exposures a request is where calls are counted, since it may make several.
const Thousandths = 1000

// CallsOf counts the calls of a service by the thousandths of the requests that it served, in windows of a width in seconds.
// What it calls in a window in which nobody asks it for anything is not on their behalf.
func CallsOf(calls, requests []correlate.Cell, width int64) []evalue.Tally {
	windows := evalue.Regroup(nil, evalue.Tallies(nil, requests, served), width)
	at := 0
	for i := range calls {
		start := calls[i].Start - evalue.Mod(calls[i].Start, width)
		for at < len(windows) && windows[at].At < start {
			at++
		}
		if at < len(windows) && windows[at].At == start {
			windows[at].Events += calls[i].Requests
		}
	}
	return windows
}

// CallsSum is the sum of CallsOf.
func CallsSum(calls, requests []correlate.Cell, width int64) (events, exposure int64) {
	next := 0
	for i := range requests {
		if requests[i].Requests <= 0 {
			continue
		}
		exposure += Thousandths * requests[i].Requests
		from := requests[i].Start - evalue.Mod(requests[i].Start, width)
		for ; next < len(calls) && calls[next].Start < from+width; next++ {
			if calls[next].Start >= from {
				events += calls[next].Requests
			}
		}
	}
	return events, exposure
}

func served(c *correlate.Cell) (events, exposure int64) { return 0, Thousandths * c.Requests }

// Range is the fewest and the most calls a thousandth of a request in any of some windows, with what it was elsewhere.
func Range(windows []evalue.Tally, least, most float64) (float64, float64) {
	for i := range windows {
		if windows[i].Exposure > 0 {
			calls := evalue.Ratio(float64(windows[i].Events), float64(windows[i].Exposure))
			least, most = min(least, calls), max(most, calls)
		}
	}
	return least, most
}

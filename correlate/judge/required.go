package judge

import (
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// required are the families that must be proven harmless before a change is healthy, by what is known of the service: the
// errors of its requests, their latency where that is told, and where no requests are, its custom signals. A service of
// which none of these is known is never healthy.
func (t *trial) required() (of [families]bool) {
	for i := range t.c.Streams {
		s := &t.c.Streams[i]
		switch {
		case inquiryOf(s.Kind).slow:
			of[familyErrors] = of[familyErrors] || s.any(func(c *correlate.Cell) bool { return c.Requests > 0 })
			of[familyLatency] = of[familyLatency] || s.any(func(c *correlate.Cell) bool { return len(c.Latency) > 0 })
		case isValue(s.Kind):
			of[familyCustom] = true
		}
	}
	of[familyCustom] = of[familyCustom] && !of[familyErrors]
	return of
}

// any says whether some cell of a stream is such, before the change or since.
func (s *Stream) any(such func(*correlate.Cell) bool) bool {
	in := func(cells []correlate.Cell) bool {
		for i := range cells {
			if such(&cells[i]) {
				return true
			}
		}
		return false
	}
	return in(s.Whole) || in(s.New) || in(s.History)
}

// isValue says that a signal is a value and not a count.
func isValue(kind correlate.SignalKind) bool {
	return slices.Contains([]correlate.SignalKind{correlate.Gauge, correlate.Rate, correlate.Ratio, correlate.Distribution}, kind)
}

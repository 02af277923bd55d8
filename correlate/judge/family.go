package judge

import (
	"math"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/correlate"
)

// family is a group of signals that ask the same question: their e-values are averaged, and a family spends its own
// share of alpha.
type family uint8

const (
	familyErrors family = iota
	familyLatency
	familyLogs
	familyExceptions
	familyTraffic
	familyCustom
	familySaturation
	families
	supporting // never convicts and blocks nothing
)

// question is what sets one family apart from the others.
type question struct {
	reason correlate.Reason // of a verdict that it convicts with
	weight func(*Weights) float64
	// routed: its events are of requests, so that what is expected of them hangs on the mix of routes.
	routed bool
	// bars says that a rise which is too small to convict still bars an acquittal; nil when none does.
	bars func(*Params, *finding) bool
	// about says whether it is what a signal of another service is about; nil for families that others aren't asked about.
	about func(signal string) bool
}

// asked is the table of questions, by family. A rise hurts, except of throughput, where a fall does, and of values, whose
// direction the configuration says.
var asked = [families]question{
	familyErrors: {
		reason: correlate.ReasonErrorRatio, weight: func(w *Weights) float64 { return w.Errors },
		routed: true, bars: risen, about: ofErrors,
	},
	familyLatency: {
		reason: correlate.ReasonLatency, weight: func(w *Weights) float64 { return w.Latency },
		routed: true, about: ofLatency,
	},
	familyLogs:       {reason: correlate.ReasonLogErrors, weight: func(w *Weights) float64 { return w.Logs }, routed: true},
	familyExceptions: {reason: correlate.ReasonNewException, weight: func(w *Weights) float64 { return w.Exceptions }},
	familyTraffic:    {reason: correlate.ReasonThroughput, weight: func(w *Weights) float64 { return w.Traffic }, bars: lost},
	familyCustom:     {reason: correlate.ReasonCustomSignal, weight: func(w *Weights) float64 { return w.Custom }},
	familySaturation: {reason: correlate.ReasonSaturation, weight: func(w *Weights) float64 { return w.Saturation }},
}

func ofLatency(signal string) bool { return strings.Contains(signal, "latency") }

func ofErrors(signal string) bool {
	return !ofLatency(signal) && (strings.Contains(signal, "error") || correlate.OfException(signal))
}

// need is the ln e-value at which the family convicts.
func (f family) need(p *Params) float64 { return p.need(asked[f].weight(&p.Weights)) }

// leastNeed is the least ln e-value at which the family may convict, when every other that is counted says as much.
func (f family) leastNeed(p *Params) float64 { return f.need(p) - math.Log(float64(familyCustom)) }

// risen says that errors did become more frequent, and likely by more than the margin: that they are few altogether is
// no excuse.
func risen(p *Params, f *finding) bool {
	return f.Ratio >= f.contest.floor.Margin && f.exceeds(1) && p.Guards.On(guardRisen)
}

// lost says that fewer requests came than the season and the bursts of earlier times explain. A fall that is too small
// to convict is still no way to be harmless.
func lost(p *Params, f *finding) bool {
	return f.Ratio*p.LostTraffic < 1 && f.limits()[1] < 1 && p.Guards.On(guardLost)
}

// inquiry is what is asked of a stream of one kind.
type inquiry struct {
	guard string // that lets it be asked
	// slow: how many requests were slower than the baseline's quantiles? failed is the signal of those that failed, "" when
	// that isn't asked. prefix is what the names of latencies begin with.
	slow           bool
	prefix, failed string
	family         family // of failed
	floor          func(*Params) Floor
	// outside: it is the view of the service from outside, which can't tell versions or zones apart.
	outside bool
	// put puts the questions, and convicts says how far on its way to convict what they find may be: 1 is there.
	put   func(*trial, *Stream)
	quiet func(quickLook, *Stream) bool
}

// inquiryOf is the table of inquiries. Callers see the service from outside: what is lost on the way shows only there.
func inquiryOf(kind correlate.SignalKind) inquiry {
	requests := inquiry{
		slow: true, failed: "error_ratio", family: familyErrors, floor: func(p *Params) Floor { return p.Errors },
		put: (*trial).askTraffic, quiet: quickLook.quietTraffic,
	}
	switch kind {
	case correlate.Traffic:
		return requests
	case correlate.Edge:
		requests.prefix, requests.failed, requests.outside = "client_", "client_error_ratio", true
		requests.guard, requests.put, requests.quiet = guardCallers, (*trial).ask, quickLook.quietCounts
		return requests
	case correlate.Log:
		return inquiry{
			guard: guardLogs, failed: "log_errors", family: familyLogs, floor: func(p *Params) Floor { return p.LogErrors },
			put: (*trial).ask, quiet: quickLook.quietCounts,
		}
	case correlate.Exception:
		return inquiry{guard: guardExceptions, put: (*trial).newException, quiet: quickLook.quietException}
	case correlate.Saturation:
		return inquiry{put: (*trial).saturation, quiet: quickLook.quietSaturation}
	case correlate.Gauge, correlate.Rate, correlate.Ratio, correlate.Distribution:
		return inquiry{put: (*trial).gauge, quiet: quickLook.quietValue}
	}
	return inquiry{put: (*trial).ask, quiet: quickLook.quietCounts}
}

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

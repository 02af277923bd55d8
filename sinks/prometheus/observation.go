package prometheus

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// freshFor is how long after its window a judged change is shown as the newest of its service.
const freshFor = 24 * time.Hour

// maxEvidence is how many signals of a verdict are shown.
const maxEvidence = 10

// observation is what is shown of one change.
type observation struct {
	place
	id, version string
	kind        correlate.Kind
	start, end  time.Time
	verdict     *correlate.Verdict // nil before the first one
}

func observe(c correlate.ChangeRecord, p place) observation {
	return observation{
		place: p, id: clean(c.ID), version: clean(c.Version), kind: kind(c),
		start: c.Start(), end: c.WindowEnd, verdict: c.Verdict,
	}
}

// shown returns the newest observations, and how many are left out.
func shown(all []observation) (newest []observation, hidden int) {
	if len(all) <= maxShown {
		return all, 0
	}
	slices.SortFunc(all, func(a, b observation) int {
		return cmp.Or(b.start.Compare(a.start), cmp.Compare(b.id, a.id))
	})
	return all[:maxShown], len(all) - maxShown
}

// fresh returns the observations whose window ended lately.
func fresh(all []observation, now time.Time) []observation {
	return slices.DeleteFunc(all, func(o observation) bool { return now.Sub(o.end) > freshFor })
}

// own returns the evidence that shows on the changed service itself.
func (o observation) own() []correlate.Evidence {
	if o.verdict == nil {
		return nil
	}
	own := make([]correlate.Evidence, 0, maxEvidence)
	for _, e := range o.verdict.Evidence {
		if e.Service == "" && len(own) < maxEvidence {
			own = append(own, e)
		}
	}
	return own
}

// evidence returns the evidence for a signal of the verdict.
func (o observation) evidence(signal string) (correlate.Evidence, bool) {
	for _, e := range o.own() {
		if e.Signal == signal {
			return e, true
		}
	}
	return correlate.Evidence{}, false
}

const (
	errorRatio    = "error_ratio"
	latencyPrefix = "latency_p"
)

// latencies yields the evidence for each percentile of latency, in seconds, and the percentile: "50", "90", "99".
func (o observation) latencies(yield func(percentile string, e correlate.Evidence)) {
	for _, e := range o.own() {
		if percentile, ok := strings.CutPrefix(e.Signal, latencyPrefix); ok {
			yield(clean(percentile), e)
		}
	}
}

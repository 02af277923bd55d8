package prometheus

import (
	"cmp"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// freshFor is how long after its window a judged change is shown as the newest of its service.
const freshFor = 24 * time.Hour

// maxEvidence is how many signals of a verdict are shown.
const maxEvidence = 10

// The signals that have metrics of their own.
const (
	errorRatio    = "error_ratio"
	latencyPrefix = "latency_p"
)

// observation is what is shown of one change. It isn't changed once it is made.
type observation struct {
	place
	id, version string
	kind        correlate.Kind
	start, end  time.Time
	verdict     *correlate.Verdict      // nil before the first one
	record      *correlate.ChangeRecord // while it is observed
	overruled   bool                    // people say that it was not this change
	shows
}

// shows is what is set while an observation is shown.
type shows struct {
	labels      labels
	unrecovered bool
	affected    int // services that it is thought to have hurt
}

func observe(c correlate.ChangeRecord, p place) *observation {
	return &observation{
		place: p, id: clean(c.ID), version: clean(c.Version), kind: kind(c),
		start: c.Start(), end: c.WindowEnd, verdict: c.Verdict,
		overruled: c.Overruled() != nil,
	}
}

// fade drops judged changes whose window ended long ago.
func fade(sites []site, now time.Time) {
	for i := range sites {
		if o := sites[i].newest; o != nil && now.Sub(o.end) > freshFor {
			sites[i].newest = nil
		}
	}
}

// shown returns the newest by id of the changes that are observed, or that regressed and haven't recovered, with what is set
// while they are shown.
func (s *snapshot) shown() []observation {
	unrecovered := make(map[string]bool, len(s.convicted))
	for _, o := range s.convicted {
		unrecovered[o.id] = true
	}
	all := slices.Concat(s.observed, s.convicted)
	slices.SortStableFunc(all, func(a, b *observation) int { return cmp.Compare(a.id, b.id) })
	all = slices.CompactFunc(all, func(a, b *observation) bool { return a.id == b.id })
	if len(all) > maxShown {
		slices.SortFunc(all, func(a, b *observation) int {
			return cmp.Or(b.start.Compare(a.start), cmp.Compare(b.id, a.id))
		})
		all = all[:maxShown]
		slices.SortFunc(all, func(a, b *observation) int { return cmp.Compare(a.id, b.id) })
	}
	hurt := affected(s.convicted, s.regressions)
	newest := make([]observation, len(all))
	for i, o := range all {
		newest[i] = *o
		newest[i].shows = shows{labelsOfChange(o), unrecovered[o.id], hurt[o.id]}
	}
	return newest
}

// own yields the evidence that shows on the changed service itself.
func (o *observation) own(yield func(e *correlate.Evidence) bool) {
	if o.verdict == nil {
		return
	}
	left := maxEvidence
	for i := range o.verdict.Evidence {
		e := &o.verdict.Evidence[i]
		if e.Service != "" {
			continue
		}
		if left--; left < 0 || !yield(e) {
			return
		}
	}
}

package engine

import (
	"fmt"
	"maps"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// SourceTelemetry is the source of a change that nobody reported: a new service.version was seen.
const SourceTelemetry = "telemetry"

// adoptVersions turns each version that a known service began to serve, and that no source reported within AdoptAfter,
// into a change of its own; and completes such a change once only the new version serves.
func (e *Engine) adoptVersions() {
	for _, p := range e.store.places() {
		s := e.store.services[p]
		if len(s.versions) < 2 {
			continue
		}
		oldest := int64(0)
		for _, seen := range s.versions {
			if oldest == 0 || seen.first < oldest {
				oldest = seen.first
			}
		}
		for _, v := range slices.Sorted(maps.Keys(s.versions)) {
			first := s.versions[v].first
			if first == oldest || first+e.cfg.AdoptAfter > e.mark.At || first < e.mark.At-e.cfg.FineKeep {
				continue
			}
			e.adopt(p, v, first)
		}
		e.completeAdopted(p, s)
	}
}

func (e *Engine) adopt(p place, version string, first int64) {
	seen := correlate.Change{
		ID:      fmt.Sprintf("telemetry-%s-%s-%s-%d", p.Service, p.Environment, version, first),
		Service: p.Service, Environment: p.Environment, Version: version,
		Kind: correlate.KindDeployment, Status: correlate.StatusStarted,
		StartedAt: at(first), Source: SourceTelemetry,
	}
	if e.changes[seen.ID] != nil {
		return
	}
	for _, c := range e.byPlace[p] {
		if c.rollsOut() && ((c.rec.Source != SourceTelemetry && e.tells(c.rec.Change, seen)) || (c.rec.Version == version && c.start() <= first)) {
			return
		}
	}
	var t touched
	e.changeReported(correlate.ChangeReport{ReceivedAt: at(e.mark.At), Said: seen}, &t)
	e.settle(t)
}

// completeAdopted finishes an adopted rollout when the versions before it have not served for AdoptAfter.
func (e *Engine) completeAdopted(p place, s *service) {
	for _, c := range e.byPlace[p] {
		if c.rec.Source != SourceTelemetry || c.rec.Status != correlate.StatusStarted || c.rec.MergedInto != "" {
			continue
		}
		last := c.start()
		for v, seen := range s.versions {
			if v != c.rec.Version && seen.first < c.start() {
				last = max(last, seen.last+e.cfg.Resolution)
			}
		}
		if last+e.cfg.AdoptAfter > e.mark.At {
			continue
		}
		finished := c.own
		finished.Status, finished.FinishedAt = correlate.StatusSucceeded, at(last)
		var t touched
		e.changeReported(correlate.ChangeReport{ReceivedAt: at(e.mark.At), Said: finished}, &t)
		e.settle(t)
		return // byPlace was rebuilt; the next tick takes the next one
	}
}

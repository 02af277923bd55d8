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
	id := fmt.Sprintf("telemetry-%s-%s-%s-%d", p.Service, p.Environment, version, first)
	seen := &change{rec: correlate.ChangeRecord{Change: correlate.Change{
		ID: id, Service: p.Service, Environment: p.Environment, Version: version,
		Kind: correlate.KindDeployment, Status: correlate.StatusStarted,
		StartedAt: at(first), Source: SourceTelemetry,
	}}}
	if e.changes[id] != nil {
		return
	}
	for _, c := range e.byPlace[p] {
		if c.rec.Source != SourceTelemetry && c.rollsOut() && e.sameRollout(c, seen) {
			return
		}
		if c.rec.Version == version && c.rollsOut() && c.start() <= first {
			return
		}
	}
	e.lookAgain()
	e.changes[id] = seen
	e.list(seen)
	e.openWindow(seen)
	var t touched
	t.change(seen)
	e.relink(t)
}

// completeAdopted finishes an adopted rollout when the versions before it have not served for AdoptAfter.
func (e *Engine) completeAdopted(p place, s *service) {
	for _, c := range e.byPlace[p] {
		if c.rec.Source != SourceTelemetry || c.rec.Status != correlate.StatusStarted {
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
		finished := c.rec.Change
		finished.Status, finished.FinishedAt = correlate.StatusSucceeded, at(last)
		e.lookAgain()
		var t touched
		e.changeReported(finished, &t)
		e.relink(t)
		return // byPlace was rebuilt; the next tick takes the next one
	}
}

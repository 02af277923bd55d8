package engine

import (
	"fmt"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/cells"
	"github.com/shipwake/shipwake/correlate/record"
)

// SourceTelemetry is the source of a change that nobody reported: a new service.version was seen.
const SourceTelemetry = record.SourceTelemetry

// adoption turns versions into changes.
type adoption struct {
	cfg    *Config
	cells  *cells.Store
	roster *roster
	oldest int64                  // fine cells that start before this may be forgotten
	report func(correlate.Change) // takes in what telemetry says of a change
}

func (e *Engine) adoption() *adoption {
	return &adoption{cfg: &e.cfg, cells: e.store, roster: &e.roster, oldest: e.oldest, report: func(seen correlate.Change) {
		if e.cfg.Owned != nil {
			seen = e.cfg.Owned(seen)
		}
		e.book.Report(correlate.Fact{Change: &seen}, at(e.mark.At))
		e.settle()
	}}
}

// run turns each version that a known service began to serve, and that no source reported within AdoptAfter,
// into a change of its own; and completes such a change once only the new version serves. While there is no room for new
// services nothing is adopted: whoever makes up names may make up versions.
func (a *adoption) run() {
	if a.cells.Memory().Full {
		return
	}
	for _, p := range a.cells.Places() {
		s := a.cells.Service(p)
		if s.VersionsBefore(never) < 2 {
			continue
		}
		versions := s.Versions()
		oldest := firstSeen(s, versions)
		for _, v := range versions {
			seen, _ := s.Version(v)
			first := seen.First
			if first == oldest || first+a.cfg.AdoptAfter > a.roster.mark.At || first < a.roster.mark.At-a.cfg.FineKeep {
				continue
			}
			a.adopt(p, v, first)
		}
		a.complete(p, s)
	}
}

// firstSeen is when the first of some versions was first seen.
func firstSeen(s *cells.Service, versions []string) int64 {
	oldest := int64(never)
	for _, v := range versions {
		seen, _ := s.Version(v)
		oldest = min(oldest, seen.First)
	}
	return oldest
}

func (a *adoption) adopt(p place, version string, first int64) {
	seen := correlate.Change{
		ID:      fmt.Sprintf("telemetry-%s-%s-%s-%s", p.Service, p.Environment, version, at(first).Format(time.DateOnly)),
		Service: p.Service, Environment: p.Environment, Version: version,
		Kind: correlate.KindDeployment, Status: correlate.StatusStarted,
		StartedAt: at(first), Source: SourceTelemetry,
	}
	for _, c := range a.roster.lineup(p) {
		switch {
		case c.rec.Phase == correlate.PhaseRetracted:
		case c.Own().Source == SourceTelemetry && c.Own().Version == version:
			if late := record.Began(c.Own()) - first; late <= 0 || late > a.cfg.AllowedLateness {
				return
			}
			seen.ID = c.rec.ID // it had come a little earlier than the first measurements said
			a.report(seen)
			return
		case c.rollsOut() && (a.roster.book.Config().Tells(c.rec.Change, seen) || (c.rec.Version == version && c.start() <= first)):
			return
		}
	}
	if record.WasLive(a.roster.book, p, record.ReleaseOf(seen)) {
		return
	}
	if a.roster.change(seen.ID) == nil && !a.reportedElsewhere(p, seen) {
		a.report(seen)
	}
}

// reportedElsewhere says that a change by another name of the service, which means this place, brings the same.
func (a *adoption) reportedElsewhere(p place, seen correlate.Change) bool {
	return slices.ContainsFunc(a.roster.watched, func(c *change) bool {
		return c.place() != p && c.rollsOut() && cells.Met(a.cells, c.place(), a.roster.mark.At) == p &&
			(a.roster.book.Config().Tells(c.rec.Change, seen) || c.rec.Version == seen.Version)
	})
}

// complete finishes an adopted rollout when the versions before it have not served for AdoptAfter, and corrects
// when that was if measurements of them came late. Of a place that rests all that is over.
func (a *adoption) complete(p place, s *cells.Service) {
	if a.roster.shelf.places[p] != nil {
		return
	}
	for _, c := range a.roster.lineup(p) {
		if c.Own().Source != SourceTelemetry || c.rec.MergedInto != "" || a.roster.overForGood(c, a.cfg) {
			continue
		}
		last := a.lastServed(c, s)
		if last+a.cfg.AdoptAfter > a.roster.mark.At || at(last).Equal(c.Own().FinishedAt) {
			continue
		}
		finished := c.Own()
		finished.Status, finished.FinishedAt = correlate.StatusSucceeded, at(last)
		a.report(finished)
		return // the next tick takes the next one
	}
}

// overForGood: an adopted rollout is complete, and no measurement that still may come says otherwise.
func (r *roster) overForGood(c *change, cfg *Config) bool {
	return c.Own().Status != correlate.StatusStarted && record.Ended(c.Own())+cfg.AdoptAfter+cfg.AllowedLateness < r.mark.At
}

// lastServed is when the versions before an adopted one had last served until they were gone for AdoptAfter.
func (a *adoption) lastServed(c *change, s *cells.Service) int64 {
	var starts []int64
	for _, k := range s.Keys() {
		if k.Kind != correlate.Traffic {
			continue
		}
		str := s.Stream(k)
		for _, v := range str.Versions(nil) {
			if seen, known := s.Version(v); v == c.Own().Version || !known || seen.First >= c.start() {
				continue
			}
			for _, cell := range str.Version(v).Between(c.start(), a.roster.mark.At) {
				starts = append(starts, cell.Start)
			}
		}
	}
	slices.Sort(starts)
	last := max(c.start(), a.oldest)
	for _, start := range starts {
		if start >= last+a.cfg.AdoptAfter {
			break
		}
		last = max(last, start+a.cfg.Resolution)
	}
	return last
}

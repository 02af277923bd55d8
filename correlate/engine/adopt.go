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

// adoptVersions turns each version that a known service began to serve, and that no source reported within AdoptAfter,
// into a change of its own; and completes such a change once only the new version serves. While there is no room for new
// services nothing is adopted: whoever makes up names may make up versions.
func (e *Engine) adoptVersions() {
	if e.store.Memory().Full {
		return
	}
	for _, p := range e.store.Places() {
		s := e.store.Service(p)
		if s.VersionsBefore(never) < 2 {
			continue
		}
		versions := s.Versions()
		oldest := firstSeen(s, versions)
		for _, v := range versions {
			seen, _ := s.Version(v)
			first := seen.First
			if first == oldest || first+e.cfg.AdoptAfter > e.mark.At || first < e.mark.At-e.cfg.FineKeep {
				continue
			}
			e.adopt(p, v, first)
		}
		e.completeAdopted(p, s)
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

func (e *Engine) adopt(p place, version string, first int64) {
	seen := correlate.Change{
		ID:      fmt.Sprintf("telemetry-%s-%s-%s-%s", p.Service, p.Environment, version, at(first).Format(time.DateOnly)),
		Service: p.Service, Environment: p.Environment, Version: version,
		Kind: correlate.KindDeployment, Status: correlate.StatusStarted,
		StartedAt: at(first), Source: SourceTelemetry,
	}
	for _, c := range e.lineup(p) {
		switch {
		case c.Own().Source == SourceTelemetry && c.Own().Version == version:
			if late := record.Began(c.Own()) - first; late <= 0 || late > e.cfg.AllowedLateness {
				return
			}
			seen.ID = c.rec.ID // it had come a little earlier than the first measurements told
			e.report(seen)
			return
		case c.rollsOut() && (e.book.Tells(c.rec.Change, seen) || (c.rec.Version == version && c.start() <= first)):
			return
		}
	}
	if e.changes[seen.ID] == nil {
		e.report(seen)
	}
}

// report takes in what telemetry says of a change.
func (e *Engine) report(seen correlate.Change) {
	e.book.Report(correlate.Fact{Change: &seen}, at(e.mark.At))
	e.settle()
}

// completeAdopted finishes an adopted rollout when the versions before it have not served for AdoptAfter, and corrects
// when that was if measurements of them came late.
func (e *Engine) completeAdopted(p place, s *cells.Service) {
	for _, c := range e.lineup(p) {
		over := c.Own().Status != correlate.StatusStarted && record.Ended(c.Own())+e.cfg.AdoptAfter+e.cfg.AllowedLateness < e.mark.At
		if c.Own().Source != SourceTelemetry || c.rec.MergedInto != "" || over {
			continue
		}
		last := e.lastServed(c, s)
		if last+e.cfg.AdoptAfter > e.mark.At || at(last).Equal(c.Own().FinishedAt) {
			continue
		}
		finished := c.Own()
		finished.Status, finished.FinishedAt = correlate.StatusSucceeded, at(last)
		e.report(finished)
		return // the next tick takes the next one
	}
}

// lastServed is when the versions before an adopted one had last served until they were gone for AdoptAfter.
func (e *Engine) lastServed(c *change, s *cells.Service) int64 {
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
			for _, cell := range str.Version(v).Between(c.start(), e.mark.At) {
				starts = append(starts, cell.Start)
			}
		}
	}
	slices.Sort(starts)
	last := max(c.start(), e.oldest)
	for _, start := range starts {
		if start >= last+e.cfg.AdoptAfter {
			break
		}
		last = max(last, start+e.cfg.Resolution)
	}
	return last
}

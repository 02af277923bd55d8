package month

import (
	"cmp"
	"slices"
	"time"
)

const (
	// before and after are how much of the time around a change there is telemetry of: what it is compared with, and what it
	// is watched for.
	before = 65 * time.Minute
	after  = 70 * time.Minute
	// awake is how long before the end all services are heard of.
	awake = 5 * time.Hour
)

// active says when there is telemetry of which service: around each change of it and of those that it calls, and around
// trouble; in the last hours of all. The gateway is always heard of. The rest of a month's telemetry would be ten times as
// much and bear on no verdict.
func (p *plan) active() {
	for i, s := range p.services {
		slices.SortStableFunc(s.releases, func(a, b release) int { return cmp.Compare(a.start, b.start) })
		for _, r := range s.releases {
			p.busy(i, span{r.start, r.full})
		}
		for _, f := range p.faults[i] {
			p.busy(i, f.span)
		}
		p.busy(i, span{p.until.Add(before - awake).Unix(), p.until.Unix()})
		if s.name == "gateway" {
			p.busy(i, span{p.from.Unix(), p.until.Unix()})
		}
	}
	for _, s := range p.services {
		s.busy = joined(s.busy)
	}
}

// busy adds a stretch of time for a service and those that call it.
func (p *plan) busy(i int, s span) {
	wide := span{s.from - int64(before/time.Second), s.to + int64(after/time.Second)}
	p.services[i].busy = append(p.services[i].busy, wide)
	for _, caller := range p.services[i].callers {
		p.services[caller].busy = append(p.services[caller].busy, wide)
	}
}

// joined are stretches in order, those that touch as one.
func joined(all []span) (kept []span) {
	slices.SortFunc(all, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	for _, s := range all {
		if n := len(kept); n > 0 && s.from <= kept[n-1].to {
			kept[n-1].to = max(kept[n-1].to, s.to)
			continue
		}
		kept = append(kept, s)
	}
	return kept
}

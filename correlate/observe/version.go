package observe

import (
	"github.com/shipwake/shipwake/correlate/cells"
	"github.com/shipwake/shipwake/correlate/names"
	"github.com/shipwake/shipwake/correlate/record"
)

// ServedVersion is the service.version by which telemetry knows what a change brought: its own, one that begins with
// or extends it (a short commit hash), or else the only version that appeared while it rolled out. It is "" before that
// version was seen.
func (o *Observer) ServedVersion(c *Subject, now int64) string {
	s := o.cells.Service(cells.Met(o.cells, c.Place, now))
	if s == nil {
		return ""
	}
	if seen, known := s.Version(c.Version); known && seen.First < now {
		return c.Version
	}
	if !c.RollsOut() || !o.cfg.Guards.On(guardServedVersion) {
		return ""
	}
	from, to := c.Start-o.cfg.AdoptAfter, max(c.Start, c.Finish)+record.GroupSlack
	var appeared []string
	for _, v := range s.Versions() {
		seen, _ := s.Version(v)
		if seen.First >= now {
			continue
		}
		if names.SameRelease(names.Release{Version: v}, names.Release{Version: c.Version, Commit: c.Commit}) {
			return v
		}
		if seen.First >= from && seen.First <= to {
			appeared = append(appeared, v)
		}
	}
	if len(appeared) == 1 && s.VersionsBefore(now) > 1 {
		return appeared[0]
	}
	return ""
}

// Unseen says that a rollout has been under way for a while without any instance of the new version being seen, though
// the other versions of the service report which they are.
func (o *Observer) Unseen(c *Subject, t int64) bool {
	s := o.cells.Service(cells.Met(o.cells, c.Place, t))
	if s == nil || c.Version == "" || !c.RollsOut() || c.Start+o.cfg.AdoptAfter > t || o.ServedVersion(c, t) != "" {
		return false
	}
	for _, v := range s.Versions() {
		if seen, _ := s.Version(v); seen.First < c.Start && s.Served(v, c.Start, t) {
			return true
		}
	}
	return false
}

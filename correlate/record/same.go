package record

import (
	"cmp"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/names"
)

// maySame: two changes, as asFirstReported orders them, are reported by different sources, overlap, and may bring the same.
func (cfg Config) maySame(x, y correlate.Change) bool {
	switch {
	case x.Source == y.Source:
		return false
	case y.Source == SourceTelemetry:
		return cfg.Tells(x, y) && Began(y) <= spanEnd(x)+cfg.wide()
	}
	return SameRelease(x, y) && Began(x) <= spanEnd(y)+GroupSlack && Began(y) <= spanEnd(x)+GroupSlack
}

// wide is how long after a rollout telemetry may show its version, in seconds.
func (cfg Config) wide() int64 { return max(GroupSlack, cfg.Watch) }

// Tells: telemetry saw a version arrive that a source reported: the same one since it came, or one that appeared while
// the source says that something was being rolled out.
func (cfg Config) Tells(reported, seen correlate.Change) bool {
	first := Began(seen)
	if names.SameRelease(ReleaseOf(reported), ReleaseOf(seen)) {
		return first >= Began(reported)-GroupSlack
	}
	return first >= Began(reported)-cmp.Or(cfg.AdoptAfter, 1) && first <= spanEnd(reported)+GroupSlack
}

// asFirstReported orders changes so that one follows those whose id it may go by: what sources report before what telemetry
// shows, then by when they began.
func asFirstReported(a, b *Change) int {
	return cmp.Or(cmp.Compare(telemetry(a), telemetry(b)), cmp.Compare(Began(a.own), Began(b.own)), cmp.Compare(a.Record.ID, b.Record.ID))
}

func telemetry(c *Change) int {
	if c.own.Source == SourceTelemetry {
		return 1
	}
	return 0
}

// SameRelease: what two changes bring may be the same, as far as it is reported: one doesn't say what it brings, or both
// bring the same commit, or they bring the same by names.SameRelease.
func SameRelease(a, b correlate.Change) bool {
	x, y := ReleaseOf(a), ReleaseOf(b)
	switch {
	case x == names.Release{} || y == names.Release{}:
		return true
	case x.Commit != "" && y.Commit != "":
		return names.SameVersion(x.Commit, y.Commit)
	}
	return names.SameRelease(x, y)
}

// ReleaseOf is what a change brings.
func ReleaseOf(c correlate.Change) names.Release {
	return names.Release{Version: c.Version, Commit: c.Commit}
}

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
	return apart(x, y) <= GroupSlack && compatible(x, y)
}

// nameSlack is how far apart one source may tell a rollout by a name and another by a commit, in seconds. Nothing but the
// time says that the two are one, so that is less than for one release: a tool tells the next within a minute or two.
const nameSlack = 120

// compatible: two changes may bring the same as far as it is reported, or one tells only its name and the other only its
// commit, at about the same time.
func compatible(x, y correlate.Change) bool {
	return SameRelease(x, y) || (apart(x, y) <= nameSlack && names.NameAndCommit(ReleaseOf(x), ReleaseOf(y)))
}

// apart is how many seconds lie between the end of one rollout and the beginning of the other; less than 0 when they overlap.
func apart(x, y correlate.Change) int64 { return max(Began(x)-spanEnd(y), Began(y)-spanEnd(x)) }

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
	return cmp.Or(cmp.Compare(telemetry(a), telemetry(b)), cmp.Compare(Began(*a.own()), Began(*b.own())), cmp.Compare(a.Record.ID, b.Record.ID))
}

func telemetry(c *Change) int {
	if c.own().Source == SourceTelemetry {
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
	return names.Release{Version: c.Version, Commit: c.Commit, Digest: c.Digest}
}

package record

import (
	"cmp"
	"strings"

	"github.com/shipwake/shipwake/correlate"
)

// maySame: two changes, as asFirstTold orders them, are told by different sources, overlap, and may bring the same.
func (cfg Config) maySame(x, y correlate.Change) bool {
	switch {
	case x.Source == y.Source:
		return false
	case y.Source == SourceTelemetry:
		return cfg.Tells(x, y) && Began(y) <= spanEnd(x)+cfg.wide()
	}
	return SameVersion(x, y) && Began(x) <= spanEnd(y)+GroupSlack && Began(y) <= spanEnd(x)+GroupSlack
}

// wide is how long after a rollout telemetry may show its version, in seconds.
func (cfg Config) wide() int64 { return max(GroupSlack, cfg.Watch) }

// Tells: telemetry saw a version arrive that a source reported: the same one since it came, or one that appeared while
// the source says that something was being rolled out.
func (cfg Config) Tells(reported, seen correlate.Change) bool {
	first := Began(seen)
	if reported.Version == seen.Version {
		return first >= Began(reported)-GroupSlack
	}
	return first >= Began(reported)-cmp.Or(cfg.AdoptAfter, 1) && first <= spanEnd(reported)+GroupSlack
}

// asFirstTold orders changes so that one follows those whose id it may go by: what sources report before what telemetry
// shows, then by when they began.
func asFirstTold(a, b *Change) int {
	return cmp.Or(cmp.Compare(telemetry(a), telemetry(b)), cmp.Compare(Began(a.own), Began(b.own)), cmp.Compare(a.Record.ID, b.Record.ID))
}

func telemetry(c *Change) int {
	if c.own.Source == SourceTelemetry {
		return 1
	}
	return 0
}

// SameVersion: what two changes bring may be the same, as far as it is told.
func SameVersion(a, b correlate.Change) bool {
	if (a.Version == "" && a.Commit == "") || (b.Version == "" && b.Commit == "") {
		return true
	}
	for _, x := range []string{a.Version, a.Commit} {
		for _, y := range []string{b.Version, b.Commit} {
			if x != "" && (x == y || SamePrefix(x, y) || strings.TrimPrefix(x, "v") == strings.TrimPrefix(y, "v")) {
				return true
			}
		}
	}
	return false
}

// SamePrefix: one is a prefix of the other, and at least as long as a short commit hash.
func SamePrefix(a, b string) bool {
	const short = 7
	return len(a) >= short && len(b) >= short && (strings.HasPrefix(a, b) || strings.HasPrefix(b, a))
}

package record

import (
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/names"
)

// Meant says that a check which names a version or a commit means a change by it, as far as texts can tell.
func Meant(c correlate.Change, k correlate.Check) bool {
	return names.SameRelease(
		names.Release{Version: c.Version, Commit: c.Commit, Digest: c.Digest},
		names.Release{Version: k.Version, Commit: k.Commit},
	)
}

package host

import (
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// moved notes that records were committed that DORA numbers are counted from.
func (h *Host) moved(effects []correlate.Effect) {
	counts := func(e correlate.Effect) bool { return e.Change != nil || e.Verdict != nil || e.Incident != nil }
	if slices.ContainsFunc(effects, counts) {
		h.revision.Add(1)
	}
}

// DORARevision implements sinks.Reader.
func (r reader) DORARevision() uint64 { return r.h.revision.Load() }

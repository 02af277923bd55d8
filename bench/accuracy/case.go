package accuracy

import (
	"github.com/shipwake/shipwake/correlate"
)

// Case is a labelled case: what the daemon is told, and what is true.
type Case struct {
	Kind    string
	Seed    uint64
	Changes []Label
	Culprit string // the change that did it, "" when none of them did
	// Silent: there is no telemetry to judge by, so that neither healthy nor regressed is right.
	Silent bool
	// Outage: something fails in the window that no change did.
	Outage      bool
	Past        []correlate.Rollup      // by start, up to From
	Facts       []correlate.Fact        // by event time
	Cells       []correlate.Measurement // by start
	From, Until int64                   // Unix seconds
	Signals     []correlate.Signal      // custom ones, as they are configured
}

// Label is the truth about one change.
type Label struct {
	ID      string
	Bad     bool
	Start   int64   // Unix seconds
	RPS     float64 // that the change serves in the end: a canary that is held back, its part
	Control string  // what it can be compared with: "versions", "zones", "days" or "hours"
	// Plain: three times the errors or half as slow again or worse, from the beginning on. Or healthy.
	Plain  bool
	Effect string // in words, for the table of misses
}

package sinks

import (
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// Limits is how much memory the daemon takes and may take, and what it dropped to keep within.
type Limits struct {
	Limit    int64 // of resident memory, bytes
	Resident int64 // 0 where the system doesn't tell
	Heap     int64 // live, as of the latest garbage collection
	HeapMost int64 // from which telemetry is refused
	Store    int64 // what measurements take
	// StoreMost is what they may take at the end of a bucket of five minutes.
	StoreMost int64
	Uses      []correlate.Use
	// Full says that new services share one name for lack of room.
	Full bool
	// DegradedSince is when something was first dropped of what was dropped in the last minutes; zero when nothing was.
	DegradedSince time.Time
	Dropped       map[string]int64 // since the start, by what it was: correlate.LostOperations and its like
	Losses        []Loss           // the latest first
	Unlisted      int64            // losses of other services, which are listed no longer
}

// Loss is one kind of loss of one service, of everybody when Service is "".
type Loss struct {
	Service     string    `json:"service"`
	Environment string    `json:"environment"`
	What        string    `json:"what"`
	Count       int64     `json:"count"` // records, or buckets of what was forgotten
	Since       time.Time `json:"since"`
	Last        time.Time `json:"last"`
}

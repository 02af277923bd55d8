package host

import (
	"time"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// Feed is how a door reaches the extension that owns the engine and the ledger.
type Feed interface {
	// Facts go in as those of receivers do.
	source.Intake
	// Attach gives the host the source of measurements. Drain returns what was reduced since the last call, sorted by
	// key and start; the host calls it about once a second and once more when it stops. Newest is the newest event
	// time seen, in Unix nanoseconds, 0 before the first. Attaching the same source again changes nothing.
	Attach(Measurer)
	// Signals are the custom signals of the configuration.
	Signals() []correlate.Signal
	// Resolution is the width of a bucket.
	Resolution() time.Duration
	// Room is how many bytes the sources of measurements may keep from one Drain to the next.
	Room() int64
	// Admit returns an error, which isn't permanent, while there is no memory for telemetry. What a door
	// refuses for it, or for any other reason, it says to the tally's Refuse, as correlate.LostShed when the sender was told
	// to try again, else as correlate.LostRefused: the host takes it from there, and lets no verdict be healthy that it may
	// have been meant for.
	Admit() error
}

// Measurer is a source of measurements: the reducer.
type Measurer interface {
	Drain() []correlate.Measurement
	Newest() int64
	// Use is what is kept, by class.
	Use() []correlate.Use
}

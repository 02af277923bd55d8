package sqlite

import (
	"math"
	"time"

	"github.com/shipwake/shipwake/correlate/ledger/sqlite/disk"
)

// StandardReserve is the usual Options.Reserve, in bytes.
const StandardReserve = disk.StandardReserve

// Options say where the ledger is kept.
type Options struct {
	// Dir is the data directory; it is created, for this user only, if it isn't there.
	Dir string
	// MaxBytes is the size at which the database counts as full, in bytes; 0: as much as the disk takes. Beyond it
	// writes return correlate.ErrUnavailable and reads go on.
	MaxBytes int64
	// Reserve is the space kept free for the daemon's own state when the disk runs full, in bytes, at most a sixteenth of
	// the disk; 0: none. While it is spent, facts are refused with correlate.ErrUnavailable and everything else goes on.
	Reserve int64
	// Now is the wall clock for Health, for the time a message was delivered and for the history of records; nil: time.Now.
	Now func() time.Time
	// Unsynced: a commit isn't waited for until it is on the disk. For a ledger that can be made again: after a power failure
	// it may be broken.
	Unsynced bool

	// Release is that of the program, such as v0.4.0. The ledger says which releases wrote it, so that an older one can name it when
	// it refuses the ledger; "": it says nothing.
	Release string

	// migrated is called after each statement of a migration; tests fail or die there.
	migrated func(version, statement int) error
	// injected is asked before each step of a transaction ("begin", "write", "commit"); tests have it fail there.
	injected func(step string) error
	// schema is where migrations end; tests make files of older versions. 0: the newest.
	schema int
	// checkFirst is a size, in bytes, and checkAfter a time; 0: the constants of these names.
	checkFirst int64
	checkAfter time.Duration
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.migrated == nil {
		o.migrated = func(int, int) error { return nil }
	}
	if o.checkAfter == 0 {
		o.checkAfter = checkAfter
	}
	if o.injected == nil {
		o.injected = func(string) error { return nil }
	}
	if o.checkFirst == 0 {
		o.checkFirst = checkFirst
	}
	if o.schema == 0 {
		o.schema = math.MaxInt
	}
	return o
}

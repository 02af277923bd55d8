package sqlite

import "time"

// Options say where the ledger is kept.
type Options struct {
	// Dir is the data directory; it is created, for this user only, if it isn't there.
	Dir string
	// MaxBytes is the size at which the database counts as full, in bytes; 0: as much as the disk takes. Beyond it
	// writes return correlate.ErrUnavailable and reads go on.
	MaxBytes int64
	// Now is the wall clock for Health, for the time a message was delivered and for the history of records; nil: time.Now.
	Now func() time.Time

	// migrated is called by tests after each statement of a migration.
	migrated func(statement int)
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.migrated == nil {
		o.migrated = func(int) {}
	}
	return o
}

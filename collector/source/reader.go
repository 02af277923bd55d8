package source

import (
	"context"
	"fmt"

	"github.com/shipwake/shipwake/correlate"
)

// ReaderConfig is the configuration of one source, the same keys for each. A source ignores what it has no use for.
type ReaderConfig struct {
	// Secrets that are valid now, as they stand in the configuration; several during a rotation. Empty: no
	// authentication.
	Secrets []string
	// ServiceLabels, when set, name the labels or attributes to take the service from, in this order, where a system has
	// no field of its own for it (Alertmanager's labels).
	ServiceLabels []string
}

// String and GoString keep the secrets out of whatever is printed.
func (c ReaderConfig) String() string {
	return fmt.Sprintf("{Secrets:[%d REDACTED] ServiceLabels:%v}", len(c.Secrets), c.ServiceLabels)
}

func (c ReaderConfig) GoString() string { return c.String() }

// Reader reads the messages of one system. It is safe for concurrent use.
type Reader interface {
	// Authenticate returns nil, or an error that wraps ErrUnauthorized.
	Authenticate(Request) error
	// Parse returns the deliveries in a message: one, unless the system sends batches. Delivery.Source is left to the
	// receiver, Delivery.Raw is the body (or the part of it that belongs to this delivery), Delivery.ID the sender's
	// id or, where there is none, BodyID. Facts are complete (WithDefaults) and valid. Errors are *ParseError.
	Parse(Request) ([]correlate.Delivery, error)
}

// Factory makes a source from its configuration; an error says which key is wrong and what would be right.
type Factory struct {
	Name string // the last element of /hooks/{source} and the key in the configuration
	New  func(ReaderConfig) (Reader, error)
}

// Positions tells a reader of a partitioned log where the ledger stands. The component that owns the ledger
// implements it; a receiver finds it among the host's extensions.
type Positions interface {
	// Position is the next offset to read, 0 for a stream that was never read.
	Position(ctx context.Context, stream string) (int64, error)
}

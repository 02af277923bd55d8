package source

import (
	"context"
	"errors"

	"github.com/shipwake/shipwake/correlate"
)

// FindIntake is the one Intake among the extensions of a host.
func FindIntake[K comparable, V any](host interface{ GetExtensions() map[K]V }) (Intake, error) {
	var found Intake
	for _, extension := range host.GetExtensions() {
		intake, ok := any(extension).(Intake)
		switch {
		case !ok:
		case found != nil:
			return nil, errors.New("there are two correlate extensions; list one in service::extensions")
		default:
			found = intake
		}
	}
	if found == nil {
		return nil, errors.New("no extension keeps deliveries: put `correlate:` under `extensions:` and list it in service::extensions")
	}
	return found, nil
}

// Intake is where receivers hand over what they took in. The component that owns the ledger implements it; a receiver
// finds it among the host's extensions.
type Intake interface {
	// Register says how deliveries of a source, by its configured name, are read. What was read by an older digest is read
	// again, in the background. The last one told of a name wins.
	Register(source string, p Projector)
	// Commit returns when the deliveries, with what was read from them, are synced to disk; a delivery that is already
	// there is skipped and counted. A move, when given, is part of the same transaction. Errors wrap
	// correlate.ErrUnavailable (worth another try) or correlate.ErrFenced (final).
	Commit(ctx context.Context, entries []correlate.Entry, move *correlate.Move) (correlate.Receipt, error)
	// Cursor is where the reader of a stream stands, nil for one that was never read.
	Cursor(ctx context.Context, stream string) ([]byte, error)
}

// Projector reads kept deliveries of one source again. Project is pure: the same delivery gives the same projection. Facts
// that are dated in the future are in it; whoever stores it holds them back by Hold.
type Projector struct {
	// Digest is of the source's version and of what in its configuration bears on the facts.
	Digest  string
	Project func(correlate.Raw) correlate.Projection
}

package source

import (
	"context"
	"errors"

	"github.com/shipwake/shipwake/correlate"
)

// Records are the changes that are known, for a stream that adds to them. It is safe for concurrent use.
type Records interface {
	// Recorded returns records of changes that became another after a mark, as they are and each once, at most as many as the
	// limit says, and the mark up to which that is all. The first mark is 0.
	Recorded(ctx context.Context, after int64, limit int) ([]correlate.ChangeRecord, int64, error)
	// Known is the record of a change. The error wraps correlate.ErrNotFound for one that nobody reported.
	Known(ctx context.Context, id string) (correlate.ChangeRecord, error)
	// Before are the changes of a place that were complete before an instant, the newest first.
	Before(ctx context.Context, at correlate.PlaceTime, limit int) ([]correlate.ChangeRecord, error)
}

// Recorder is an extension that has Records.
type Recorder interface{ Records() Records }

// FindRecords are those of the one extension of a host that has them.
func FindRecords[K comparable, V any](host interface{ GetExtensions() map[K]V }) (Records, error) {
	for _, extension := range host.GetExtensions() {
		if recorder, ok := any(extension).(Recorder); ok {
			return recorder.Records(), nil
		}
	}
	return nil, errors.New("no extension knows of changes: put `correlate:` under `extensions:` and list it in service::extensions")
}

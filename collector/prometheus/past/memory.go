package past

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"go.opentelemetry.io/collector/component"

	"github.com/shipwake/shipwake/correlate"
)

// Memory is an extension that remembers what others counted before.
type Memory interface {
	// Past takes in all that was counted in some coarse buckets that are over, sorted, with services named as telemetry has
	// them. There is no room when no more is to be told; after an error it may be told once more. It may change the cells.
	Past(ctx context.Context, cells []correlate.Measurement) (room bool, err error)
	// Cursor is what was kept of a stream, nil for nothing. Commit keeps it when it is given no entries.
	Cursor(ctx context.Context, stream string) ([]byte, error)
	Commit(ctx context.Context, entries []correlate.Entry, move *correlate.Move) (correlate.Receipt, error)
}

// Of is the extension that remembers; nil where there is none, as in anybody's Collector.
func Of(host component.Host) Memory {
	for _, extension := range host.GetExtensions() {
		if m, ok := extension.(Memory); ok {
			return m
		}
	}
	return nil
}

// Progress is how much of a server's past is told: [From, To), in Unix seconds. Both are 0 before the first time.
type Progress struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`

	stream string
	kept   []byte
}

// Resume is how far the telling of a stream came.
func Resume(ctx context.Context, m Memory, stream string) (*Progress, error) {
	kept, err := m.Cursor(ctx, stream)
	if err != nil {
		return nil, err
	}
	p := &Progress{stream: stream, kept: kept}
	if kept == nil {
		return p, nil
	}
	if err := json.Unmarshal(kept, p); err != nil {
		return nil, fmt.Errorf("what was kept of %s: %w", stream, err)
	}
	return p, nil
}

// Keep has the memory keep how far the telling is.
func (p *Progress) Keep(ctx context.Context, m Memory) error {
	next, err := json.Marshal(p)
	if err != nil || bytes.Equal(next, p.kept) {
		return err
	}
	if _, err := m.Commit(ctx, nil, &correlate.Move{Stream: p.stream, Expect: p.kept, Next: next}); err != nil {
		return err
	}
	p.kept = next
	return nil
}

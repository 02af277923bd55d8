package sourcetest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"

	"go.opentelemetry.io/collector/component"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// Intake is an intake in memory, for the tests of receivers: an extension of a host. It keeps what is committed, as the
// ledger does: one delivery of each source and id, and cursors that move only from where they are.
type Intake struct {
	component.StartFunc
	component.ShutdownFunc

	mu         sync.Mutex
	projectors map[string]source.Projector
	entries    []correlate.Entry
	cursors    map[string][]byte
	fail       func(entries []correlate.Entry, move *correlate.Move) error
}

var _ source.Intake = (*Intake)(nil)

// FailWith makes every commit ask f first, which may wait or return an error; nil ends it. What f refuses isn't kept.
func (i *Intake) FailWith(f func(entries []correlate.Entry, move *correlate.Move) error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.fail = f
}

// Register implements source.Intake.
func (i *Intake) Register(name string, p source.Projector) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.projectors == nil {
		i.projectors = map[string]source.Projector{}
	}
	i.projectors[name] = p
}

// Commit implements source.Intake.
func (i *Intake) Commit(ctx context.Context, entries []correlate.Entry, move *correlate.Move) (correlate.Receipt, error) {
	i.mu.Lock()
	fail := i.fail
	i.mu.Unlock()
	if fail != nil {
		if err := fail(entries, move); err != nil {
			return correlate.Receipt{}, err
		}
	}
	if err := ctx.Err(); err != nil {
		return correlate.Receipt{}, fmt.Errorf("%w: %w", correlate.ErrUnavailable, err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if err := i.move(move); err != nil {
		return correlate.Receipt{}, err
	}
	return i.keep(entries), nil
}

func (i *Intake) move(move *correlate.Move) error {
	switch {
	case move == nil:
		return nil
	case !bytes.Equal(i.cursors[move.Stream], move.Expect):
		return fmt.Errorf("%w: %s stands at %q", correlate.ErrFenced, move.Stream, i.cursors[move.Stream])
	case i.cursors == nil:
		i.cursors = map[string][]byte{}
	}
	i.cursors[move.Stream] = bytes.Clone(move.Next)
	return nil
}

func (i *Intake) keep(entries []correlate.Entry) correlate.Receipt {
	var receipt correlate.Receipt
	for _, e := range entries {
		known := slices.ContainsFunc(i.entries, func(k correlate.Entry) bool { return k.Source == e.Source && k.ID == e.ID })
		switch {
		case known:
			receipt.Duplicate++
			continue
		case e.Problem != "":
			receipt.Quarantined++
		default:
			receipt.Accepted++
		}
		i.entries = append(i.entries, e)
	}
	return receipt
}

// Cursor implements source.Intake.
func (i *Intake) Cursor(_ context.Context, stream string) ([]byte, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return bytes.Clone(i.cursors[stream]), nil
}

// Entries are the deliveries that are kept, in the order in which they came.
func (i *Intake) Entries() []correlate.Entry {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.entries)
}

// Projector is what was registered for a source.
func (i *Intake) Projector(name string) (source.Projector, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	p, ok := i.projectors[name]
	return p, ok
}

// Host is a host with some extensions.
type Host map[component.ID]component.Component

// GetExtensions implements component.Host.
func (h Host) GetExtensions() map[component.ID]component.Component { return h }

// NewHost is a host with the intake as its extension "correlate".
func NewHost(i *Intake) Host { return Host{component.MustNewID("correlate"): i} }

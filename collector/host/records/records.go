// Package records answers: which changes are known, and which became others since somebody looked?
package records

import (
	"context"
	"math"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
)

// Ledger is what is needed of the ledger.
type Ledger interface {
	Recorded(ctx context.Context, after ledger.Mark, limit int) (ledger.Recorded, error)
	Change(ctx context.Context, id string) (correlate.ChangeRecord, []correlate.Verdict, error)
	Changes(ctx context.Context, q ledger.ChangeFilter) ([]correlate.ChangeRecord, error)
}

// Records reads a ledger.
type Records struct{ Ledger Ledger }

var _ source.Records = Records{}

// Recorder is embedded by the extension that owns the ledger.
type Recorder struct{ records Records }

var _ source.Recorder = &Recorder{}

// Read says what is read. It is called before anybody asks for Records.
func (r *Recorder) Read(l Ledger) { r.records.Ledger = l }

// Records implements source.Recorder.
func (r *Recorder) Records() source.Records { return r.records }

// Recorded implements source.Records.
func (r Records) Recorded(ctx context.Context, after int64, limit int) ([]correlate.ChangeRecord, int64, error) {
	found, err := r.Ledger.Recorded(ctx, ledger.Mark{Changes: after, Incidents: math.MaxInt64}, limit)
	return found.Changes, found.To.Changes, err
}

// Known implements source.Records.
func (r Records) Known(ctx context.Context, id string) (correlate.ChangeRecord, error) {
	c, _, err := r.Ledger.Change(ctx, id)
	return c, err
}

// Before implements source.Records.
func (r Records) Before(ctx context.Context, at correlate.PlaceTime, limit int) ([]correlate.ChangeRecord, error) {
	return r.Ledger.Changes(ctx, ledger.ChangeFilter{Service: at.Service, Environment: at.Environment, To: at.At, Limit: limit})
}

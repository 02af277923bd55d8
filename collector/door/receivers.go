package door

import (
	"context"
	"errors"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/shipwake/shipwake/collector/changelog"
	"github.com/shipwake/shipwake/correlate"
)

// commitReceived commits what a receiver of ours sends as log records. Damage on the way and correlate.ErrFenced are
// permanent.
func (d *door) commitReceived(ctx context.Context, logs plog.Logs) error {
	found := changelog.FromLogs(logs)
	if found.Rejected > 0 {
		return consumererror.NewPermanent(found.Why)
	}
	if len(found.Deliveries) == 0 && found.Move == nil {
		return nil
	}
	entries := make([]correlate.Entry, len(found.Deliveries))
	for i, delivery := range found.Deliveries {
		entries[i] = delivery.Entry()
	}
	var move *correlate.Move
	if found.Move != nil {
		m := found.Move.Move()
		move = &m
	}
	_, err := d.feed.Commit(ctx, entries, move)
	if errors.Is(err, correlate.ErrFenced) {
		return consumererror.NewPermanent(err)
	}
	return err
}

package host

import (
	"context"

	"github.com/shipwake/shipwake/collector/host/courier"
	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/correlate/names"
	"github.com/shipwake/shipwake/sinks"
)

// desk is a sink's own part of the outbox.
type desk struct {
	outbox *outbox
	sink   string
	naming *names.Rules
}

var _ sinks.Desk = desk{}

// Put implements sinks.Desk.
func (d desk) Put(ctx context.Context, messages ...sinks.Message) error {
	if err := d.outbox.ledger.CommitEffects(ctx, nil, rowsOf(d.sink, messages), 0); err != nil {
		return err
	}
	d.outbox.wake()
	return nil
}

// Waiting implements sinks.Desk.
func (d desk) Waiting(ctx context.Context, queue string, after int64, limit int) ([]sinks.Kept, error) {
	rows, err := d.outbox.ledger.Outbox(ctx, courier.Name(d.sink, queue), after, limit)
	if err != nil {
		return nil, err
	}
	kept := make([]sinks.Kept, len(rows))
	for i, r := range rows {
		kept[i] = sinks.Kept{Place: r.Seq, Message: sinks.Message{Queue: queue, Subject: r.Subject, Key: r.Key, Each: r.Each, Payload: r.Payload}}
	}
	return kept, nil
}

// Done implements sinks.Desk.
func (d desk) Done(ctx context.Context, queue, key string) error {
	return d.outbox.ledger.Delivered(ctx, courier.Name(d.sink, queue), key, nil)
}

// Named implements sinks.Desk.
func (d desk) Named(service, environment string) (string, string) {
	named, _ := d.naming.Environment(environment)
	return d.naming.Service(service), named
}

// rowsOf are messages of a sink as the ledger keeps them.
func rowsOf(sink string, messages []sinks.Message) []ledger.OutboxRow {
	rows := make([]ledger.OutboxRow, len(messages))
	for i, m := range messages {
		rows[i] = ledger.OutboxRow{Sink: courier.Name(sink, m.Queue), Subject: m.Subject, Key: m.Key, Each: m.Each, Payload: m.Payload}
	}
	return rows
}

package courier

import (
	"context"

	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/correlate/names"
	"github.com/shipwake/shipwake/sinks"
)

// Desk is a sink's own part of the outbox.
type Desk struct {
	Ledger ledger.Ledger
	Sink   string // its name
	Naming *names.Rules
	Wake   func() // tells the couriers that there may be messages
}

var _ sinks.Desk = Desk{}

// Put implements sinks.Desk.
func (d Desk) Put(ctx context.Context, messages ...sinks.Message) error {
	if err := d.Ledger.CommitEffects(ctx, nil, Rows(d.Sink, messages), 0); err != nil {
		return err
	}
	d.Wake()
	return nil
}

// Waiting implements sinks.Desk.
func (d Desk) Waiting(ctx context.Context, queue string, after int64, limit int) ([]sinks.Kept, error) {
	rows, err := d.Ledger.Outbox(ctx, Name(d.Sink, queue), after, limit)
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
func (d Desk) Done(ctx context.Context, queue, key string) error {
	return d.Ledger.Delivered(ctx, Name(d.Sink, queue), key, nil)
}

// Named implements sinks.Desk.
func (d Desk) Named(service, environment string) (string, string) {
	named, _ := d.Naming.Environment(environment)
	return d.Naming.Service(service), named
}

// Rows are messages of a sink as the ledger keeps them.
func Rows(sink string, messages []sinks.Message) []ledger.OutboxRow {
	rows := make([]ledger.OutboxRow, len(messages))
	for i, m := range messages {
		rows[i] = ledger.OutboxRow{Sink: Name(sink, m.Queue), Subject: m.Subject, Key: m.Key, Each: m.Each, Payload: m.Payload}
	}
	return rows
}

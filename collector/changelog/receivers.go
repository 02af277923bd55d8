package changelog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/shipwake/shipwake/correlate"
)

// What follows carries the deliveries of our own receivers through a pipeline: a record "shipwake.delivery" whose body is
// the bytes as they came, followed by one record for each fact; a position is a record of its own. Each carries a seal, a
// MAC under a key that this process drew at random, and the receiver marks the context: nobody else can say such records.

// ToLogs turns deliveries, and the position that moves with them, into sealed log records.
func ToLogs(deliveries []correlate.Delivery, move *correlate.Position) plog.Logs {
	return toLogs(processSeal(), deliveries, move)
}

func toLogs(s sealer, deliveries []correlate.Delivery, move *correlate.Position) plog.Logs {
	logs := plog.NewLogs()
	logs.ResourceLogs().EnsureCapacity(len(deliveries) + 1)
	var seals [][]byte
	for _, d := range deliveries {
		records := newResource(logs)
		seals = append(seals, s.delivery(d))
		writeDelivery(records.AppendEmpty(), d, seals[len(seals)-1])
		for _, f := range d.Facts {
			WriteFact(records.AppendEmpty(), f, d.ReceivedAt)
		}
	}
	if move != nil {
		writePosition(newResource(logs).AppendEmpty(), *move, s.position(*move, seals))
	}
	return logs
}

type receiverKey struct{}

// FromReceiver marks a context as that of one of our own receivers.
func FromReceiver(ctx context.Context) context.Context {
	return context.WithValue(ctx, receiverKey{}, true)
}

// IsFromReceiver tells whether a context is that of one of our own receivers, without anything in between that broke it.
func IsFromReceiver(ctx context.Context) bool { return ctx.Value(receiverKey{}) != nil }

// Contents is what FromLogs found.
type Contents struct {
	Deliveries []correlate.Delivery
	Move       *correlate.Position // nil when there was none
	Rest       int                 // records that are no business of ours
	// Rejected counts the records left out, because they aren't sealed or because they are too large to be a change or
	// an incident; Why says what was wrong with the first.
	Rejected int
	Why      error
}

// FromLogs reads back what ToLogs wrote, and reads what anybody reported as Read does. Nothing of the logs is kept.
func FromLogs(logs plog.Logs) Contents { return fromLogs(processSeal(), logs, time.Now()) }

func fromLogs(s sealer, logs plog.Logs, now time.Time) Contents {
	r := reader{sealer: s, now: now}
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			r.scope(resource.Resource(), scope.LogRecords())
		}
	}
	r.settle()
	return r.found
}

// reader collects what a plog.Logs holds.
type reader struct {
	sealer
	now   time.Time
	found Contents
	seals [][]byte         // of the deliveries found
	moves []plog.LogRecord // the positions, to be checked when all deliveries are known
}

// scope reads one list of records: a delivery record is followed by as many facts as it says. Without a valid seal it
// says nothing, and what follows it stands for itself.
func (r *reader) scope(resource pcommon.Resource, records plog.LogRecordSlice) {
	for i := 0; i < records.Len(); i++ {
		record := records.At(i)
		switch eventName(record) {
		case EventDelivery:
			n, err := r.delivery(records, i)
			if err != nil {
				r.reject(err)
			}
			i += n
		case EventPosition:
			r.moves = append(r.moves, record)
		case EventChange, EventIncident:
			raw, err := rawOf(resource, record, r.now)
			if err != nil {
				r.reject(err)
				continue
			}
			d, p := raw.Delivery(), Project(raw)
			d.Facts, d.Problem, d.Event = p.Facts, p.Problem, eventName(record)
			r.found.Deliveries = append(r.found.Deliveries, d.HoldFuture())
		default:
			r.found.Rest++
		}
	}
}

// delivery reads a delivery record and its facts, and returns how many those are.
func (r *reader) delivery(records plog.LogRecordSlice, at int) (facts int, err error) {
	d, n, err := readDelivery(records.At(at))
	if err != nil {
		return 0, err
	}
	if d.Facts, err = readFacts(records, at+1, n); err != nil {
		return 0, err
	}
	seal := r.sealer.delivery(d)
	if !isSeal(sealOf(records.At(at)), seal) {
		return 0, errors.New("a " + EventDelivery + " isn't sealed by a receiver of this process, or was changed on the way")
	}
	r.seals = append(r.seals, seal)
	r.found.Deliveries = append(r.found.Deliveries, d)
	return n, nil
}

// settle takes the position: there can be only one.
func (r *reader) settle() {
	for _, record := range r.moves {
		move, err := readPosition(record)
		switch {
		case err != nil:
			r.reject(err)
		case !isSeal(sealOf(record), r.sealer.position(move, r.seals)):
			r.reject(errors.New("a " + EventPosition + " isn't sealed by a receiver of this process, or the deliveries beside it aren't those it came with; " +
				"keep processors that batch, split or filter out of this pipeline"))
		case r.found.Move != nil:
			r.reject(errors.New("more than one " + EventPosition + "; keep processors that batch out of this pipeline"))
		default:
			r.found.Move = &move
		}
	}
}

func (r *reader) reject(why error) {
	r.found.Rejected++
	if r.found.Why == nil {
		r.found.Why = why
	}
}

func readFacts(records plog.LogRecordSlice, from, n int) ([]correlate.Fact, error) {
	if n < 0 || n > records.Len()-from {
		return nil, fmt.Errorf("a %s announces %d facts and %d records follow; "+
			"keep processors that split or batch out of this pipeline", EventDelivery, n, records.Len()-from)
	}
	var facts []correlate.Fact
	for i := from; i < from+n; i++ {
		f, err := readFact(records.At(i))
		if err != nil {
			return nil, err
		}
		facts = append(facts, f)
	}
	return facts, nil
}

func newResource(logs plog.Logs) plog.LogRecordSlice {
	scope := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
	scope.Scope().SetName("github.com/shipwake/shipwake/collector/changelog")
	return scope.LogRecords()
}

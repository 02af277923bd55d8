// Package changelog answers: how does a fact travel through a Collector pipeline?
//
// As log records, in semantic-convention names, so that any log backend can read them as well. One delivery is one
// ResourceLogs: a record "shipwake.delivery" whose body is the bytes as they came, followed by one record
// "shipwake.change" or "shipwake.incident" for each fact. A position is a ResourceLogs of its own. What ToLogs wrote,
// FromLogs reads back whole: every field survives.
//
// # Who may say what
//
// A pipeline may also hold what came by OTLP, from anybody who reaches that port. From there only one thing is a fact: a
// record "shipwake.change" or "shipwake.incident" without a delivery record. It becomes a delivery of the source "otlp",
// whatever it says of its source; see FromLogs.
//
// Deliveries, which carry the name of the source whose signature was checked, and positions come from our own receivers
// alone. Each carries a seal: a MAC of everything it says, under a key that this process drew at random and that never
// leaves it. The seal of a position covers the deliveries beside it. Whoever writes such records elsewhere can't seal
// them, and who copies sealed ones (from a log backend, say) can only repeat a delivery that the ledger already has, or a
// position that has been left behind. FromLogs leaves out and counts what isn't sealed, and takes the rest.
//
// A receiver of ours marks the context (FromReceiver), so that the door can tell a forgery, of which nobody is told, from
// damage on the way, of which the receiver must be told: it would take a lost delivery for stored. A pipeline that
// doesn't keep the context, because it batches, loses that.
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
			writeFact(records.AppendEmpty(), f, d.ReceivedAt)
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

// Holds tells whether FromLogs would find anything of ours, without decoding it.
func Holds(logs plog.Logs) bool {
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, record := range scope.LogRecords().All() {
				if ours(eventName(record)) {
					return true
				}
			}
		}
	}
	return false
}

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

// FromLogs reads deliveries and the position back. Nothing of the logs is kept.
//
// A change or an incident without a delivery record becomes a delivery of its own from SourceOTLP, now received: its
// raw form is the record as OTLP/JSON, its id is taken from shipwake.delivery.id or is a digest of the record. What
// the record doesn't say of service, version and environment is taken from the resource, and its time from the
// record's timestamp. One that is not a valid fact is a delivery with a Problem.
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
			d, err := readReported(resource, record, r.now)
			if err != nil {
				r.reject(err)
				continue
			}
			r.found.Deliveries = append(r.found.Deliveries, d)
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

func eventName(record plog.LogRecord) string {
	if name := record.EventName(); name != "" {
		return name
	}
	if name, ok := record.Attributes().Get(attrEventName); ok && name.Type() == pcommon.ValueTypeStr {
		return name.Str()
	}
	return ""
}

func ours(event string) bool {
	return event == EventDelivery || event == EventChange || event == EventIncident || event == EventPosition
}

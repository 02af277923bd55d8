package verdicts

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/shipwake/shipwake/sinks"
)

// telling is the receiver as one of the host's sinks that send. A message is a record in protobuf.
type telling struct {
	name string
	next consumer.Logs
}

var _ sinks.Outgoing = (*telling)(nil)

func (t *telling) Name() string { return t.name }

func (t *telling) Close() error { return nil }

// Queues implements sinks.Outgoing.
func (t *telling) Queues() []string { return []string{""} }

// Messages has one for each decision and each regression. Each of them is told: a log is a history.
func (t *telling) Messages(b sinks.Batch) ([]sinks.Message, error) {
	var all []sinks.Message
	for _, d := range b.Decisions {
		key := verdictKey(d.Verdict)
		m, err := message("change/"+d.Verdict.ChangeID, key, ofVerdict(d, key))
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	for _, r := range b.Regressions {
		key, err := regressionKey(r, b.Decisions)
		if err != nil {
			return nil, err
		}
		m, err := message("regression/"+r.ID, key, ofRegression(r, key))
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

func message(subject, key string, logs plog.Logs) (sinks.Message, error) {
	body, err := new(plog.ProtoMarshaler).MarshalLogs(logs)
	if err != nil {
		return sinks.Message{}, fmt.Errorf("the record of %s: %w", subject, err)
	}
	return sinks.Message{Subject: subject, Key: key, Each: true, Payload: body}, nil
}

// Deliver hands a record to the pipeline, and returns when the pipeline has taken it. Whether another try helps, the
// pipeline says.
func (t *telling) Deliver(ctx context.Context, m sinks.Message) (sinks.Receipt, error) {
	logs, err := new(plog.ProtoUnmarshaler).UnmarshalLogs(m.Payload)
	if err != nil {
		return nil, &sinks.Undelivered{Cause: sinks.Refused, Err: fmt.Errorf("the stored record can't be read: %w", err)}
	}
	err = t.next.ConsumeLogs(ctx, logs)
	switch {
	case err == nil:
		return nil, nil
	case consumererror.IsPermanent(err):
		return nil, &sinks.Undelivered{Cause: sinks.Refused, Err: err}
	}
	return nil, &sinks.Undelivered{Cause: sinks.Unreachable, Err: err}
}

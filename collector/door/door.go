package door

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/collector/changelog"
	"github.com/shipwake/shipwake/collector/direct"
	"github.com/shipwake/shipwake/collector/host"
	"github.com/shipwake/shipwake/collector/reduce"
	"github.com/shipwake/shipwake/collector/reduce/otlp"
	"github.com/shipwake/shipwake/collector/reduce/wire"
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// door is the exporter of one pipeline.
type door struct {
	id      component.ID
	reducer *reduce.Reducer
	known   *wire.Known
	tally   *correlate.Tally
	log     *zap.Logger
	feed    host.Feed
	warned  atomic.Bool // of a rejected record
}

// rejected counts records that say what is not for a log record to say.
var rejected = correlate.Count{What: "deliveries", Source: changelog.SourceOTLP, Result: "rejected"}

// Start finds the extension that owns the ledger, and hands it the reducer.
func (d *door) Start(_ context.Context, h component.Host) error {
	feed, err := findFeed(h)
	if err != nil {
		return fmt.Errorf("exporter %q: %w", d.id, err)
	}
	d.feed = feed
	d.reducer.Configure(feed.Signals(), feed.Resolution())
	d.reducer.Resize(feed.Room())
	feed.Attach(d.reducer)
	if ends := direct.Ends(h); ends != nil {
		ends.Offer(d.id, d)
	}
	feed.Register(changelog.SourceOTLP, source.Projector{Digest: changelog.Digest, Project: changelog.Project})
	return nil
}

// findFeed looks for the one extension that is a feed.
func findFeed(h component.Host) (host.Feed, error) {
	var found host.Feed
	for _, extension := range h.GetExtensions() {
		feed, ok := extension.(host.Feed)
		switch {
		case !ok:
		case found != nil:
			return nil, errors.New("there are two correlate extensions; list one in service.extensions")
		default:
			found = feed
		}
	}
	if found == nil {
		return nil, errors.New("the correlate extension is missing; " +
			"put `correlate:` under `extensions:` and list it in service.extensions")
	}
	return found, nil
}

// Shutdown does nothing: what was reduced is drained by the extension, which stops later.
func (d *door) Shutdown(context.Context) error { return nil }

// Capabilities tells that the data is only read.
func (d *door) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

// ConsumeTraces reduces spans.
func (d *door) ConsumeTraces(_ context.Context, traces ptrace.Traces) error {
	if err := d.admit(reduce.Spans, traces.SpanCount); err != nil {
		return err
	}
	otlp.Traces(d.reducer, traces)
	return nil
}

// ConsumeMetrics reduces data points.
func (d *door) ConsumeMetrics(_ context.Context, metrics pmetric.Metrics) error {
	if err := d.admit(reduce.Points, metrics.DataPointCount); err != nil {
		return err
	}
	otlp.Metrics(d.reducer, metrics)
	return nil
}

// ConsumeLogs commits the facts among the records, and then reduces the others: whoever is refused may send both again
// and nothing counts twice. Facts are never refused for memory.
func (d *door) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	if changelog.Holds(logs) {
		if err := d.commit(ctx, logs); err != nil {
			return err
		}
	} else if err := d.admit(reduce.Logs, logs.LogRecordCount); err != nil {
		return err
	}
	otlp.Logs(d.reducer, logs)
	return nil
}

// admit refuses telemetry while there is no memory for it; senders send it again.
func (d *door) admit(source string, records func() int) error {
	err := d.feed.Admit()
	if err != nil {
		d.tally.Refuse(source, correlate.LostShed, int64(records()))
	}
	return err
}

// commit returns nil once every fact is in the ledger. An error that wraps correlate.ErrUnavailable is worth another try.
// Of records that aren't for a sender to say only the daemon's operator is told.
func (d *door) commit(ctx context.Context, logs plog.Logs) error {
	found := changelog.Read(logs, time.Now())
	if found.Rejected > 0 {
		d.reject(found)
	}
	if len(found.Entries) == 0 {
		return nil
	}
	_, err := d.feed.Commit(ctx, found.Entries, nil)
	return err
}

// reject counts what was left out and says so once; more than once would let the sender fill the log.
func (d *door) reject(found changelog.Reported) {
	d.tally.Add(rejected, int64(found.Rejected))
	if !d.warned.Swap(true) {
		d.log.Warn("Left out log records that came by OTLP and are not for it to say; further ones are only counted",
			zap.Int("records", found.Rejected), zap.Error(found.Why))
	}
}

package door

import (
	"context"

	"go.opentelemetry.io/collector/pipeline"

	"github.com/shipwake/shipwake/collector/direct"
	"github.com/shipwake/shipwake/collector/reduce"
	"github.com/shipwake/shipwake/collector/reduce/wire"
)

// Walk implements direct.End.
func (d *door) Walk(signal pipeline.Signal, body []byte, room direct.Room) (direct.Batch, error) {
	switch signal {
	case pipeline.SignalTraces:
		spans := wire.NewSpans(room)
		walked, err := spans.Walk(body, d.known)
		return d.batch(reduce.Spans, spans, walked, err)
	case pipeline.SignalMetrics:
		points := wire.NewPoints(room)
		walked, err := points.Walk(body, d.known, d.reducer.Wanted)
		return d.batch(reduce.Points, points, walked, err)
	case pipeline.SignalLogs:
		logs := wire.NewLogs(room)
		walked, err := logs.Walk(body, d.known)
		return d.batch(reduce.Logs, logs, walked, err)
	}
	return nil, nil
}

// records are what was read of a request.
type records interface {
	Len() int
	Reduce(*reduce.Reducer)
	Release()
}

// batch is the records of a request that was walked to its end; nil of any other.
func (d *door) batch(source string, all records, walked bool, err error) (direct.Batch, error) {
	if err != nil || !walked {
		all.Release()
		return nil, err
	}
	return &batch{all, source, d}, nil
}

// batch is the records of a request, of one of the reducer's sources.
type batch struct {
	records
	source string
	door   *door
}

// Hand implements direct.Batch.
func (b *batch) Hand(context.Context) error {
	if err := b.door.admit(b.source, b.Len); err != nil {
		return err
	}
	b.Reduce(b.door.reducer)
	return nil
}

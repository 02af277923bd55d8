package reduce_test

import (
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/collector/reduce"
	"github.com/shipwake/shipwake/correlate"
)

// record is one record of any kind together with its sender.
type record struct {
	resource reduce.Resource
	span     *reduce.Span
	log      *reduce.Log
	metric   reduce.Metric
	point    *reduce.Point
}

func (rec record) send(r *reduce.Reducer) {
	sender := r.Sender(rec.resource)
	switch {
	case rec.span != nil:
		sender.Span(rec.span)
	case rec.log != nil:
		sender.Log(rec.log)
	case rec.point != nil:
		reader := sender.Metric(rec.metric)
		reader.Point(rec.point)
	}
}

func anyResource(t *rapid.T) reduce.Resource {
	return reduce.Resource{
		Service: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "service"),
		Version: rapid.SampledFrom([]string{"", "v1", "v2"}).Draw(t, "version"),
	}
}

func anyRecord(t *rapid.T) record {
	rec := record{resource: anyResource(t)}
	end := t0 + rapid.Int64Range(0, 40).Draw(t, "end")*sec
	switch rapid.IntRange(0, 4).Draw(t, "record") {
	case 0, 1, 2:
		id := func(name string) [8]byte { return [8]byte{byte(rapid.IntRange(0, 6).Draw(t, name))} }
		rec.span = &reduce.Span{
			TraceID: [16]byte{byte(rapid.IntRange(1, 2).Draw(t, "trace"))},
			ID:      id("id"), Parent: id("parent"),
			Kind:   reduce.SpanKind(rapid.IntRange(1, 5).Draw(t, "kind")),
			Start:  end - rapid.Int64Range(0, 3*sec).Draw(t, "took"),
			End:    end,
			Failed: rapid.Bool().Draw(t, "failed"),
			Name:   rapid.SampledFrom([]string{"", "GET /a", "GET /b"}).Draw(t, "name"),
		}
		if rapid.Bool().Draw(t, "named") {
			rec.span.PeerService = "b"
		}
	case 3:
		rec.log = &reduce.Log{
			Time: end, Severity: rapid.Int32Range(0, 24).Draw(t, "severity"),
			Exception: rapid.SampledFrom([]string{"", "E1", "E2"}).Draw(t, "exception"),
		}
	case 4:
		rec.metric = deltaHistogram("http.server.request.duration", "s")
		rec.point = &reduce.Point{
			Time: end, Bounds: []float64{0.1, 1},
			Buckets: rapid.SliceOfN(rapid.Uint64Range(0, 9), 3, 3).Draw(t, "buckets"),
		}
	}
	return rec
}

// A client span id that comes twice in a trace is no call tree: which of the two a server belongs to is open.
func distinctClients(records []record) []record {
	seen := map[string]bool{}
	kept := records[:0]
	for _, rec := range records {
		if sp := rec.span; sp != nil && (sp.Kind == reduce.SpanClient || sp.Kind == reduce.SpanProducer) {
			id := fmt.Sprint(sp.TraceID, sp.ID)
			if seen[id] {
				continue
			}
			seen[id] = true
		}
		kept = append(kept, rec)
	}
	return kept
}

// merged adds up what several drains gave.
func merged(drains ...[]correlate.Measurement) map[string]correlate.Cell {
	cells := map[string]correlate.Cell{}
	for _, drained := range drains {
		for _, m := range drained {
			key := fmt.Sprintf("%+v@%d", m.Key, m.Start)
			cell := cells[key]
			cell.Start = m.Start
			cell.Merge(m.Cell)
			cells[key] = cell
		}
	}
	return cells
}

func withoutTraces(cells map[string]correlate.Cell) map[string]correlate.Cell {
	maps.DeleteFunc(cells, func(key string, _ correlate.Cell) bool {
		return strings.Contains(key, fmt.Sprintf("Kind:%d ", correlate.Trace))
	})
	return cells
}

func TestOrderLeavesNoTrace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		records := distinctClients(rapid.SliceOfN(rapid.Custom(anyRecord), 0, 60).Draw(t, "records"))
		shuffled := rapid.Permutation(records).Draw(t, "shuffled")

		one, other := reduce.New(reduce.Options{}), reduce.New(reduce.Options{})
		for _, rec := range records {
			rec.send(one)
		}
		for _, rec := range shuffled {
			rec.send(other)
		}
		require.Equal(t, one.Drain(), other.Drain())
		require.Equal(t, one.Newest(), other.Newest())
	})
}

func TestGoroutinesAndDrainsLeaveNoTrace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		records := distinctClients(rapid.SliceOfN(rapid.Custom(anyRecord), 0, 60).Draw(t, "records"))
		workers := rapid.IntRange(2, 4).Draw(t, "workers")

		one, other := reduce.New(reduce.Options{}), reduce.New(reduce.Options{})
		for _, rec := range records {
			rec.send(one)
		}
		var wg sync.WaitGroup
		drained := make([][]correlate.Measurement, workers)
		for w := range workers {
			wg.Go(func() {
				for i := w; i < len(records); i += workers {
					records[i].send(other)
				}
				drained[w] = other.Drain()
			})
		}
		wg.Wait()
		// Which services roll out is decided at each Drain, so that traces depend on when those are.
		require.Equal(t, withoutTraces(merged(one.Drain())), withoutTraces(merged(append(drained, other.Drain())...)))
	})
}

func TestSendersWithoutAnInstanceLoseNothing(t *testing.T) {
	r := reduce.New(reduce.Options{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 1000 {
				sender := r.Sender(reduce.Resource{Service: "checkout"})
				s := server(time.Millisecond)
				sender.Span(&s)
			}
		})
	}
	wg.Wait()
	m := only(t, r)
	require.EqualValues(t, 8000, m.Requests)
	require.EqualValues(t, 8000, m.Latency.Total())
}

func TestSeveralThousandResourcesLoseNothing(t *testing.T) {
	r := reduce.New(reduce.Options{})
	for i := range 3000 {
		span(r, fmt.Sprint("service-", i), "", t0)
		span(r, fmt.Sprint("service-", i), "", t0)
	}
	drained := r.Drain()
	require.Len(t, drained, 3000)
	for _, m := range drained {
		require.EqualValues(t, 2, m.Requests)
	}
}

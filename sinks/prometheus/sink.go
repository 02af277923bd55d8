// Package prometheus answers: what does Prometheus see of changes, verdicts, DORA numbers and the daemon itself?
//
// It serves /metrics from a registry of its own. The catalog holds one row for each metric. Counters count what was
// told since the daemon started and never go back when a fact is corrected; the shipwake_dora_* gauges are exact over
// their window, in event time. What has no data is absent: neither 0 nor NaN.
package prometheus

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/expfmt"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
)

// Name is the name of the sink in the configuration.
const Name = "prometheus"

// seedLimit is how many of the newest records are read at the start.
const seedLimit = 1000

// Factory makes the sink. It has no settings.
func Factory() sinks.Factory {
	return sinks.Kind[struct{}]{Name: Name, Open: func(r sinks.Reader, _ struct{}) (sinks.Sink, error) { return newSink(r) }}.Factory()
}

type sink struct {
	reader  sinks.Reader
	state   *state
	dora    *doraCache
	rows    []Metric
	process *prometheus.Registry // what client_golang tells of Go and the process
	offered []expfmt.Format
	readers chan struct{} // one for each that is reading

	writing    sync.Mutex // held while an exposition is written into memory
	snapshot   snapshot
	compressor *compressor
	written    [formats]*exposition
}

var (
	_ sinks.Publisher = (*sink)(nil)
	_ sinks.Server    = (*sink)(nil)
)

// newSink reads the newest records, so that a change that was counted before a restart isn't counted again.
func newSink(r sinks.Reader) (*sink, error) {
	s := &sink{
		reader: r, state: newState(), rows: Catalog(), process: prometheus.NewRegistry(), readers: make(chan struct{}, mostReaders),
	}
	for _, c := range []prometheus.Collector{
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	} {
		if err := s.process.Register(c); err != nil {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	var err error
	if s.offered, err = offered(); err != nil {
		return nil, err
	}
	if s.compressor, err = newCompressor(); err != nil {
		return nil, err
	}
	for in := range s.written {
		s.written[in] = newExposition(format(in), s.compressor)
	}
	if err := s.seed(context.Background()); err != nil {
		return nil, err
	}
	s.dora = newDORACache(r, s.state.knowAll)
	return s, nil
}

func (s *sink) seed(ctx context.Context) error {
	changes, err := s.reader.Changes(ctx, sinks.ChangeQuery{Limit: seedLimit})
	if err != nil {
		return fmt.Errorf("read the newest changes: %w", err)
	}
	incidents, err := s.reader.Incidents(ctx, sinks.IncidentQuery{Limit: seedLimit})
	if err != nil {
		return fmt.Errorf("read the newest incidents: %w", err)
	}
	regressions, err := s.reader.Regressions(ctx, sinks.RegressionQuery{Limit: seedLimit})
	if err != nil {
		return fmt.Errorf("read the newest regressions: %w", err)
	}
	var known []correlate.Effect
	for _, c := range slices.Backward(changes) {
		known = append(known, correlate.Effect{Change: &c})
	}
	for _, i := range incidents {
		known = append(known, correlate.Effect{Incident: &i})
	}
	for _, g := range regressions {
		known = append(known, correlate.Effect{Regression: &g})
	}
	s.state.apply(known)
	s.state.forgetCounts()
	return nil
}

func (s *sink) Name() string { return Name }

func (s *sink) Publish(effects []correlate.Effect) {
	if s.state.apply(effects) {
		s.dora.outdate()
	}
}

func (s *sink) Routes() map[string]http.Handler {
	return map[string]http.Handler{"GET /metrics": s}
}

func (s *sink) Close() error {
	s.dora.close()
	return nil
}

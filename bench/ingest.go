package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/shipwake/shipwake/bench/load"
	"github.com/shipwake/shipwake/bench/server"
)

// What ingest sends, and how both servers are read meanwhile.
const (
	connections = 4
	warmUp      = 2 // rounds that aren't measured
)

// settle is how long a server is left alone before and after what is measured: until the collector has passed on all that it has.
func (s *settings) settle() time.Duration { return s.every + time.Second }

// target is one of the servers.
type target int

const (
	ours target = iota
	peers
	graphs // the peer with the service graph beside the span metrics
	floors // the same walk behind the same server, and nothing else
	targets
)

func (t target) String() string {
	return [targets]string{"shipwake", "collector", "collector with service graph", "floor"}[t]
}

// cost is what a run took of the server.
type cost struct {
	items   int
	cpu     time.Duration
	wall    time.Duration
	peak    int64 // bytes
	refused int
}

func (c cost) perSecond() float64 { return float64(c.items) / c.cpu.Seconds() }

// ingest alternates between the servers.
func ingest(ctx context.Context, s *settings) (*report, error) {
	r := &report{}
	r.introduce(s)
	r.say("| telemetry | shipwake | Collector | ratio | with service graph | ratio | floor | share of it | peak memory, MiB |\n|---|---|---|---|---|---|---|---|---|")
	chosen, err := workloads(s)
	if err != nil {
		return nil, err
	}
	for _, w := range chosen {
		if err := r.compare(ctx, s, w); err != nil {
			return nil, err
		}
	}
	r.say("")
	return r, r.halves(ctx)
}

// introduce says what is measured, and what each column means.
func (r *report) introduce(s *settings) {
	r.say("# Ingest, side by side\n")
	r.say("`make bench-ingest` (`bench -pairs %d`): the same requests over %d connections, by HTTP (uncompressed, gzip, zstd) or gRPC, first "+
		"to shipwake on its default configuration, then to each of the others, and again. 50 services with two instances each, eight routes; server, client, internal, "+
		"producer and consumer spans, 1 %% errors, a canary of every tenth service; `http.server.request.duration` for each route and "+
		"status. Spans come as from SDKs, about 260 of one instance in a request, or 1,000; points as from a node's Collector, 160 of ten "+
		"instances in a request, in explicit buckets or in about 60 of an exponential scale. Event times are of now. All are scraped every %s, and the Collectors flush their span "+
		"metrics as often; the last flush is in the figures. GOGC is not set for any. A run counts only if the counters of shipwake and of the floor, or the "+
		"Collector's `calls_total`, `…_count` and `traces_service_graph_request_total`, show everything that was sent.\n", s.pairs, connections, s.every)
	r.say("Items per second of the server's CPU time (user and system): median (least–most) of %d runs each. The columns:\n", s.pairs)
	r.say("- shipwake: the daemon, which reduces to services and versions, joins the halves of calls to edges, keeps what it counts in its ledger, synced each second, and judges.")
	r.say("- Collector: v0.155.0, otlp → span_metrics connector → prometheus exporter at default dimensions; metrics straight to the " +
		"exporter; a memory_limiter where shipwake has its memory limit. It makes series by span name, and knows no calls between services.")
	r.say("- with service graph: the same Collector with the servicegraph connector beside span_metrics, so that it knows the calls as well: the nearest to what " +
		"shipwake makes of spans. That connector is of v0.111.0, the newest release that the Go module proxy serves, with the one line changed that keeps it from being built with v0.155.0 (`bench/collector/graph.sh`).")
	r.say("- floor: shipwake's receiver and its walk over the bytes, and nothing after them; it keeps nothing.")
	r.say("- ratio, share of it: shipwake's items per CPU second by those of the column before, each of neighbouring runs.")
	r.say("- peak memory: the largest resident size of each, in the order of the columns.\n")
	if !s.hasGraph() {
		progress("SKIP: there is no %s: the Collector with the service graph is not measured", s.graph)
		r.say("**SKIP: the Collector with the service graph could not be built where this was measured; its columns are empty.**\n")
	}
}

func (s *settings) hasGraph() bool {
	_, err := os.Stat(s.graph)
	return err == nil
}

// servers are those that a workload is sent to.
func (s *settings) servers(w workload) []target {
	if w.graph && s.hasGraph() {
		return []target{ours, peers, graphs, floors}
	}
	return []target{ours, peers, floors}
}

// measured is what the runs of a workload came to, by server.
type measured struct{ rates, ratios, peaks [targets][]float64 }

// alternate runs a workload on every server in turn, so often. A ratio is shipwake's rate by that of the neighbouring run.
func (r *report) alternate(ctx context.Context, s *settings, w workload, pairs int, servers ...target) (m measured, err error) {
	for range pairs {
		var round [targets]float64
		for _, of := range servers {
			c, err := once(ctx, s, w, of)
			if err != nil {
				return m, fmt.Errorf("%s, %s: %w", w.name, of, err)
			}
			r.run(fmt.Sprintf("Ingest/%s/server=%s", w.name, strings.ReplaceAll(of.String(), " ", "-")),
				metric{c.perSecond(), w.unit + "/cpu-s"}, metric{float64(c.items) / c.wall.Seconds(), w.unit + "/s"},
				metric{float64(c.items), w.unit}, metric{c.cpu.Seconds(), "cpu-s"},
				metric{float64(c.peak), "peak-bytes"}, metric{float64(c.refused), "refused-requests"})
			round[of] = c.perSecond()
			m.rates[of] = append(m.rates[of], c.perSecond())
			m.peaks[of] = append(m.peaks[of], float64(c.peak))
		}
		for _, of := range servers {
			m.ratios[of] = append(m.ratios[of], round[ours]/round[of])
		}
	}
	return m, nil
}

// compare reports a row.
func (r *report) compare(ctx context.Context, s *settings, w workload) error {
	servers := s.servers(w)
	m, err := r.alternate(ctx, s, w, s.pairs, servers...)
	if err != nil {
		return err
	}
	var peaks []string
	for _, of := range servers {
		peaks = append(peaks, fmt.Sprintf("%.0f", quantile(m.peaks[of], 0.5)/(1<<20)))
	}
	r.say("| %s | %s k/s | %s | %s | %s | %s |", w.name, spread(m.rates[ours], 1e3, "%.0f"),
		m.beside(peers, "**"), m.beside(graphs, "**"), m.beside(floors, ""), strings.Join(peaks, ", "))
	return nil
}

// beside is two cells of a row: a server's rate, and the ratio, between marks; empty for a server that wasn't asked.
func (m *measured) beside(of target, mark string) string {
	if len(m.rates[of]) == 0 {
		return "– | –"
	}
	return fmt.Sprintf("%s k/s | %s%s%[2]s", spread(m.rates[of], 1e3, "%.0f"), mark, spread(m.ratios[of], 1, "%.2f"))
}

// once starts a server, sends a workload and counts what that took.
func once(ctx context.Context, s *settings, w workload, of target) (c cost, err error) {
	l, err := w.make()
	if err != nil {
		return c, err
	}
	var target *server.Server
	switch of {
	case peers:
		target, err = server.Collector(ctx, s.collector, s.every, s.config)
	case graphs:
		target, err = server.Collector(ctx, s.graph, s.every, s.config, s.graphMore)
	case floors:
		target, err = server.Floor(ctx)
	default:
		target, err = server.Shipwake(ctx, s.shipwake, nil)
	}
	if err != nil {
		return c, err
	}
	sender, err := w.connect(target)
	err = over(target, sender, err, func(sender *load.Sender) error {
		c, err = s.send(ctx, target, sender, l, (w.items+l.Items-1)/l.Items)
		if err != nil {
			return err
		}
		last, err := target.Scrape(ctx)
		if err != nil {
			return err
		}
		rounds := warmUp + c.items/l.Items
		return w.check(last, of, rounds*l.Items, uint64(rounds)*l.Counted)
	})
	return c, err
}

// send warms the server up (the span-metrics connector shows a new series as 0 first and its count at the next flush), sends rounds as fast as they are taken while it is scraped, and lets it come to rest.
func (s *settings) send(ctx context.Context, target *server.Server, sender *load.Sender, l *load.Load, rounds int) (c cost, err error) {
	for range warmUp {
		if err := sender.Round(ctx, l, time.Now()); err != nil {
			return c, err
		}
	}
	if err := pass(ctx, s.settle()); err != nil {
		return c, err
	}
	before, err := target.CPU()
	if err != nil {
		return c, err
	}
	finish := scraped(ctx, target, s.every)
	began := time.Now()
	for i := 0; i < rounds && err == nil; i++ {
		err = sender.Round(ctx, l, time.Now())
	}
	c.wall = time.Since(began)
	err = errors.Join(err, pass(ctx, s.settle()), finish())
	if err != nil {
		return c, err
	}
	after, err := target.CPU()
	c.items, c.cpu, c.refused = rounds*l.Items, after-before, sender.Refused
	peak, err2 := target.PeakMemory()
	c.peak = peak
	return c, errors.Join(err, err2)
}

// scraped reads the metrics of a server now and then, as Prometheus would, until the function that it returns is called.
func scraped(ctx context.Context, target *server.Server, every time.Duration) (finish func() error) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				done <- nil
				return
			case <-ticker.C:
			}
			if _, err := target.ScrapeText(ctx); err != nil && ctx.Err() == nil {
				done <- fmt.Errorf("scraping: %w", err)
				return
			}
		}
	}()
	return func() error {
		cancel()
		return <-done
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/shipwake/shipwake/bench/load"
	"github.com/shipwake/shipwake/bench/server"
)

// What ingest sends, and how both servers are read meanwhile.
const (
	connections = 4
	warmUp      = 2                // rounds that aren't measured
	scrapeEvery = 10 * time.Second // also how often the collector passes its span metrics on
	settle      = scrapeEvery + time.Second
)

// workload is one kind of telemetry, and how it is sent.
type workload struct {
	name, unit string
	items      int // at least so many are sent in a run
	make       func() (*load.Load, error)
	connect    func(*server.Server) (*load.Sender, error)
	check      func(m server.Samples, of target, sent int, observed uint64) error
}

// target is one of the servers.
type target int

const (
	ours target = iota
	peers
	floors // the same walk behind the same server, and nothing else
	targets
)

func (t target) String() string { return [targets]string{"shipwake", "collector", "floor"}[t] }

func byGRPC(s *server.Server) (*load.Sender, error) { return load.NewSender(s.OTLP, connections) }

func byHTTP(encoding string) func(*server.Server) (*load.Sender, error) {
	return func(s *server.Server) (*load.Sender, error) {
		return load.NewHTTPSender(s.OTLPHTTP, connections, encoding)
	}
}

func workloads(s *settings) []workload {
	shop := load.Shape{Services: 50, Instances: 2, Routes: 8, Canary: 10, Bundle: 1}
	gathered := shop
	gathered.Bundle = 10
	n := s.scaled(2_000_000)
	spans := func(traces int) func() (*load.Load, error) {
		return func() (*load.Load, error) { return shop.Traces(traces) }
	}
	points := func(t load.Temporality) func() (*load.Load, error) {
		return func() (*load.Load, error) { return gathered.Metrics(t) }
	}
	return []workload{
		{"spans-http", "spans", n, spans(250), byHTTP(""), checkSpans},
		{"spans-http-1000", "spans", n, spans(1000), byHTTP(""), checkSpans},
		{"spans-http-gzip", "spans", n, spans(250), byHTTP("gzip"), checkSpans},
		{"spans-http-zstd", "spans", n, spans(250), byHTTP("zstd"), checkSpans},
		{"spans-grpc", "spans", n, spans(250), byGRPC, checkSpans},
		{"delta-points", "points", n, points(load.Delta), byGRPC, checkPoints},
		{"cumulative-points", "points", n, points(load.Cumulative), byGRPC, checkPoints},
	}
}

func checkSpans(m server.Samples, of target, sent int, _ uint64) error {
	if of == peers {
		return server.CheckCalls(m, sent)
	}
	return server.CheckTelemetry(m, "spans", sent)
}

func checkPoints(m server.Samples, of target, sent int, observed uint64) error {
	if of == peers {
		return server.CheckRequests(m, observed)
	}
	return server.CheckTelemetry(m, "points", sent)
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
	r.say("# Ingest, side by side\n")
	r.say("`make bench-ingest` (`bench -pairs %d`): the same requests over %d connections, by HTTP (uncompressed, gzip, zstd) or gRPC, first "+
		"to shipwake on its default configuration, then to a Collector v0.155.0 (otlp → span_metrics connector → prometheus exporter; "+
		"metrics straight to the exporter; a memory_limiter where shipwake has its memory limit), then to the floor (shipwake's receiver "+
		"and its walk over the bytes, and nothing after them), and again. 50 services with two instances each, eight routes; server, client, internal, "+
		"producer and consumer spans, 1 %% errors, a canary of every tenth service; `http.server.request.duration` for each route and "+
		"status. Spans come as from SDKs, about 260 of one instance in a request, or 1,000; points as from a node's Collector, 160 of ten "+
		"instances in a request. Event times are of now. All are scraped every %s, and the Collector flushes its span "+
		"metrics as often; the last flush is in the figures. GOGC is 100 for all. A run counts only if the counters of shipwake and of the floor, or the "+
		"Collector's `calls_total` and `…_count`, show everything that was sent.\n", s.pairs, connections, scrapeEvery)
	r.say("They don't do the same: the Collector makes series by span name, shipwake reduces to services and versions, keeps " +
		"those in its ledger, synced each second, and judges; the floor keeps nothing.\n")
	r.say("Items per second of the server's CPU time (user and system): median (least–most) of %d runs each; the ratios are of "+
		"neighbouring runs.\n", s.pairs)
	r.say("| telemetry | shipwake | Collector | ratio | floor | share of it | peak memory, MiB |\n|---|---|---|---|---|---|---|")
	for _, w := range workloads(s) {
		if err := r.compare(ctx, s, w); err != nil {
			return nil, err
		}
	}
	r.say("")
	return r, nil
}

// compare runs a workload on every server in turn, and reports a row.
func (r *report) compare(ctx context.Context, s *settings, w workload) error {
	var rates, ratios [targets][]float64
	var peaks [targets][]float64
	for range s.pairs {
		var round [targets]float64
		for of := range targets {
			c, err := once(ctx, s, w, of)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", w.name, of, err)
			}
			r.run(fmt.Sprintf("Ingest/%s/server=%s", w.name, of),
				metric{c.perSecond(), w.unit + "/cpu-s"}, metric{float64(c.items) / c.wall.Seconds(), w.unit + "/s"},
				metric{float64(c.items), w.unit}, metric{c.cpu.Seconds(), "cpu-s"},
				metric{float64(c.peak), "peak-bytes"}, metric{float64(c.refused), "refused-requests"})
			round[of] = c.perSecond()
			rates[of] = append(rates[of], c.perSecond())
			peaks[of] = append(peaks[of], float64(c.peak))
		}
		for of := range targets {
			ratios[of] = append(ratios[of], round[ours]/round[of])
		}
	}
	r.say("| %s | %s k/s | %s k/s | **%s** | %s k/s | %s | %.0f, %.0f, %.0f |", w.name, spread(rates[ours], 1e3, "%.0f"), spread(rates[peers], 1e3, "%.0f"),
		spread(ratios[peers], 1, "%.2f"), spread(rates[floors], 1e3, "%.0f"), spread(ratios[floors], 1, "%.2f"),
		quantile(peaks[ours], 0.5)/(1<<20), quantile(peaks[peers], 0.5)/(1<<20), quantile(peaks[floors], 0.5)/(1<<20))
	return nil
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
		target, err = server.Collector(ctx, s.collector, s.config, scrapeEvery)
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
		c, err = send(ctx, target, sender, l, (w.items+l.Items-1)/l.Items)
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
func send(ctx context.Context, target *server.Server, sender *load.Sender, l *load.Load, rounds int) (c cost, err error) {
	for range warmUp {
		if err := sender.Round(ctx, l, time.Now()); err != nil {
			return c, err
		}
	}
	if err := pass(ctx, settle); err != nil {
		return c, err
	}
	before, err := target.CPU()
	if err != nil {
		return c, err
	}
	finish := scraped(ctx, target)
	began := time.Now()
	for i := 0; i < rounds && err == nil; i++ {
		err = sender.Round(ctx, l, time.Now())
	}
	c.wall = time.Since(began)
	err = errors.Join(err, pass(ctx, settle), finish())
	if err != nil {
		return c, err
	}
	after, err := target.CPU()
	c.items, c.cpu, c.refused = rounds*l.Items, after-before, sender.Refused
	peak, err2 := target.PeakMemory()
	c.peak = peak
	return c, errors.Join(err, err2)
}

// scraped reads the metrics of a server as Prometheus would, until the function that it returns is called.
func scraped(ctx context.Context, target *server.Server) (finish func() error) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() {
		ticker := time.NewTicker(scrapeEvery)
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

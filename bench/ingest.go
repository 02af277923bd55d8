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

// workload is one kind of telemetry.
type workload struct {
	name, unit string
	items      int // at least so many are sent in a run
	make       func() (*load.Load, error)
	check      func(m server.Samples, peer bool, sent int, observed uint64) error
}

func workloads(s *settings) []workload {
	shop := load.Shape{Services: 50, Instances: 2, Routes: 8, Canary: 10, Bundle: 1}
	gathered := shop
	gathered.Bundle = 10
	spans := func(m server.Samples, peer bool, sent int, _ uint64) error {
		if peer {
			return server.CheckCalls(m, sent)
		}
		return server.CheckTelemetry(m, "spans", sent)
	}
	points := func(m server.Samples, peer bool, sent int, observed uint64) error {
		if peer {
			return server.CheckRequests(m, observed)
		}
		return server.CheckTelemetry(m, "points", sent)
	}
	return []workload{
		{"spans", "spans", s.scaled(2_000_000), func() (*load.Load, error) { return shop.Traces(250) }, spans},
		{"delta-points", "points", s.scaled(2_000_000), func() (*load.Load, error) { return gathered.Metrics(load.Delta) }, points},
		{"cumulative-points", "points", s.scaled(2_000_000),
			func() (*load.Load, error) { return gathered.Metrics(load.Cumulative) }, points},
	}
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

// ingest alternates between shipwake and the collector.
func ingest(ctx context.Context, s *settings) (*report, error) {
	r := &report{}
	r.say("# Ingest, side by side\n")
	r.say("`make bench-ingest` (`bench -pairs %d`): the same requests over %d gRPC connections, first to shipwake on its default "+
		"configuration, then to a Collector v0.155.0 (otlp → span_metrics connector → prometheus exporter; metrics straight to the "+
		"exporter; a memory_limiter where shipwake has its memory limit), and again. 50 services with two instances each, eight routes; server, client, internal, "+
		"producer and consumer spans, 1 %% errors, a canary of every tenth service; `http.server.request.duration` for each route and "+
		"status. Spans come as from SDKs, about 240 of one instance in a request; points as from a node's Collector, 160 of ten "+
		"instances in a request. Event times are of now. Both are scraped every %s, and the Collector flushes its span "+
		"metrics as often; the last flush is in the figures. GOGC is 100 for both. A run counts only if shipwake's counters, or the "+
		"Collector's `calls_total` and `…_count`, show everything that was sent.\n", s.pairs, connections, scrapeEvery)
	r.say("The two don't do the same: the Collector makes series by span name, shipwake reduces to services and versions, keeps " +
		"those in its ledger, synced each second, and judges.\n")
	r.say("Items per second of the server's CPU time (user and system): median (least–most) of %d runs each; the ratio is of "+
		"neighbouring runs.\n", s.pairs)
	r.say("| telemetry | shipwake | Collector | ratio | peak memory, MiB |\n|---|---|---|---|---|")
	for _, w := range workloads(s) {
		var rates, ratios, peaks [2][]float64
		for range s.pairs {
			var pair [2]float64
			for i, peer := range []bool{false, true} {
				c, err := once(ctx, s, w, peer)
				if err != nil {
					return nil, fmt.Errorf("%s, %s: %w", w.name, nameOf(peer), err)
				}
				r.run(fmt.Sprintf("Ingest/%s/server=%s", w.name, nameOf(peer)),
					metric{c.perSecond(), w.unit + "/cpu-s"}, metric{float64(c.items) / c.wall.Seconds(), w.unit + "/s"},
					metric{float64(c.items), w.unit}, metric{c.cpu.Seconds(), "cpu-s"},
					metric{float64(c.peak), "peak-bytes"}, metric{float64(c.refused), "refused-requests"})
				pair[i] = c.perSecond()
				rates[i] = append(rates[i], c.perSecond())
				peaks[i] = append(peaks[i], float64(c.peak))
			}
			ratios[0] = append(ratios[0], pair[0]/pair[1])
		}
		r.say("| %s | %s k/s | %s k/s | **%s** | %.0f, %.0f |", w.name, spread(rates[0], 1e3, "%.0f"), spread(rates[1], 1e3, "%.0f"),
			spread(ratios[0], 1, "%.2f"), quantile(peaks[0], 0.5)/(1<<20), quantile(peaks[1], 0.5)/(1<<20))
	}
	r.say("")
	return r, nil
}

func nameOf(peer bool) string {
	if peer {
		return "collector"
	}
	return "shipwake"
}

// once starts a server, sends a workload and counts what that took.
func once(ctx context.Context, s *settings, w workload, peer bool) (c cost, err error) {
	l, err := w.make()
	if err != nil {
		return c, err
	}
	var target *server.Server
	if peer {
		target, err = server.Collector(ctx, s.collector, s.config, scrapeEvery)
	} else {
		target, err = server.Shipwake(ctx, s.shipwake, nil)
	}
	if err != nil {
		return c, err
	}
	err = with(target, connections, func(sender *load.Sender) error {
		c, err = send(ctx, target, sender, l, (w.items+l.Items-1)/l.Items)
		if err != nil {
			return err
		}
		last, err := target.Scrape(ctx)
		if err != nil {
			return err
		}
		rounds := warmUp + c.items/l.Items
		return w.check(last, peer, rounds*l.Items, uint64(rounds)*l.Counted)
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

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/shipwake/shipwake/bench/load"
	"github.com/shipwake/shipwake/bench/server"
)

// What scrape makes of a daemon before it looks at it.
const (
	scrapedServices = 1000
	scrapeHistory   = 150 * time.Minute
	scrapes         = 200
	quiet           = 20 * time.Second // without a scrape, to know what the rest costs
)

// scrape reads /metrics of a daemon that watches many services, while their telemetry comes in.
func scrape(ctx context.Context, s *settings) (*report, error) {
	services := s.scaled(scrapedServices)
	target, err := server.Shipwake(ctx, s.shipwake, nil, asHistory, "--set=processors.memory_limiter.limit_mib=16384")
	if err != nil {
		return nil, err
	}
	var f scrapeFigures
	err = with(target, connections, func(sender *load.Sender) error {
		shape := load.Shape{Services: services, Instances: 1, Routes: 2, Bundle: 50}
		l, err := shape.Metrics(load.Delta)
		if err != nil {
			return err
		}
		if err := postPast(ctx, target, shape.ServiceNames()); err != nil {
			return err
		}
		progress("playing %s of %d services", scrapeHistory, services)
		rounds, err := play(ctx, target, sender, l, scrapeHistory)
		if err != nil {
			return err
		}
		f, err = readOften(ctx, target, func() error { rounds++; return sender.Round(ctx, l, time.Now()) })
		if err != nil {
			return err
		}
		return server.CheckTelemetry(f.last, "points", rounds*l.Items)
	})
	if err != nil {
		return nil, err
	}
	return f.report(services), nil
}

// postPast posts, for every service, eight deployments of the last 90 days, the fifth of which caused an incident, one
// that is judged in the history and one whose window is still open.
func postPast(ctx context.Context, target *server.Server, services []string) error {
	client := &http.Client{Timeout: time.Minute}
	defer client.CloseIdleConnections()
	now := time.Now().UTC()
	for i, service := range services {
		var all []map[string]any
		deploy := func(n int, ago time.Duration) {
			at := now.Add(-ago)
			all = append(all, map[string]any{
				"id": fmt.Sprintf("%s-%d", service, n), "service": service, "version": fmt.Sprintf("1.%d.0", n),
				"started_at": at.Add(-time.Minute), "finished_at": at,
				"commits": []map[string]any{{"sha": fmt.Sprintf("%040x", i*100+n), "authored_at": at.Add(-5 * time.Hour)}},
			})
		}
		for n := range 8 {
			deploy(n, time.Duration(8-n)*11*24*time.Hour+time.Duration(i)*time.Minute)
		}
		all = append(all, map[string]any{
			"id": "INC-" + service, "service": service, "caused_by": service + "-4", "title": "failing",
			"opened_at": now.Add(-44 * 24 * time.Hour), "resolved_at": now.Add(-44*24*time.Hour + 30*time.Minute),
		})
		deploy(8, 80*time.Minute)
		deploy(9, 10*time.Minute)
		body, err := json.Marshal(all)
		if err != nil {
			return err
		}
		if err := postOne(ctx, client, target.Hooks+"generic", body); err != nil {
			return err
		}
	}
	return nil
}

// scrapeFigures is what reading /metrics often came to.
type scrapeFigures struct {
	took   []time.Duration
	bytes  int
	last   server.Samples
	cpu    time.Duration // of the server for one scrape
	others float64       // cores that the server uses without any
}

// readOften scrapes, while a round of telemetry is sent every ten seconds.
func readOften(ctx context.Context, target *server.Server, round func() error) (f scrapeFigures, err error) {
	idle, wall, err := spend(ctx, target, round, func() error { return pass(ctx, quiet) })
	if err != nil {
		return f, err
	}
	f.others = idle.Seconds() / wall.Seconds()
	busy, wall, err := spend(ctx, target, round, func() error { return f.read(ctx, target) })
	f.cpu = (busy - time.Duration(f.others*float64(wall))) / scrapes
	return f, err
}

// spend is the CPU time that the server uses while work is done and telemetry comes in.
func spend(ctx context.Context, target *server.Server, round, work func() error) (cpu, wall time.Duration, err error) {
	before, err := target.CPU()
	if err != nil {
		return 0, 0, err
	}
	began := time.Now()
	stop, sent := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			if err := round(); err != nil {
				sent <- err
				return
			}
			select {
			case <-stop:
				sent <- nil
				return
			case <-time.After(bucket):
			}
		}
	}()
	err = work()
	close(stop)
	err = errors.Join(err, <-sent)
	after, err2 := target.CPU()
	return after - before, time.Since(began), errors.Join(err, err2)
}

func (f *scrapeFigures) read(ctx context.Context, target *server.Server) error {
	for range scrapes {
		began := time.Now()
		text, err := target.ScrapeText(ctx)
		if err != nil {
			return err
		}
		f.took = append(f.took, time.Since(began))
		f.bytes, f.last = len(text), server.ParseSamples(text)
		if err := pass(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

func (f *scrapeFigures) report(services int) *report {
	r := &report{}
	p50, p99 := milliseconds(quantile(f.took, 0.5)), milliseconds(quantile(f.took, 0.99))
	verdicts := f.last.Sum("shipwake_service_verdict")
	r.run(fmt.Sprintf("Scrape/services=%d", services), metric{p50, "p50-ms"}, metric{p99, "p99-ms"}, metric{milliseconds(f.cpu), "cpu-ms/scrape"},
		metric{float64(len(f.last)), "samples"}, metric{float64(f.bytes), "bytes"}, metric{f.others, "cores-otherwise"})
	r.say("# /metrics at %d services\n", services)
	r.say("`make bench-scrape`: %d services report `http.server.request.duration` for the %s before now and go on while "+
		"`/metrics` is read %d times, OpenMetrics and gzip as Prometheus asks for them, 100 ms apart. Through the generic webhook each "+
		"has had eight deployments and an incident in 90 days, a deployment whose window has closed and one whose window is open.\n",
		services, scrapeHistory, scrapes)
	r.say("| p50, ms | p99, ms | server CPU, ms a scrape | samples | size, MiB | windows open | services with a verdict |\n|---|---|---|---|---|---|---|")
	r.say("| **%.0f** | **%.0f** | %.0f | %d | %.1f | %.0f | %.0f |\n", p50, p99, milliseconds(f.cpu), len(f.last),
		float64(f.bytes)/(1<<20), f.last.Sum("shipwake_open_windows"), verdicts)
	r.say("Without scrapes the daemon uses %.2f cores at this load. Times are those of the clock, on a machine that others use.\n", f.others)
	return r
}

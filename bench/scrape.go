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
	scrapeHistory = time.Hour
	scrapes       = 200
	phases        = 4                // that scrapes come in
	quiet         = 10 * time.Second // before each of them, to know what the rest costs
)

// scrapedServices are the sizes of the fleet.
func scrapedServices() []int { return []int{1000, 10_000} }

// shortWindows makes judging a thousand deployments on the way a matter of a minute or two. What is shown is the same.
func shortWindows() []string {
	return []string{
		"--set=extensions.correlate.window.baseline=10m", "--set=extensions.correlate.window.grace=10s",
		"--set=extensions.correlate.window.min_healthy=1m", "--set=extensions.correlate.window.watch=15m",
	}
}

// The deployments on the way, so long ago: the window of one has closed, that of the other is half over when event time
// has come to now but for the lateness.
const (
	judged = 40 * time.Minute
	open   = lateness + 9*time.Minute
)

// scrape reads /metrics of daemons that watch many services, while their telemetry comes in.
func scrape(ctx context.Context, s *settings) (*report, error) {
	var all []scrapeFigures
	for _, services := range scrapedServices() {
		f, err := scrapeOf(ctx, s, s.scaled(services))
		if err != nil {
			return nil, fmt.Errorf("%d services: %w", services, err)
		}
		all = append(all, f)
	}
	return scrapeReport(all), nil
}

func scrapeOf(ctx context.Context, s *settings, services int) (f scrapeFigures, err error) {
	target, err := server.Shipwake(ctx, s.shipwake, nil, append(asHistory(), shortWindows()...)...)
	if err != nil {
		return f, err
	}
	shape := load.Shape{Services: services, Instances: 2, Routes: 1, Canary: 1, Bundle: 50}
	err = with(target, connections, func(sender *load.Sender) error {
		l, err := shape.Metrics(load.Delta)
		if err != nil {
			return err
		}
		rounds, err := live(ctx, target, sender, l, shape.List())
		if err != nil {
			return err
		}
		f, err = readOften(ctx, target, func() error { rounds++; return sender.Round(ctx, l, time.Now()) })
		if err != nil {
			return err
		}
		// Telemetry went on after the last of the scrapes, so what was counted is read once more.
		if err := pass(ctx, taken); err != nil {
			return err
		}
		counted, err := target.Scrape(ctx)
		if err != nil {
			return err
		}
		f.services = services
		return errors.Join(server.CheckTelemetry(counted, "points", rounds*l.Items), f.complete())
	})
	return f, err
}

// live makes the daemon live through some hours: 90 days of facts from before, telemetry, and two deployments of every
// service on the way, one of which is judged in the end while the other's window is open.
func live(ctx context.Context, target *server.Server, sender *load.Sender, l *load.Load, services []load.Service) (rounds int, err error) {
	now := time.Now()
	if err := postEach(ctx, target, services, func(service load.Service) []fact { return past(service, now) }); err != nil {
		return 0, err
	}
	at := now.Add(-scrapeHistory)
	for n, deployed := range []time.Time{now.Add(-judged), now.Add(-open), now} {
		progress("playing the telemetry of %d services until %s", len(services), deployed.Format(time.TimeOnly))
		played, err := play(ctx, sender, l, at, deployed)
		rounds += played
		if err != nil {
			return rounds, err
		}
		at = at.Add(time.Duration(played) * bucket)
		if deployed == now {
			break
		}
		err = postEach(ctx, target, services, func(service load.Service) []fact { return []fact{deployment(service, 8+n, deployed)} })
		if err != nil {
			return rounds, err
		}
	}
	return rounds, caughtUp(ctx, target, now)
}

// fact is a change or an incident as the generic webhook takes it.
type fact map[string]any

// past is eight deployments in 90 days, the fifth of which caused an incident.
func past(service load.Service, now time.Time) []fact {
	failed := now.Add(-44 * 24 * time.Hour)
	all := []fact{{
		"id": "INC-" + service.Name, "service": service.Name, "caused_by": service.Name + "-4", "title": "failing",
		"opened_at": failed, "resolved_at": failed.Add(30 * time.Minute),
	}}
	for n := range 8 {
		all = append(all, deployment(service, n, now.Add(-time.Duration(8-n)*11*24*time.Hour)))
	}
	return all
}

func deployment(service load.Service, n int, finished time.Time) fact {
	return fact{
		"id": fmt.Sprintf("%s-%d", service.Name, n), "service": service.Name, "version": service.Next,
		"started_at": finished.Add(-time.Minute), "finished_at": finished,
		"commits": []fact{{"sha": fmt.Sprintf("%040x", finished.UnixNano()), "authored_at": finished.Add(-5 * time.Hour)}},
	}
}

// postEach posts facts of every service.
func postEach(ctx context.Context, target *server.Server, services []load.Service, facts func(service load.Service) []fact) error {
	client := &http.Client{Timeout: time.Minute}
	defer client.CloseIdleConnections()
	for _, service := range services {
		body, err := json.Marshal(facts(service))
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
	services int
	took     []time.Duration
	bytes    int
	last     server.Samples
	first    time.Duration // CPU time of the server for the first scrape in a format
	cpu      time.Duration // and for each of those that follow
	others   float64       // cores that the server uses without any
}

// readOften scrapes, while a round of telemetry is sent every ten seconds.
func readOften(ctx context.Context, target *server.Server, round func() error) (f scrapeFigures, err error) {
	if err := settled(ctx, target); err != nil {
		return f, err
	}
	if f.first, err = readFirst(ctx, target); err != nil {
		return f, err
	}
	var idle, idleFor, busy, busyFor time.Duration
	for range phases {
		cpu, wall, err := spend(ctx, target, round, func() error { return pass(ctx, quiet) })
		if err != nil {
			return f, err
		}
		idle, idleFor = idle+cpu, idleFor+wall
		cpu, wall, err = spend(ctx, target, round, func() error { return f.read(ctx, target) })
		if err != nil {
			return f, err
		}
		busy, busyFor = busy+cpu, busyFor+wall
	}
	f.others = idle.Seconds() / idleFor.Seconds()
	f.cpu = (busy - time.Duration(f.others*float64(busyFor))) / scrapes
	return f, nil
}

// settled waits until the daemon has nothing left to do of what it was sent.
func settled(ctx context.Context, target *server.Server) error {
	const patience, most = 10 * time.Minute, 0.05 // cores
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		cpu, wall, err := spend(ctx, target, nothing, func() error { return pass(ctx, bucket/2) })
		if err != nil {
			return fmt.Errorf("shipwake doesn't come to rest: %w", err)
		}
		if cpu.Seconds() < most*wall.Seconds() {
			return nil
		}
	}
}

// readFirst is the CPU time of the first scrape in Prometheus' text format, right after one as OpenMetrics, so that the DORA
// numbers are there.
func readFirst(ctx context.Context, target *server.Server) (time.Duration, error) {
	if _, err := target.Scrape(ctx); err != nil {
		return 0, err
	}
	cpu, _, err := spend(ctx, target, nothing, func() error { return target.ReadText(ctx) })
	return cpu, err
}

func nothing() error { return nil }

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
	for range scrapes / phases {
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

// mostChanges is how many changes under observation have series.
const mostChanges = 1000

// complete fails unless every service shows all that it can.
func (f *scrapeFigures) complete() error {
	for metric, want := range map[string]int{
		"shipwake_change_info": min(f.services, mostChanges), "shipwake_change_verdict": min(f.services, mostChanges),
		"shipwake_service_verdict": f.services,
	} {
		if n := f.last.Sum(metric); n != float64(want) {
			return fmt.Errorf("%.0f %s instead of %d", n, metric, want)
		}
	}
	return nil
}

func scrapeReport(all []scrapeFigures) *report {
	r := &report{}
	r.say("# /metrics of large fleets\n")
	r.say("`make bench-scrape`: services with two instances and versions each report `http.server.request.duration` for the %.0f minutes before now and go on while "+
		"`/metrics` is read %d times, OpenMetrics and gzip as Prometheus asks for them, 100 ms apart. Through the generic webhook each "+
		"has had eight deployments and an incident in 90 days, a deployment that was judged on the way and one whose window is open "+
		"(`idle_after`, `lateness` and the memory limit are raised and the windows shortened, so that the history can be sent and judged in "+
		"minutes). The first scrape is one in Prometheus' text format, of which nothing has been compressed before; those that follow "+
		"compress what is different from the one before. The DORA numbers are computed anew at least every 15 s meanwhile, which is part of the "+
		"CPU time.\n", scrapeHistory.Minutes(), scrapes)
	r.say("| services | p50, ms | p99, ms | server CPU, ms a scrape | ms the first | samples | size, MiB | windows open | cores without scrapes |\n|---|---|---|---|---|---|---|---|---|")
	for _, f := range all {
		p50, p99 := milliseconds(quantile(f.took, 0.5)), milliseconds(quantile(f.took, 0.99))
		r.run(fmt.Sprintf("Scrape/services=%d", f.services), metric{p50, "p50-ms"}, metric{p99, "p99-ms"}, metric{milliseconds(f.cpu), "cpu-ms/scrape"},
			metric{milliseconds(f.first), "cpu-ms/first"}, metric{float64(len(f.last)), "samples"}, metric{float64(f.bytes), "bytes"}, metric{f.others, "cores-otherwise"})
		r.say("| %d | **%.0f** | **%.0f** | **%.0f** | %.0f | %d | %.1f | %.0f | %.2f |", f.services, p50, p99, milliseconds(f.cpu), milliseconds(f.first),
			len(f.last), float64(f.bytes)/(1<<20), f.last.Sum("shipwake_open_windows"), f.others)
	}
	r.say("")
	return r
}

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/shipwake/shipwake/bench/load"
	"github.com/shipwake/shipwake/bench/server"
)

// What overload sends.
const (
	overloadFactor = 10
	capacityFor    = 10 * time.Second      // how long the capacity is measured
	renewEvery     = 2 * time.Second       // how old event times may get
	hookEvery      = 50 * time.Millisecond // a webhook's turn
	flooders       = 128                   // of each protocol
)

// overload sends ten times the telemetry that the daemon takes, and webhooks all the while.
func overload(ctx context.Context, s *settings) (*report, error) {
	target, err := server.Shipwake(ctx, s.shipwake, nil)
	if err != nil {
		return nil, err
	}
	var o overloaded
	err = with(target, 0, func(*load.Sender) error {
		o, err = flood(ctx, target, s)
		return err
	})
	if err != nil {
		return nil, err
	}
	return o.report(), errors.Join(o.check()...)
}

// overloaded is what came of it.
type overloaded struct {
	capacity, offered, taken float64 // spans/s
	answers                  load.Answers
	counted                  float64 // requests, by the daemon
	latencies                []time.Duration
	refused                  int // webhooks
	peak                     int64
	cpu, wall                time.Duration
}

func flood(ctx context.Context, target *server.Server, s *settings) (o overloaded, err error) {
	shop := load.Shape{Services: 50, Instances: 2, Routes: 8, Canary: 10, Bundle: 1}
	l, err := shop.Traces(250)
	if err != nil {
		return o, err
	}
	requests, err := load.Pack(l)
	if err != nil {
		return o, err
	}
	stop := requests.Renew(renewEvery)
	defer stop()
	spansEach := float64(l.Items) / float64(len(l.Requests))

	f, err := load.NewFlood(target.OTLP, target.OTLPHTTP, requests)
	if err != nil {
		return o, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	capacity, err := f.Run(ctx, capacityFor, 2, 0)
	if err != nil {
		return o, err
	}
	o.capacity = float64(capacity.Accepted) * spansEach / capacityFor.Seconds()
	progress("it takes %.0f spans/s", o.capacity)

	d := time.Duration(s.minutes * float64(time.Minute))
	before, err := target.CPU()
	if err != nil {
		return o, err
	}
	var hooks sync.WaitGroup
	hooks.Go(func() { o.latencies, o.refused = ring(ctx, target.Hooks+"generic", d) })
	began := time.Now()
	o.answers, err = f.Run(ctx, d, flooders, overloadFactor*float64(capacity.Accepted)/capacityFor.Seconds())
	o.wall = time.Since(began)
	hooks.Wait()
	if err != nil {
		return o, err
	}
	after, err := target.CPU()
	if err != nil {
		return o, err
	}
	o.cpu = after - before
	o.offered = float64(o.answers.Sent) * spansEach / o.wall.Seconds()
	o.taken = float64(o.answers.Accepted) * spansEach / o.wall.Seconds()
	m, err := target.Scrape(ctx)
	if err != nil {
		return o, err
	}
	o.counted = m.Sum("shipwake_otlp_requests_total", `signal="traces"`) - float64(capacity.Sent)
	o.peak, err = target.PeakMemory()
	return o, err
}

// ring posts changes at a steady rate, whatever becomes of those before. A time is taken from when a post's turn was.
func ring(ctx context.Context, url string, d time.Duration) (latencies []time.Duration, refused int) {
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 100}}
	defer client.CloseIdleConnections()
	var mu sync.Mutex
	var running sync.WaitGroup
	began := time.Now()
	for n := int64(1); time.Duration(n)*hookEvery <= d; n++ {
		turn := began.Add(time.Duration(n) * hookEvery)
		if pass(ctx, time.Until(turn)) != nil {
			break
		}
		running.Go(func() {
			err := postOne(ctx, client, url, changeBody(n))
			took := time.Since(turn)
			mu.Lock()
			defer mu.Unlock()
			if latencies = append(latencies, took); err != nil {
				progress("%v", err)
				refused++
			}
		})
	}
	running.Wait()
	return latencies, refused
}

func changeBody(n int64) []byte {
	return fmt.Appendf(nil, `{"id":"deploy-%d","service":"service-%03d","version":"1.%d.0","finished_at":%q,"actor":"ci"}`,
		n, n%1000, n/1000, time.Now().UTC().Format(time.RFC3339))
}

// check fails what a daemon under load must not do.
func (o overloaded) check() []error {
	var wrong []error
	fail := func(is bool, format string, args ...any) {
		if is {
			wrong = append(wrong, fmt.Errorf(format, args...))
		}
	}
	a := o.answers
	fail(a.Accepted+a.Shed+a.Closed != a.Sent, "%d requests accepted and %d shed and %d closed of %d", a.Accepted, a.Shed, a.Closed, a.Sent)
	fail(a.Hinted != a.Shed, "%d of %d shed requests without a hint when to come again", a.Shed-a.Hinted, a.Shed)
	fail(o.counted != float64(a.Sent-a.Closed), "the daemon counts %.0f requests of %d", o.counted, a.Sent-a.Closed)
	fail(o.refused > 0, "%d of %d webhooks were refused", o.refused, len(o.latencies))
	fail(quantile(o.latencies, 0.99) >= time.Second, "the 99th percentile of webhooks is %s", quantile(o.latencies, 0.99))
	fail(o.peak >= memoryLimit, "%d MiB resident", o.peak>>20)
	return wrong
}

func (o overloaded) report() *report {
	r := &report{}
	a := o.answers
	p50, p99 := milliseconds(quantile(o.latencies, 0.5)), milliseconds(quantile(o.latencies, 0.99))
	most := milliseconds(quantile(o.latencies, 1))
	r.run("Load", metric{o.capacity, "capacity-spans/s"}, metric{o.offered, "offered-spans/s"}, metric{o.taken, "accepted-spans/s"},
		metric{float64(a.Sent), "sent-requests"}, metric{float64(a.Accepted), "accepted-requests"}, metric{float64(a.Shed), "shed-requests"},
		metric{float64(len(o.latencies)), "webhooks"}, metric{float64(o.refused), "refused-webhooks"},
		metric{p50, "webhook-p50-ms"}, metric{p99, "webhook-p99-ms"}, metric{most, "webhook-max-ms"},
		metric{float64(o.peak), "peak-bytes"}, metric{o.cpu.Seconds(), "cpu-s"}, metric{o.wall.Seconds(), "s"})
	r.say("# Under ten times the load\n")
	r.say("`make bench-load`: first %s of as many requests as two senders of each protocol get through, the capacity; then for %s %d "+
		"senders of each protocol, gRPC and HTTP, send %d times as many in all, gzipped, about %.0f spans each, and never wait when they are asked "+
		"to; meanwhile a change is posted to `/hooks/generic` every %s, whose time counts from when its turn was. Everything runs on the "+
		"same machine, the senders included. Default configuration. The run fails if accepted and shed requests don't add up to those sent, by "+
		"the senders' count and by the daemon's; if a shed one has no Retry-After or RetryInfo; if a webhook is refused; if their 99th "+
		"percentile reaches a second; or if the daemon's resident memory reaches %d MiB.\n",
		capacityFor, o.wall.Round(time.Second), flooders, overloadFactor, o.offered*o.wall.Seconds()/float64(max(1, a.Sent)), hookEvery, memoryLimit>>20)
	r.say("| | |\n|---|---|")
	r.say("| capacity | %.0f k spans/s |", o.capacity/1e3)
	r.say("| offered | %.0f k spans/s, %.1f × the capacity |", o.offered/1e3, o.offered/cmp.Or(o.capacity, 1))
	r.say("| accepted meanwhile | %.0f k spans/s |", o.taken/1e3)
	r.say("| requests | %d sent = %d accepted + %d put off, each with a hint when to come again |", a.Sent, a.Accepted, a.Shed)
	r.say("| webhooks | %d, %d refused; p50 %.0f ms, **p99 %.0f ms**, most %.0f ms |", len(o.latencies), o.refused, p50, p99, most)
	r.say("| resident memory, most | **%d MiB** of %d |", o.peak>>20, memoryLimit>>20)
	r.say("| CPU time of the daemon | %.0f s in %.0f s |\n", o.cpu.Seconds(), o.wall.Seconds())
	return r
}

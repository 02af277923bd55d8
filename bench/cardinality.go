package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/shipwake/shipwake/bench/load"
	"github.com/shipwake/shipwake/bench/server"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite"
)

const (
	memoryLimit  = 512 << 20 // by default
	knownServing = 50        // services before the bomb
	spansEach    = 20        // a second, of each of them
	beforehand   = 30 * time.Second
	recovering   = 20 * time.Minute // at most
)

// cardinality bombs a daemon with made-up services and operations, and looks at what it says of those it knew.
func cardinality(ctx context.Context, s *settings) (*report, error) {
	if s.services < 1 || s.operations < s.services {
		return nil, fmt.Errorf("want at least one service and as many operations, not %d and %d", s.services, s.operations)
	}
	b := bombing{settings: s, sent: map[string]int64{}}
	for i := range knownServing {
		b.known = append(b.known, fmt.Sprintf("known-%02d", i))
	}
	target, err := server.Shipwake(ctx, s.shipwake, nil)
	if err != nil {
		return nil, err
	}
	b.target = target
	err = errors.Join(b.run(ctx), target.End())
	if err == nil {
		err = b.compare(ctx)
	}
	if err := errors.Join(err, target.Stop()); err != nil {
		return nil, err
	}
	return b.report(), nil
}

// bombing is one run.
type bombing struct {
	*settings
	target   *server.Server
	known    []string
	sent     map[string]int64 // spans of each known service
	burst    load.Burst
	peak     int64
	dropped  float64
	recovery time.Duration
	after    int64 // spans of a service that was new after the bomb
}

const newcomer = "newcomer"

func (b *bombing) run(ctx context.Context) error {
	steady, err := load.NewSender(b.target.OTLP, 1, "")
	if err != nil {
		return err
	}
	bomber, err := load.NewSender(b.target.OTLP, connections, "")
	if err != nil {
		return errors.Join(err, steady.Close())
	}
	return errors.Join(b.story(ctx, steady, bomber), bomber.Close(), steady.Close())
}

func (b *bombing) story(ctx context.Context, steady, bomber *load.Sender) error {
	if err := b.steadily(ctx, steady, func() bool { return false }, beforehand); err != nil {
		return err
	}
	if err := deploy(ctx, b.target.Hooks+"generic", b.known[0]); err != nil {
		return err
	}
	exploded := make(chan error, 1)
	go func() {
		var err error
		b.burst, err = load.Bomb{Services: b.services, Operations: b.operations, Known: b.known}.Send(ctx, bomber)
		exploded <- err
	}()
	var ended bool
	var err error
	if err := b.steadily(ctx, steady, func() bool {
		select {
		case err = <-exploded:
			ended = true
		default:
		}
		return ended
	}, time.Hour); err != nil {
		return err
	}
	if err != nil {
		return err
	}
	for name, n := range b.burst.Known {
		b.sent[name] += n
	}
	return b.recover(ctx, steady)
}

// recover sends on until nothing is dropped any more, and then something of a new service.
func (b *bombing) recover(ctx context.Context, steady *load.Sender) error {
	m, err := b.target.Scrape(ctx)
	if err != nil {
		return err
	}
	if b.dropped = m.Sum("shipwake_dropped_total", `what="services"`); b.dropped == 0 || m.Sum("shipwake_degraded") != 1 {
		return fmt.Errorf("%.0f requests of services were dropped, and shipwake_degraded is %.0f: no bomb", b.dropped, m.Sum("shipwake_degraded"))
	}
	began, looked := time.Now(), time.Now()
	if sendErr := b.steadily(ctx, steady, func() bool {
		if time.Since(looked) < 5*time.Second {
			return false
		}
		looked = time.Now()
		if m, err = b.target.Scrape(ctx); err != nil {
			return true
		}
		return m.Sum("shipwake_degraded") == 0 && m.Sum("shipwake_services_full") == 0 &&
			m.Sum("shipwake_kept", `class="intake_services"`) <= knownServing+1
	}, recovering); sendErr != nil {
		return sendErr
	}
	if err != nil {
		return err
	}
	if b.recovery = time.Since(began); b.recovery >= recovering {
		return fmt.Errorf("%s after the bomb %.0f services are kept, and shipwake_degraded is %.0f", recovering,
			m.Sum("shipwake_kept", `class="intake_services"`), m.Sum("shipwake_degraded"))
	}
	if err := steady.Steady(ctx, []string{newcomer}, spansEach); err != nil {
		return err
	}
	return pass(ctx, taken)
}

// steadily sends the load of the known services each second, until it is enough or the time is over.
func (b *bombing) steadily(ctx context.Context, steady *load.Sender, enough func() bool, atMost time.Duration) error {
	for until := time.Now().Add(atMost); time.Now().Before(until) && !enough(); {
		if err := steady.Steady(ctx, b.known, spansEach); err != nil {
			return err
		}
		for _, name := range b.known {
			b.sent[name] += spansEach
		}
		if err := pass(ctx, time.Second); err != nil {
			return err
		}
	}
	peak, err := b.target.PeakMemory()
	b.peak = max(b.peak, peak)
	return err
}

// deploy opens the window of a service.
func deploy(ctx context.Context, url, service string) error {
	body := fmt.Sprintf(`{"id":"bench-1","service":%q,"version":"2","finished_at":%q}`, service, time.Now().UTC().Format(time.RFC3339))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusAccepted {
		err = fmt.Errorf("the webhook answered %s", answer.Status)
	}
	return errors.Join(err, answer.Body.Close())
}

// compare reads what the daemon wrote down, and holds it against what was sent.
func (b *bombing) compare(ctx context.Context) error {
	l, err := sqlite.Open(ctx, sqlite.Options{Dir: b.target.Data()})
	if err != nil {
		return err
	}
	counted := map[string]int64{}
	err = l.Checkpoints(ctx, func(_ time.Time, cells []correlate.Measurement) error {
		for _, c := range cells {
			if c.Kind == correlate.Traffic {
				counted[c.Service] += c.Requests
			}
		}
		return nil
	})
	if err := errors.Join(err, l.Close()); err != nil {
		return err
	}
	for _, name := range b.known {
		if counted[name] != b.sent[name] {
			return fmt.Errorf("%s: %d spans sent, %d counted", name, b.sent[name], counted[name])
		}
	}
	var all int64
	for _, n := range counted {
		all += n
	}
	b.after = counted[newcomer]
	sent := b.burst.Spans + b.after
	for _, n := range b.sent {
		sent += n
	}
	for _, n := range b.burst.Known {
		sent -= n // in both
	}
	switch {
	case b.after != spansEach:
		return fmt.Errorf("%d spans of a new service after the bomb, %d counted under its name", spansEach, b.after)
	case all != sent:
		return fmt.Errorf("%d spans sent in all, %d counted", sent, all)
	case b.peak > memoryLimit:
		return fmt.Errorf("%d MiB were resident, the limit is %d MiB", b.peak>>20, memoryLimit>>20)
	}
	return nil
}

func (b *bombing) report() *report {
	r := &report{}
	mib := func(n int64) float64 { return float64(n) / (1 << 20) }
	rate := float64(b.burst.Spans) / b.burst.Took.Seconds()
	r.say("# A bomb of names\n")
	r.say("`make bench-cardinality SERVICES=%d OPERATIONS=%d`: %d services send %d spans a second each to a daemon on its default "+
		"configuration, one of them under observation. Then over %d connections come spans of %d made-up services and %d operations, as "+
		"fast as they are taken; a tenth of them is of the known services. Afterwards the known ones go on until "+
		"`shipwake_degraded` is 0 and the made-up names are gone, and a new service reports. The run fails unless every span of every "+
		"known service, and of the new one, is counted under its name in the ledger's checkpoints, all others under `__overflow__` or "+
		"their own, and the peak of resident memory is within `memory.limit`.\n", b.services, b.operations, knownServing, spansEach,
		connections, b.services, b.operations)
	r.say("| spans in the bomb | spans/s | refused requests, sent again | peak memory, MiB | limit, MiB | folded requests | recovered after |")
	r.say("|---|---|---|---|---|---|---|")
	r.say("| %d | %.0f | %d | %.0f | %d | %.0f | %s |\n", b.burst.Spans, rate, b.burst.Refused, mib(b.peak), memoryLimit>>20, b.dropped,
		b.recovery.Round(time.Second))
	r.run(fmt.Sprintf("Cardinality/services=%d/operations=%d", b.services, b.operations), metric{float64(b.burst.Spans), "spans"},
		metric{rate, "spans/s"}, metric{float64(b.peak), "peak-bytes"}, metric{b.recovery.Seconds(), "recovery-s"},
		metric{float64(b.burst.Refused), "refused-requests"})
	return r
}

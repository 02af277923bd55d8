package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/shipwake/shipwake/bench/load"
	"github.com/shipwake/shipwake/bench/server"
)

// What backfill sends.
const (
	historyChanges  = 1_000_000
	historyServices = 1_000
	historyBatch    = 500              // changes in a request
	historySenders  = 4                // requests at once
	probeEvery      = 10 * time.Second // a change of these minutes, whose verdict is waited for
	probeWatch      = 30 * time.Second
	probeDue        = probeWatch + 50*time.Second // until its verdict is final: grace, a bucket and the lateness
	stopAfter       = 3                           // the daemon is stopped and started again after one part in so many
	historyMost     = 5 * time.Minute             // for historyChanges
	stopMost        = 10 * time.Second
	verdictMost     = 10 * time.Second
)

// backfill has the daemon take in a year's changes while telemetry and other changes flow.
func backfill(ctx context.Context, s *settings) (*report, error) {
	target, err := server.Shipwake(ctx, s.shipwake, nil,
		"--set=extensions.correlate.window.baseline=1m", "--set=extensions.correlate.window.grace=10s",
		"--set=extensions.correlate.window.min_healthy=20s", "--set=extensions.correlate.window.watch="+probeWatch.String())
	if err != nil {
		return nil, err
	}
	b := backfilled{changes: s.number(historyChanges), target: target}
	err = with(target, 1, func(sender *load.Sender) error { return b.measure(ctx, sender) })
	return b.report(), errors.Join(append(b.check(), err)...)
}

// backfilled is what came of it.
type backfilled struct {
	changes int
	target  *server.Server

	acknowledged, applied time.Duration // from the first request on, without the stop
	waited                []moment      // while nothing but applying was left to do
	stop, start           time.Duration
	peak                  int64 // of both processes
	cpu                   time.Duration
	refused               int             // telemetry requests
	late                  []time.Duration // of verdicts of the probes
	unanswered            int
}

func (b *backfilled) measure(ctx context.Context, sender *load.Sender) (err error) {
	flow, cancel := context.WithCancel(ctx)
	defer cancel()
	probes := &probes{target: b.target, waiting: map[string]time.Time{}}
	var flowing sync.WaitGroup
	failed := make(chan error, 2)
	flowing.Go(func() { failed <- b.telemetry(flow, sender) })
	flowing.Go(func() { failed <- probes.run(flow) })
	defer func() {
		cancel()
		flowing.Wait()
		err = errors.Join(err, <-failed, <-failed)
		b.refused, b.late, b.unanswered = sender.Refused, probes.late, len(probes.waiting)
	}()
	if err := pass(ctx, probeDue); err != nil { // verdicts come before there is anything else to do
		return err
	}
	first := b.changes / stopAfter
	if err := b.send(ctx, 0, first); err != nil {
		return err
	}
	if err := b.stopInBetween(ctx, probes); err != nil {
		return err
	}
	if err := b.send(ctx, first, b.changes); err != nil {
		return err
	}
	if err := b.wait(ctx); err != nil {
		return err
	}
	if err := pass(ctx, probeDue); err != nil {
		return err
	}
	return b.counted(ctx)
}

// stopInBetween stops the daemon while facts wait, and starts it again.
func (b *backfilled) stopInBetween(ctx context.Context, probes *probes) error {
	if err := b.spent(); err != nil {
		return err
	}
	began := time.Now()
	if err := b.target.End(); err != nil {
		return err
	}
	b.stop = time.Since(began)
	began = time.Now()
	if err := b.target.Again(ctx); err != nil {
		return err
	}
	b.start = time.Since(began)
	probes.absent(b.stop + b.start)
	return nil
}

// spent adds what the process has used.
func (b *backfilled) spent() error {
	cpu, err := b.target.CPU()
	if err != nil {
		return err
	}
	peak, err := b.target.PeakMemory()
	b.cpu, b.peak = b.cpu+cpu, max(b.peak, peak)
	return err
}

// send posts some of the changes, the oldest first, in batches.
func (b *backfilled) send(ctx context.Context, from, to int) error {
	began := time.Now()
	batches := make(chan int)
	var sending sync.WaitGroup
	errs := make([]error, historySenders)
	for c := range historySenders {
		sending.Go(func() {
			for n := range batches {
				if errs[c] == nil {
					errs[c] = postBatch(ctx, b.target.Hooks+"cdevents", n, min(n+historyBatch, to), b.changes)
				}
			}
		})
	}
	for n := from; n < to; n += historyBatch {
		batches <- n
	}
	close(batches)
	sending.Wait()
	b.acknowledged += time.Since(began)
	b.applied += time.Since(began)
	return errors.Join(errs...)
}

// moment is how much the process had used when so many facts were still to be applied.
type moment struct {
	left float64
	cpu  time.Duration
}

// each is the CPU time for a fact from one moment to another.
func (m moment) each(to moment) time.Duration {
	return time.Duration(float64(to.cpu-m.cpu) / max(1, m.left-to.left))
}

// halves are the CPU time for a change that was applied in the first half of some moments, and in the second.
func halves(all []moment) (first, second time.Duration) {
	if len(all) < 3 {
		return 0, 0
	}
	middle := slices.IndexFunc(all, func(m moment) bool { return m.left <= (all[0].left+all[len(all)-1].left)/2 })
	return all[0].each(all[middle]), all[middle].each(all[len(all)-1])
}

// wait waits until everything that is acknowledged is applied.
func (b *backfilled) wait(ctx context.Context) error {
	began := time.Now()
	for {
		m, err := b.target.Scrape(ctx)
		if err != nil {
			return err
		}
		left := m.Sum("shipwake_unapplied_facts")
		used, err := b.target.CPU()
		if err != nil {
			return err
		}
		b.waited = append(b.waited, moment{left, used})
		if left == 0 {
			b.applied += time.Since(began)
			return b.spent()
		}
		progress("%.0f changes wait", left)
		if err := pass(ctx, time.Second); err != nil {
			return err
		}
	}
}

// counted fails unless each change is there once. It asks week by week, so that no answer takes long.
func (b *backfilled) counted(ctx context.Context) error {
	counted := 0
	until := time.Now().UTC().Truncate(time.Hour)
	for from := until.AddDate(-1, 0, -5); from.Before(until); from = from.AddDate(0, 0, 7) {
		to := from.AddDate(0, 0, 7)
		text, err := b.target.Get(ctx, "/api/v1/dora?environment=history&from="+from.Format(time.RFC3339)+"&to="+to.Format(time.RFC3339))
		if err != nil {
			return err
		}
		var answer struct {
			Total struct {
				Deployments int `json:"deployments"`
			} `json:"total"`
		}
		if err := json.Unmarshal(text, &answer); err != nil {
			return err
		}
		counted += answer.Total.Deployments
	}
	if counted != b.changes {
		return fmt.Errorf("%d deployments are counted of %d", counted, b.changes)
	}
	return nil
}

// postBatch posts changes as a batch of CloudEvents. Of all there are, the last one was complete three days ago.
func postBatch(ctx context.Context, url string, from, to, all int) (err error) {
	var body bytes.Buffer
	last := time.Now().UTC().Truncate(time.Hour).AddDate(0, 0, -3)
	for n := from; n < to; n++ {
		at := last.AddDate(-1, 0, 0).Add(time.Duration(float64(362*24*time.Hour) * float64(n) / float64(all))).Format(time.RFC3339)
		body.WriteByte("[,"[min(n-from, 1)])
		fmt.Fprintf(&body, `{"specversion":"1.0","id":"event-%[1]d","source":"/deployer","type":"dev.cdevents.service.deployed.0.3.0","time":%[2]q,`+
			`"data":{"context":{"id":"event-%[1]d","source":"/deployer","type":"dev.cdevents.service.deployed.0.3.0","timestamp":%[2]q,"specversion":"0.5.1"},`+
			`"subject":{"id":"history-%03[3]d","content":{"environment":{"id":"history"},"artifactId":"pkg:oci/history-%03[3]d?tag=1.%[4]d.0"}},`+
			`"customData":{"commit":"%040[1]x","actor":"ci","url":"https://ci.example/runs/%[1]d"},"customDataContentType":"application/json"}}`,
			n, at, n%historyServices, n/historyServices)
	}
	body.WriteByte(']')
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, &body)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/cloudevents-batch+json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusAccepted {
		err = fmt.Errorf("POST %s: %s: %s", url, answer.Status, text)
	}
	return err
}

// telemetry sends a round a second until the context ends.
func (b *backfilled) telemetry(ctx context.Context, sender *load.Sender) error {
	l, err := load.Shape{Services: 50, Instances: 2, Routes: 8, Bundle: 10}.Metrics(load.Delta)
	if err != nil {
		return err
	}
	for pass(ctx, time.Second) == nil {
		if err := sender.Round(ctx, l, time.Now()); err != nil && ctx.Err() == nil {
			progress("%v", err) // the daemon is away
		}
	}
	return nil
}

// probes are changes that are told in time. How late their verdicts come is counted from when their windows are over and
// waited for.
type probes struct {
	target  *server.Server
	mu      sync.Mutex
	waiting map[string]time.Time // when the verdict is due
	late    []time.Duration
}

// absent puts off what is due: nothing comes from a daemon that is away.
func (p *probes) absent(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id := range p.waiting {
		p.waiting[id] = p.waiting[id].Add(d)
	}
}

func (p *probes) run(ctx context.Context) error {
	last := time.Now()
	for n := 0; pass(ctx, 500*time.Millisecond) == nil; {
		if now := time.Now(); now.Sub(last) >= probeEvery {
			last = now
			n++
			id, done := fmt.Sprintf("probe-%d", n), now.UTC().Truncate(time.Second)
			body := fmt.Appendf(nil, `{"id":%q,"service":"orders-000","kind":"config","finished_at":%q}`, id, done.Format(time.RFC3339))
			if err := postOne(ctx, http.DefaultClient, p.target.Hooks+"generic", body); err != nil {
				continue // the daemon is away
			}
			p.mu.Lock()
			p.waiting[id] = done.Add(probeDue)
			p.mu.Unlock()
		}
		p.look(ctx)
	}
	return nil
}

// look takes down which verdicts are there.
func (p *probes) look(ctx context.Context) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, due := range p.waiting {
		if time.Now().Before(due.Add(-probeWatch)) {
			continue
		}
		text, err := p.target.Get(ctx, "/api/v1/changes/"+id)
		if err != nil {
			return
		}
		if bytes.Contains(text, []byte(`"phase":"closed"`)) {
			p.late = append(p.late, max(0, time.Since(due)))
			delete(p.waiting, id)
		}
	}
}

// check fails what a daemon that takes in a history must not do.
func (b backfilled) check() []error {
	var wrong []error
	fail := func(is bool, format string, args ...any) {
		if is {
			wrong = append(wrong, fmt.Errorf(format, args...))
		}
	}
	fail(b.changes >= historyChanges && b.applied > historyMost, "%d changes took %s", b.changes, b.applied)
	fail(b.peak >= memoryLimit, "%d MiB resident", b.peak>>20)
	fail(b.refused > 0, "%d requests of telemetry were refused", b.refused)
	fail(b.stop > stopMost, "it took %s to stop", b.stop)
	fail(b.unanswered > int(probeDue/probeEvery)+1, "%d verdicts are missing", b.unanswered)
	fail(len(b.late) == 0 || quantile(b.late, 1) > verdictMost, "a verdict came %s late", quantile(b.late, 1))
	return wrong
}

func (b backfilled) report() *report {
	r := &report{}
	most := quantile(b.late, 1)
	first, second := halves(b.waited)
	r.run(fmt.Sprintf("History/changes=%d", b.changes), metric{b.acknowledged.Seconds(), "acknowledged-s"}, metric{b.applied.Seconds(), "applied-s"},
		metric{b.cpu.Seconds(), "cpu-s"}, metric{float64(b.peak), "peak-bytes"}, metric{b.stop.Seconds(), "stop-s"}, metric{b.start.Seconds(), "start-s"},
		metric{float64(len(b.late)), "verdicts"}, metric{milliseconds(quantile(b.late, 0.5)), "verdict-late-p50-ms"}, metric{milliseconds(most), "verdict-late-max-ms"},
		metric{float64(b.refused), "refused-requests"},
		metric{float64(first.Microseconds()), "first-cpu-us/change"}, metric{float64(second.Microseconds()), "second-cpu-us/change"})
	r.say("# A history\n")
	r.say("`make bench-history HISTORY=%d`: so many deployments of %d services over a year are posted to `/hooks/cdevents`, %d in a request, %d requests at "+
		"once, the oldest first. Telemetry of 50 services comes all the while, and every %s a change of that minute, whose window is %s: how late its "+
		"verdict comes is counted from when its time is over and was waited for. After a third the daemon is stopped by SIGTERM and started again. The run "+
		"fails if a change isn't counted once in the end, if telemetry is refused, if a verdict is more than %s late, if it takes more than %s to stop, or if "+
		"the resident memory reaches %d MiB; for %d changes, also if they take more than %s. Everything runs on the same machine, the senders included.\n",
		b.changes, historyServices, historyBatch, historySenders, probeEvery, probeWatch, verdictMost, stopMost, memoryLimit>>20, historyChanges, historyMost)
	r.say("| | |\n|---|---|")
	r.say("| changes | %d |", b.changes)
	r.say("| until all are acknowledged | %.0f s |", b.acknowledged.Seconds())
	r.say("| until all are applied | **%.0f s**, %.0f a second |", b.applied.Seconds(), float64(b.changes)/b.applied.Seconds())
	r.say("| CPU time of the daemon | %.0f s, %.0f µs a change |", b.cpu.Seconds(), b.cpu.Seconds()*1e6/float64(b.changes))
	r.say("| of that while only applying is left | %d µs a change in the first half, %d µs in the second |", first.Microseconds(), second.Microseconds())
	r.say("| resident memory, most | **%d MiB** of %d |", b.peak>>20, memoryLimit>>20)
	r.say("| verdicts meanwhile | %d; p50 %.1f s late, most **%.1f s** |", len(b.late), quantile(b.late, 0.5).Seconds(), most.Seconds())
	r.say("| SIGTERM in the middle | %.1f s until it has ended, %.1f s until it is there again |", b.stop.Seconds(), b.start.Seconds())
	r.say("| requests of telemetry refused | %d |\n", b.refused)
	return r
}

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shipwake/shipwake/bench/load"
	"github.com/shipwake/shipwake/bench/server"
)

// postFor is how long each number of clients posts.
const postFor = 10 * time.Second

// facts posts changes, one in a request, from a growing number of clients.
func facts(ctx context.Context, s *settings) (*report, error) {
	r := &report{}
	sync, err := syncTime()
	if err != nil {
		return nil, err
	}
	r.run("Sync", metric{milliseconds(sync), "ms/fsync"})
	r.say("# Facts acknowledged\n")
	r.say("`make bench-facts`: for %s every client posts one new change after the other to `/hooks/generic`, finished now, of one "+
		"of 1,000 services. Only the answer 202 counts, which is given after the commit is synced; the run fails if there is another "+
		"one, or if `shipwake_facts_total` differs from the answers. A write and fsync of 4 KiB takes %.2f ms here (median), which "+
		"bounds one client.\n", postFor, milliseconds(sync))
	r.say("| clients | facts/s | p50, ms | p99, ms | facts in a commit | server CPU, ms a fact |\n|---|---|---|---|---|---|")
	for _, clients := range []int{1, 16, 128} {
		f, err := post(ctx, s, clients)
		if err != nil {
			return nil, fmt.Errorf("%d clients: %w", clients, err)
		}
		n := float64(len(f.latencies))
		rate, cpu := n/f.wall.Seconds(), milliseconds(f.cpu)/n
		p50, p99 := milliseconds(quantile(f.latencies, 0.5)), milliseconds(quantile(f.latencies, 0.99))
		r.run(fmt.Sprintf("Facts/clients=%d", clients), metric{rate, "facts/s"}, metric{p50, "p50-ms"}, metric{p99, "p99-ms"},
			metric{n / f.commits, "facts/commit"}, metric{cpu, "cpu-ms/fact"})
		r.say("| %d | %.0f | %.1f | %.1f | %.1f | %.2f |", clients, rate, p50, p99, n/f.commits, cpu)
	}
	r.say("\nCommits include one checkpoint a second and those of what the engine decided.\n")
	return r, nil
}

// posted is what came of some clients' posting.
type posted struct {
	latencies []time.Duration
	wall, cpu time.Duration
	commits   float64
}

func post(ctx context.Context, s *settings, clients int) (p posted, err error) {
	target, err := server.Shipwake(ctx, s.shipwake, nil)
	if err != nil {
		return p, err
	}
	err = with(target, 0, func(*load.Sender) error {
		before, err := ledgerOf(ctx, target)
		if err != nil {
			return err
		}
		p, err = postAll(ctx, target.Hooks+"generic", clients, time.Duration(s.scale*float64(postFor)))
		if err != nil {
			return err
		}
		after, err := ledgerOf(ctx, target)
		if err != nil {
			return err
		}
		p.cpu, p.commits = after.cpu-before.cpu, after.commits-before.commits
		if after.accepted != float64(len(p.latencies)) {
			return fmt.Errorf("shipwake counts %.0f facts of %d that it acknowledged", after.accepted, len(p.latencies))
		}
		return nil
	})
	return p, err
}

// ledgerState is what the ledger has done so far.
type ledgerState struct {
	cpu               time.Duration
	commits, accepted float64
}

func ledgerOf(ctx context.Context, target *server.Server) (l ledgerState, err error) {
	m, err := target.Scrape(ctx)
	if err != nil {
		return l, err
	}
	l.commits = m.Sum("shipwake_ledger_commits_total")
	l.accepted = m.Sum("shipwake_facts_total", `source="generic"`, `result="accepted"`)
	l.cpu, err = target.CPU()
	return l, err
}

// postAll posts changes for a while and takes the time of each answer.
func postAll(ctx context.Context, url string, clients int, d time.Duration) (p posted, err error) {
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	defer client.CloseIdleConnections()
	var running sync.WaitGroup
	var next atomic.Int64
	var failed atomic.Bool // one refusal ends them all
	latencies, errs := make([][]time.Duration, clients), make([]error, clients)
	began := time.Now()
	for c := range clients {
		running.Go(func() {
			for !failed.Load() && time.Since(began) < d {
				n := next.Add(1)
				body := fmt.Appendf(nil, `{"id":"deploy-%d","service":"service-%03d","version":"1.%d.0","commit":"%040x",`+
					`"finished_at":%q,"actor":"ci","url":"https://ci.example/runs/%[1]d"}`,
					n, n%1000, n/1000, n, time.Now().UTC().Format(time.RFC3339))
				start := time.Now()
				if errs[c] = postOne(ctx, client, url, body); errs[c] != nil {
					failed.Store(true)
				}
				latencies[c] = append(latencies[c], time.Since(start))
			}
		})
	}
	running.Wait()
	p.wall = time.Since(began)
	for _, l := range latencies {
		p.latencies = append(p.latencies, l...)
	}
	return p, errors.Join(errs...)
}

// postOne fails unless the answer is 202.
func postOne(ctx context.Context, client *http.Client, url string, body []byte) (err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(request)
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

// syncTime is the median time of a write and fsync of 4 KiB where the ledger is kept.
func syncTime() (_ time.Duration, err error) {
	dir, err := os.MkdirTemp("", "shipwake-bench-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file, err := os.Create(filepath.Join(dir, "probe"))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	var took []time.Duration
	for range 200 {
		began := time.Now()
		if _, err := file.Write(make([]byte, 4096)); err != nil {
			return 0, err
		}
		if err := file.Sync(); err != nil {
			return 0, err
		}
		took = append(took, time.Since(began))
	}
	return quantile(took, 0.5), nil
}

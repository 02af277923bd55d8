package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/shipwake/shipwake/bench/load"
	"github.com/shipwake/shipwake/bench/server"
)

// imported is what came of the import of one file.
type imported struct {
	name         string
	changes      int
	services     int
	acknowledged time.Duration // until the command ended
	applied      time.Duration // until the daemon had nothing left to apply
	cpu          time.Duration // of the command
	memory, peak int64         // the most resident memory of the command, and of the daemon, in bytes
	daemonCPU    time.Duration
	again        time.Duration // until the command ended that imported the same once more
	bytes        int64
}

// imports has files of changes of the last year imported by the command: of a tenth of a million in two forms, and of a
// million of five times the services.
func imports(ctx context.Context, s *settings) (*report, error) {
	r := &report{}
	most := s.size
	if most == 0 {
		most = s.scaled(1_000_000)
	}
	r.say("# Importing history\n")
	r.say("`make bench-import`: `shipwake import` reads a file of changes of the last year, of 60 teams, beside the daemon that it tells; both share " +
		"the processors of this machine. The run fails if not every change is sent, or if the same import once more tells the daemon anything.\n")
	r.say("| file | MB | changes | services | acknowledged, s | changes/s | applied, s | import, CPU s | import, most MB | daemon, CPU s | daemon, most MB | again, s |\n|---|---|---|---|---|---|---|---|---|---|---|---|")
	for _, one := range []imported{
		{name: "ndjson", changes: max(1, most/10), services: 2000},
		{name: "csv", changes: max(1, most/10), services: 2000},
		{name: "ndjson", changes: most, services: 10_000},
	} {
		if err := one.run(ctx, s); err != nil {
			return nil, fmt.Errorf("%s of %d: %w", one.name, one.changes, err)
		}
		rate := float64(one.changes) / one.acknowledged.Seconds()
		r.run(fmt.Sprintf("Import/%s=%d", one.name, one.changes), metric{rate, "changes/s"}, metric{one.acknowledged.Seconds(), "s"}, metric{one.applied.Seconds(), "s-applied"},
			metric{megabytes(one.memory), "MB-import"}, metric{megabytes(one.peak), "MB-daemon"})
		r.say("| %s | %.0f | %d | %d | %.0f | %.0f | %.0f | %.1f | %.0f | %.0f | %.0f | %.0f |", one.name, megabytes(one.bytes), one.changes, one.services, one.acknowledged.Seconds(), rate,
			one.applied.Seconds(), one.cpu.Seconds(), megabytes(one.memory), one.daemonCPU.Seconds(), megabytes(one.peak), one.again.Seconds())
	}
	return r, nil
}

func megabytes(n int64) float64 { return float64(n) / 1e6 }

func (i *imported) run(ctx context.Context, s *settings) (err error) {
	dir, err := os.MkdirTemp("", "shipwake-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file := filepath.Join(dir, "changes."+i.name)
	if i.bytes, err = writeChanges(file, i.name, i.changes, i.services); err != nil {
		return err
	}
	target, err := server.Shipwake(ctx, s.shipwake, nil)
	if err != nil {
		return err
	}
	return with(target, 0, func(*load.Sender) error { return i.measure(ctx, s, target, file) })
}

func (i *imported) measure(ctx context.Context, s *settings, target *server.Server, file string) error {
	began := time.Now()
	said, state, err := runImport(ctx, s.shipwake, i.name, file, target.Hooks)
	if err != nil {
		return err
	}
	i.acknowledged, i.cpu = time.Since(began), state.UserTime()+state.SystemTime()
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		i.memory = usage.Maxrss << 10
	}
	if err := i.wait(ctx, target); err != nil {
		return err
	}
	if _, facts, _, err := counts(said); err != nil || facts != i.changes {
		return fmt.Errorf("not %d changes were sent: %s", i.changes, said)
	}
	i.applied = time.Since(began)
	if i.peak, err = target.PeakMemory(); err != nil {
		return err
	}
	if i.daemonCPU, err = target.CPU(); err != nil {
		return err
	}
	began = time.Now()
	if said, _, err = runImport(ctx, s.shipwake, i.name, file, target.Hooks); err != nil {
		return err
	}
	i.again = time.Since(began)
	if deliveries, _, known, err := counts(said); err != nil || known != deliveries {
		return fmt.Errorf("the same import once more told something: %s", said)
	}
	return nil
}

var summary = regexp.MustCompile(`records: ([\d,]+) facts sent in ([\d,]+) deliveries, of which the daemon knew ([\d,]+);`)

// counts are those that the command says in the end.
func counts(said string) (deliveries, facts, known int, err error) {
	found := summary.FindStringSubmatch(said)
	if found == nil {
		return 0, 0, 0, fmt.Errorf("it doesn't say what it sent: %s", said)
	}
	for at, into := range []*int{&facts, &deliveries, &known} {
		n, err := strconv.Atoi(strings.ReplaceAll(found[at+1], ",", ""))
		if err != nil {
			return 0, 0, 0, err
		}
		*into = n
	}
	return deliveries, facts, known, nil
}

// wait waits until the daemon has applied what it acknowledged. It asks for the status: metrics of 10,000 services every second
// would be work of their own.
func (i *imported) wait(ctx context.Context, target *server.Server) error {
	for {
		var status struct {
			Unapplied struct {
				Count int `json:"count"`
			} `json:"unapplied_facts"`
		}
		body, err := target.Get(ctx, "/api/v1/status")
		if err == nil {
			err = json.Unmarshal(body, &status)
		}
		if err != nil {
			return err
		}
		if status.Unapplied.Count == 0 {
			return nil
		}
		progress("%d changes wait", status.Unapplied.Count)
		if err := pass(ctx, time.Second); err != nil {
			return err
		}
	}
}

// runImport runs the command and returns what it said.
func runImport(ctx context.Context, binary, format, file, hooks string) (string, *os.ProcessState, error) {
	cmd := exec.CommandContext(ctx, binary, "import", format, file, "--hooks", hooks+"generic")
	cmd.Stderr = os.Stderr
	said, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("shipwake import: %w: %s", err, said)
	}
	return string(said), cmd.ProcessState, err
}

// writeChanges writes changes of a year, the oldest first, and returns how many bytes they are.
func writeChanges(file, format string, changes, services int) (int64, error) {
	f, err := os.Create(file)
	if err != nil {
		return 0, err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	if format == "csv" {
		fmt.Fprintln(w, "id,service,team,version,commit,authored_at,finished_at")
	}
	line := `{"id":"c-%d","service":"svc-%d","team":"team-%d","version":"v%d","commit":"%040x","commits":[{"sha":"%040[5]x","authored_at":%q}],"finished_at":%q}` + "\n"
	if format == "csv" {
		line = "c-%d,svc-%d,team-%d,v%d,%040x,%s,%s\n"
	}
	first := time.Now().UTC().AddDate(-1, 0, 0).Truncate(time.Second)
	for n := range changes {
		at := first.Add(time.Duration(float64(n) / float64(changes) * float64(364*24*time.Hour)))
		service := n * 7919 % services
		fmt.Fprintf(w, line, n, service, service%60, n/services, n, at.Add(-3*time.Hour).Format(time.RFC3339), at.Format(time.RFC3339))
	}
	if err := errors.Join(w.Flush(), f.Sync()); err != nil {
		return 0, errors.Join(err, f.Close())
	}
	info, err := f.Stat()
	if err != nil {
		return 0, errors.Join(err, f.Close())
	}
	return info.Size(), f.Close()
}

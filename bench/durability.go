package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// kills has the ledger's kill loop run long: processes are killed at random instants, and what they leave is looked at.
func kills(ctx context.Context, s *settings) (*report, error) {
	r := &report{}
	cycles := s.number(10_000)
	runs, err := r.goTest(ctx, []string{"SHIPWAKE_KILL_CYCLES=" + strconv.Itoa(cycles)},
		"./correlate/ledger/sqlite", "-run", "^TestNoAcknowledgedFactIsLostOrDoubledByAKill$")
	if err != nil {
		return nil, err
	}
	k := runs[0]
	r.say("# Kills\n")
	r.say("`make bench-kill CYCLES=%d`: a process does all that a daemon does with its ledger, at once: six senders commit facts and send "+
		"each again, a stream is followed by its position, deliveries are held and released from quarantine, facts are applied with records, "+
		"verdicts and messages, messages are marked as sent, checkpoints are written and expire, and backups are made. It is killed by SIGKILL "+
		"at a random instant, in its start, its migration from the first schema and its recovery too. After each kill every fact that was "+
		"acknowledged is there once, what was applied has its record, verdict and message and nothing else has, the stream has no gap, no "+
		"message that was sent waits, finished backups are whole and hold what was acknowledged before they began, and SQLite finds the file "+
		"sound; otherwise the run fails.\n", cycles)
	r.say("| kills | a minute | facts acknowledged | lost | doubled | messages sent once | backups |\n|---|---|---|---|---|---|---|")
	r.say("| %s | %s | %s | %s | %s | %s | %s |\n", k["kills"], k["kills/min"], k["facts"], k["lost"], k["doubled"], k["messages"], k["backups"])
	r.say("What was going on at the instant of the kill (several things at once count each; facts always go on once the first was acknowledged):\n")
	r.say("| under way | kills |\n|---|---|")
	for _, step := range []string{"start", "open", "migrate", "restore", "facts", "release", "effects", "checkpoint", "expire", "backup"} {
		r.say("| %s | %s |", step, or(k["during-"+step], "0"))
	}
	r.say("")
	return r, nil
}

// orders has facts and measurements arrive in many orders, and looks whether it shows.
func orders(ctx context.Context, s *settings) (*report, error) {
	r := &report{}
	n := s.number(1_000_000)
	runs, err := r.goTest(ctx, nil, "./correlate/engine", "-run", "^(TestRecordsAgreeWithTheOracle|TestLateFactsChangeNothing)$",
		"-oracle.permutations="+strconv.Itoa(n), "-late.cases="+strconv.Itoa(max(1, n/500)), "-late.seed=1000000")
	if err != nil {
		return nil, err
	}
	r.say("# Order of arrival\n")
	r.say("`make bench-order ORDERS=%d`: what several sources report of changes and incidents, in one or several reports each, some corrected, some "+
		"told twice, arrives in random order. Records and DORA numbers must be, byte for byte, those that an oracle works out from the whole "+
		"set of facts at once. And of stretches of time with telemetry as well, facts and measurements arrive late (facts up to the whole "+
		"stretch, measurements up to five minutes), in pieces, facts more than once, and the engine is restarted in between: all records and "+
		"verdicts must be those that come out when everything arrives in time.\n", n)
	r.say("| | orders of arrival | histories | restarts | differing |\n|---|---|---|---|---|")
	for _, k := range runs {
		_, what, _ := strings.Cut(k["name"], "/")
		r.say("| %s | %s | %s | %s | %s |", strings.ReplaceAll(what, "-", " "), k["orders"], k["histories"], or(k["restarts"], "–"), k["differing"])
	}
	r.say("")
	return r, nil
}

// ledgerModel throws many random operations and faults at the ledger and at maps.
func ledgerModel(ctx context.Context, s *settings) (*report, error) {
	r := &report{}
	ops := s.number(100_000)
	runs, err := r.goTest(ctx, nil, "./correlate/ledger/sqlite", "-run", "^TestTheLedgerKeepsItsPromises$/^random",
		"-rapid.checks="+strconv.Itoa(max(1, ops/29)), "-rapid.nofailfile")
	if err != nil {
		return nil, err
	}
	k := runs[0]
	r.say("# The ledger against its model\n")
	r.say("`make bench-ledger OPS=%d`: random sequences of about 30 operations and restarts go to a ledger and to maps, and all that can be read is "+
		"compared. One write in four meets a fault: another program holds the database, or the transaction is lost at its begin, in the middle, "+
		"or at its commit. A refused write must say that it is worth another try, leave nothing behind, and succeed afterwards.\n", ops)
	r.say("| operations | writes | refused by a fault first | differences |\n|---|---|---|---|")
	r.say("| %s | %s | %s | %s |\n", k["ops"], k["writes"], k["faults"], k["differences"])
	return r, nil
}

// restarts measures how long it takes from opening the ledger to an engine that goes on.
func restarts(ctx context.Context, s *settings) (*report, error) {
	r := &report{}
	runs, err := r.goTest(ctx, []string{"SHIPWAKE_RESTART_CHANGES=100000"}, "./collector/host", "-run", "^$", "-bench", "^BenchmarkRestart$", "-benchtime", fmt.Sprintf("%dx", s.number(10)))
	if err != nil {
		return nil, err
	}
	r.say("# Restart\n")
	r.say("`make bench-restart`: a ledger of 100,000 changes, each with its fact and its verdict, spread evenly over the days up to now, and with six " +
		"hours of measurements of 100 services. The time is from opening the file to an engine that is restored: records of the last three days, those that " +
		"are open, the latest of each service, and all measurements. Files are in the page cache.\n")
	r.say("| changes over | restart, ms | of which opening, ms |\n|---|---|---|")
	for _, k := range runs {
		_, days, _ := strings.Cut(k["name"], "days=")
		days, _, _ = strings.Cut(days, "-")
		ns, err := strconv.ParseFloat(k["ns/op"], 64)
		if err != nil {
			return nil, err
		}
		r.say("| %s days | %.0f | %s |", days, ns/1e6, k["open-ms/op"])
	}
	r.say("")
	return r, nil
}

// goTest runs a test of the main module and collects the lines it writes in the format of Go's benchmarks: each as values
// by unit, and its name.
func (r *report) goTest(ctx context.Context, env []string, pkg string, args ...string) ([]map[string]string, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-count=1", "-timeout", "5h", "-v", pkg}, args...)...)
	cmd.Dir, cmd.Env, cmd.Stderr = "..", append(os.Environ(), env...), os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	var runs []map[string]string
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		progress("%s", lines.Text())
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		run := map[string]string{"name": fields[0]}
		for i := 2; i+1 < len(fields); i += 2 {
			run[fields[i+1]] = fields[i]
		}
		runs = append(runs, run)
		r.raw.WriteString(lines.Text() + "\n")
	}
	if err := cmd.Wait(); err != nil {
		return nil, fmt.Errorf("go test %s: %w", pkg, err)
	}
	if len(runs) == 0 {
		return nil, fmt.Errorf("go test %s measured nothing", pkg)
	}
	return runs, lines.Err()
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// number is how many of something, when the command line says so.
func (s *settings) number(standard int) int {
	if s.size > 0 {
		return s.size
	}
	return standard
}

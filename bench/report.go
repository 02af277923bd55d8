package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// report is a page of results for people, and every single run in the format of Go's benchmarks for benchstat.
type report struct {
	page, raw strings.Builder
}

// say adds a line to the page.
func (r *report) say(format string, args ...any) { fmt.Fprintf(&r.page, format+"\n", args...) }

// metric is one measured value of a run with its unit.
type metric struct {
	value float64
	unit  string
}

// run adds one run to the raw results, under a name with slashes, and tells it.
func (r *report) run(name string, metrics ...metric) {
	line := fmt.Sprintf("Benchmark%s 1", name)
	for _, m := range metrics {
		line += fmt.Sprintf(" %s %s", strconv.FormatFloat(m.value, 'g', 6, 64), m.unit)
	}
	r.raw.WriteString(line + "\n")
	progress("%s", line)
}

// host adds on what and of what the figures are.
func (r *report) host(ctx context.Context, binary string) error {
	version, err := exec.CommandContext(ctx, binary, "--version").Output()
	if err != nil {
		return fmt.Errorf("asking %s for its version: %w", binary, err)
	}
	r.say("Measured: %s on %s, %d cores, %s of memory, Linux, %s; load average of the last 5 minutes %s, the benchmark included. "+
		"Where others use the machine too, CPU seconds and ratios of runs that alternate tell more than times on the clock.",
		name(string(version)), procValue("/proc/cpuinfo", "model name"), runtime.NumCPU(), memory(), runtime.Version(), loadAverage())
	return nil
}

// save writes NAME.md and NAME.txt.
func (r *report) save(folder, name string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	page := fmt.Sprintf("<!-- Written by `make bench-%s`. -->\n%s\nEvery run: [%[1]s.txt](%[1]s.txt), in the format of "+
		"Go's benchmarks, for benchstat.\n", name, r.page.String())
	if err := os.WriteFile(filepath.Join(folder, name+".md"), []byte(page), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, name+".txt"), []byte(r.raw.String()), 0o644)
}

// procValue is the first value under a name in a file of /proc, "unknown" when there is none.
func procValue(file, name string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// loadAverage is the second field of /proc/loadavg.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if fields := strings.Fields(string(text)); err == nil && len(fields) > 1 {
		return fields[1]
	}
	return "unknown"
}

func memory() string {
	text := procValue("/proc/meminfo", "MemTotal")
	kib, err := strconv.Atoi(strings.TrimSuffix(text, " kB"))
	if err != nil {
		return text
	}
	return fmt.Sprintf("%d GiB", (kib+1<<19)>>20)
}

// name is the program and its version, without how it was built.
func name(version string) string {
	program, _, _ := strings.Cut(version, " (")
	return strings.TrimSpace(program)
}

package main

import (
	"bufio"
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// halves reports why the halves of edges wait in a table of their own, by the benchmark of that table and of fastcache.
func (r *report) halves(ctx context.Context) error {
	const pattern, folder = "Halves", "./collector/reduce/recent"
	benchmark := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", pattern, "-benchmem", folder)
	benchmark.Dir = ".."
	text, err := benchmark.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", benchmark, err, text)
	}
	r.say("## Where halves of calls wait\n")
	r.say("A client's span waits for its server's, or the other way round, in 32 MiB outside of the heap: 14 bytes for a half, four with their lock to a " +
		"cache line, found and replaced in one look, and fetched ahead for all spans of a chunk, while these are counted for their own service. fastcache was measured for it: an entry is 50 bytes beside an index on the heap, is hashed and copied twice for each span, needs a " +
		"lock around both steps, and can't be fetched ahead. One client and its server, a hundred thousand calls being under way; found is the share of servers that met their " +
		"client (`go test -run '^$' -bench " + pattern + " -benchmem " + folder + "`):\n")
	r.say("| | | | | |\n|---|---|---|---|---|")
	lines := bufio.NewScanner(strings.NewReader(string(text)))
	for lines.Scan() {
		name, values, ok := strings.Cut(lines.Text(), "\t")
		if !ok || !strings.HasPrefix(name, "Benchmark") {
			continue
		}
		_, values, _ = strings.Cut(values, "\t") // how often
		r.say("| %s | %s |", strings.TrimSpace(name), strings.Join(fields(values), " | "))
	}
	r.say("")
	return lines.Err()
}

// fields are what stands between tabs.
func fields(line string) []string {
	all := strings.Split(line, "\t")
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	return all
}

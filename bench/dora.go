package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// doraSizes are how many changes the curve is drawn over.
var doraSizes = []string{"10000", "100000", "1000000"}

// doraRows are what is measured of each size, by the name of its benchmark.
var doraRows = []struct{ name, what string }{
	{"30_days", "30 days, by service and environment"},
	{"90_days", "90 days, by service and environment"},
	{"year", "a year, by service and environment"},
	{"year_by_team_and_month", "a year, by team and month"},
	{"metrics", "all of `/metrics`: 7, 30 and 90 days"},
	{"update", "a change is told, and the numbers of the last day are asked for"},
	{"start", "a start: the table that was left is read, and 30 days are asked for"},
}

// doraNumbers measures what DORA numbers cost, over how much history there is.
func doraNumbers(ctx context.Context, s *settings) (*report, error) {
	r := &report{}
	runs, err := r.goTest(ctx, nil, "./correlate/dora", "-run", "^$", "-bench", "^(BenchmarkTable|BenchmarkTableMemory)$", "-benchtime", fmt.Sprintf("%dx", s.number(10)))
	if err != nil {
		return nil, err
	}
	of := map[string]map[string]string{}
	for _, k := range runs {
		name, _, _ := strings.Cut(k["name"], "-")
		of[strings.TrimPrefix(name, "Benchmark")] = k
	}
	r.say("# DORA numbers\n")
	r.say("`make bench-dora`: a table as the daemon has it in memory, of so many changes of 10,000 services and 100 teams over a year, each with a " +
		"commit or two, one in ten of them regressed, one in 25 with an incident. Milliseconds of an answer, and in brackets those of processor time, that of collecting " +
		"garbage with it; to be reached at 1,000,000 changes: 100 ms for 30 days, 1 s for a year by team and month.\n")
	r.say("| | 10,000 changes | 100,000 | 1,000,000 |\n|---|---|---|---|")
	for _, row := range doraRows {
		line := "| " + row.what + " |"
		for _, size := range doraSizes {
			k := of["Table/"+size+"/"+row.name]
			ns, err := strconv.ParseFloat(k["ns/op"], 64)
			if err != nil {
				return nil, fmt.Errorf("the benchmark %s of %s changes: %w", row.name, size, err)
			}
			line += fmt.Sprintf(" %.3g (%s) |", ns/1e6, k["cpu-ms/op"])
		}
		r.say("%s", line)
	}
	line := "| memory for a change, bytes |"
	for _, size := range doraSizes {
		line += " " + of["TableMemory/"+size]["B/change"] + " |"
	}
	r.say("%s\n", line)
	r.say("What a report costs hangs on what lies in its window and on the groups that it has, not on the history before it: of a year of changes " +
		"told evenly, 30 days are a twelfth. A start reads in the background: whoever asks for DORA numbers meanwhile waits, and nobody else.\n")
	return r, nil
}

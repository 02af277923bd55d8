package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/bench/load"
	"github.com/shipwake/shipwake/bench/server"
)

// workload is one kind of telemetry, and how it is sent.
type workload struct {
	name, unit string
	items      int // at least so many are sent in a run
	make       func() (*load.Load, error)
	connect    func(*server.Server) (*load.Sender, error)
	graph      bool // a service graph can be made of it
	check      func(m server.Samples, of target, sent int, counted uint64) error
}

// protocol is a way to send requests.
type protocol struct {
	name    string
	connect func(*server.Server) (*load.Sender, error)
}

func protocols() []protocol {
	var all []protocol
	for _, encoding := range []string{"", "gzip", "zstd"} {
		all = append(all, protocol{strings.TrimSuffix("http-"+encoding, "-"), func(s *server.Server) (*load.Sender, error) {
			return load.NewHTTPSender(s.OTLPHTTP, connections, encoding)
		}})
	}
	for _, encoding := range []string{"", "gzip"} { // the Collector knows its own zstd only
		all = append(all, protocol{strings.TrimSuffix("grpc-"+encoding, "-"), func(s *server.Server) (*load.Sender, error) {
			return load.NewSender(s.OTLP, connections, encoding)
		}})
	}
	return all
}

// sizes are about how many spans a request holds, and the traces in a round that make so many.
var sizes = []struct{ spans, traces int }{{60, 58}, {260, 250}, {1000, 1000}}

// workloads are those that the command line asks for: the usual ones, those of the matrix or the named ones of both.
func workloads(s *settings) ([]workload, error) {
	usual, matrix := usualWorkloads(s), spanWorkloads(s)
	if s.matrix {
		usual = matrix
	}
	if s.workloads == "" {
		return usual, nil
	}
	var chosen []workload
	for name := range strings.SplitSeq(s.workloads, ",") {
		all := slices.Concat(usual, matrix)
		i := slices.IndexFunc(all, func(w workload) bool { return w.name == name })
		if i < 0 {
			return nil, fmt.Errorf("no workload %q; there are %s", name, strings.Join(names(all), ", "))
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

func names(all []workload) (names []string) {
	for _, w := range all {
		names = append(names, w.name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// spanWorkloads are spans in every way.
func spanWorkloads(s *settings) (all []workload) {
	shop := load.Shape{Services: 50, Instances: 2, Routes: 8, Canary: 10, Bundle: 1}
	for _, p := range protocols() {
		for _, size := range sizes {
			name := "spans-" + p.name
			if size.spans != 260 {
				name += fmt.Sprintf("-%d", size.spans)
			}
			all = append(all, workload{
				name, "spans", s.scaled(2_000_000), func() (*load.Load, error) { return shop.Traces(size.traces) }, p.connect, true, checkSpans,
			})
		}
	}
	return all
}

func usualWorkloads(s *settings) (all []workload) {
	for _, w := range spanWorkloads(s) {
		switch w.name {
		case "spans-http", "spans-http-1000", "spans-http-gzip", "spans-http-zstd", "spans-grpc":
			all = append(all, w)
		}
	}
	gathered := load.Shape{Services: 50, Instances: 2, Routes: 8, Canary: 10, Bundle: 10}
	grpc := func(s *server.Server) (*load.Sender, error) { return load.NewSender(s.OTLP, connections, "") }
	for _, t := range []load.Temporality{load.Delta, load.Cumulative, load.Exponential} {
		all = append(all, workload{
			string(t) + "-points", "points", s.scaled(2_000_000), func() (*load.Load, error) { return gathered.Metrics(t) }, grpc, false, checkPoints,
		})
	}
	return all
}

func checkSpans(m server.Samples, of target, sent int, calls uint64) error {
	switch of {
	case peers:
		return server.CheckCalls(m, sent)
	case graphs:
		return errors.Join(server.CheckCalls(m, sent), server.CheckGraph(m, calls))
	}
	return server.CheckTelemetry(m, "spans", sent)
}

func checkPoints(m server.Samples, of target, sent int, observed uint64) error {
	if of == peers {
		return server.CheckRequests(m, observed)
	}
	return server.CheckTelemetry(m, "points", sent)
}

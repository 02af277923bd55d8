package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/shipwake/shipwake/bench/accuracy"
	"github.com/shipwake/shipwake/bench/floor"
	"github.com/shipwake/shipwake/bench/load"
	"github.com/shipwake/shipwake/bench/server"
)

// measurement is one of the things that can be measured.
type measurement struct {
	name string
	run  func(context.Context, *settings) (*report, error)
}

func measurements() []measurement {
	return []measurement{{"ingest", ingest}, {"ingest-guard", guardIngest}, {"series", series}, {"facts", facts}, {"scrape", scrape}, {"accuracy", measureVerdicts}, {"guard", guardAccuracy}, {"ablation", ablation},
		{"kill", kills}, {"order", orders}, {"ledger", ledgerModel}, {"restart", restarts}, {"history", backfill}, {"import", imports}, {"dora", doraNumbers}, {"cardinality", cardinality}, {"load", overload}}
}

// settings is what the command line says.
type settings struct {
	shipwake   string // the binary
	collector  string // the peer's
	config     string // the peer's configuration
	graph      string // the binary of the peer with the service graph, and what its configuration has more
	graphMore  string
	results    string        // the folder for results
	pairs      int           // how often ingest alternates
	every      time.Duration // of ingest, see there
	matrix     bool          // of ingest
	workloads  string        // the only ones of ingest, the usual ones when empty
	scale      float64
	seed       uint64 // of the first case of each kind
	kind       string // the only kind of case, all when empty
	cases      int    // of each kind; negative is the usual number
	placebos   int    // the same of pseudo-changes
	size       int    // of kill, ledger and restart: cycles, operations, repetitions; 0 is the usual number
	misses     bool   // show every change with what was said of it
	services   int    // of the bomb
	operations int
	minutes    float64 // of load
	corpora    string  // of ablation
	guards     string
	together   bool
}

// run measures one thing and writes its results.
func run(ctx context.Context, args []string) error {
	s := &settings{}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&s.shipwake, "shipwake", "../bin/shipwake", "`binary` of shipwake")
	flags.StringVar(&s.collector, "collector", "../bin/bench-collector", "`binary` of the collector to compare with")
	flags.StringVar(&s.config, "config", "collector/config.yaml", "`configuration` of that collector")
	flags.StringVar(&s.graph, "graph", "../bin/bench-collector-graph", "`binary` of that collector with the service graph")
	flags.StringVar(&s.graphMore, "graph-config", "collector/graph.yaml", "`configuration` of the service graph, beside the other one")
	flags.StringVar(&s.results, "results", "results", "`folder` for the results")
	flags.IntVar(&s.pairs, "pairs", 3, "how `often` ingest runs both servers")
	flags.DurationVar(&s.every, "every", 5*time.Second, "how `often` ingest scrapes, and the collector passes its span metrics on")
	flags.BoolVar(&s.matrix, "matrix", false, "whether ingest sends spans in every way: sizes of requests, protocols, encodings")
	flags.StringVar(&s.workloads, "workloads", "", "`names` of what ingest sends, with commas, the usual ones when empty")
	flags.Float64Var(&s.scale, "scale", 1, "`factor` on the amount that is sent; below 1 for a quick look")
	flags.Float64Var(&s.minutes, "minutes", 10, "how `long` load lasts")
	flags.Uint64Var(&s.seed, "seed", 1, "`seed` of the first case of each kind")
	flags.StringVar(&s.kind, "kind", "", "the only `kind` of case to judge, of "+strings.Join(accuracy.Kinds(), ", "))
	flags.IntVar(&s.cases, "cases", -1, "`number` of cases of each kind, instead of the usual one")
	flags.IntVar(&s.placebos, "placebos", -1, "`number` of pseudo-changes, instead of the usual one")
	flags.IntVar(&s.size, "size", 0, "`number` of cycles of kill, orders, operations of ledger, repetitions of restart, changes of history, instead of the usual one")
	flags.IntVar(&s.services, "services", 1_000_000, "`number` of made-up services of cardinality")
	flags.IntVar(&s.operations, "operations", 10_000_000, "`number` of made-up operations of cardinality")
	flags.StringVar(&s.corpora, "corpora", "", "`folders` of labelled replay cases for ablation, with commas; DIR=4 takes every fourth case")
	flags.StringVar(&s.guards, "guards", "", "`guards` that ablation is about, with commas, all when empty")
	flags.BoolVar(&s.together, "together", false, "whether ablation switches them off all at once, instead of each by itself")
	flags.BoolVar(&s.misses, "changes", false, "show every change with what was said of it")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.Arg(0) == "serve-floor" { // a server of ingest
		return floor.Serve(ctx, floor.Addresses{GRPC: os.Getenv("BENCH_OTLP"), HTTP: os.Getenv("BENCH_OTLP_HTTP"), Metrics: os.Getenv("BENCH_METRICS")})
	}
	all := measurements()
	i := slices.IndexFunc(all, func(m measurement) bool { return m.name == flags.Arg(0) })
	if i < 0 || flags.NArg() != 1 || s.pairs < 1 || s.every <= 0 || s.scale <= 0 || s.minutes <= 0 {
		return fmt.Errorf("want one of ingest, ingest-guard, series, facts, scrape, accuracy, guard, ablation, kill, order, ledger, restart, history, import, dora, cardinality and load, not %q", flags.Args())
	}
	r, err := all[i].run(ctx, s)
	if err != nil {
		return fmt.Errorf("%s: %w", all[i].name, err)
	}
	if r == nil {
		return nil
	}
	if err := r.host(ctx, s.shipwake); err != nil {
		return err
	}
	return r.save(s.results, all[i].name)
}

// scaled is a number of things to send, at least one.
func (s *settings) scaled(n int) int { return max(1, int(s.scale*float64(n))) }

// with stops a server when the work on it is done, and connects a sender to it by gRPC.
func with(s *server.Server, connections int, work func(*load.Sender) error) error {
	sender, err := load.NewSender(s.OTLP, connections, "")
	return over(s, sender, err, work)
}

// over does the work with a sender, unless there is none, and stops the server.
func over(s *server.Server, sender *load.Sender, err error, work func(*load.Sender) error) error {
	if err == nil {
		err = errors.Join(work(sender), sender.Close())
	}
	return errors.Join(err, s.Stop())
}

// pass waits, unless the context ends before.
func pass(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// progress tells whoever waits what is going on.
func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

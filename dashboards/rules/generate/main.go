// Command generate answers: what are the rules for Prometheus with parameters of one's own? It writes them into a directory.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/shipwake/shipwake/dashboards/rules"
)

func main() {
	if err := run(os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string, errors io.Writer) error {
	p := rules.Default()
	flags := flag.NewFlagSet("generate", flag.ContinueOnError)
	flags.SetOutput(errors)
	out := flags.String("out", ".", "the directory to write into")
	flags.StringVar(&p.Selector, "selector", p.Selector, `matchers that every metric is asked with, such as job="shipwake"`)
	flags.StringVar(&p.Runbooks, "runbooks", p.Runbooks, "the address that the page of each alert is below")
	flags.StringVar(&p.Links, "links", p.Links, "the address of the daemon's web listener, for links to a change")
	flags.Float64Var(&p.Confidence, "confidence", p.Confidence, "probability from which on a regression is critical")
	flags.IntVar(&p.Radius, "radius", p.Radius, "services hurt from which on a regression is critical")
	flags.DurationVar(&p.RecoveryWithin, "recovery-within", p.RecoveryWithin, "how long a failed deployment may take to recover")
	flags.Float64Var(&p.Objective, "objective", p.Objective, "the share of requests that should succeed")
	flags.Float64Var(&p.BurnRate, "burn-rate", p.BurnRate, "how many times as fast as that allows errors may come after a change")
	flags.IntVar(&p.LeastChanges, "least-changes", p.LeastChanges, "changes a week before a share of them is alerted on")
	flags.IntVar(&p.LeastIncidents, "least-incidents", p.LeastIncidents, "incidents a week before their number is alerted on")
	flags.Float64Var(&p.Inconclusive, "inconclusive", p.Inconclusive, "the share of verdicts that may be inconclusive")
	flags.Float64Var(&p.FalseAlarms, "false-alarms", p.FalseAlarms, "the share of pseudo-changes that may be called regressed")
	flags.DurationVar(&p.Silence, "silence", p.Silence, "how long a source that delivers on most days may deliver nothing")
	flags.DurationVar(&p.Lag, "lag", p.Lag, "how far the watermark may be behind")
	if err := flags.Parse(args); err != nil {
		return err
	}
	files, err := rules.Files(p)
	if err != nil {
		return err
	}
	for name, text := range files {
		file := filepath.Join(*out, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/shipwake/shipwake/bench/accuracy"
)

// How much is judged: for the page, and in short for CI.
const (
	casesOfKind, fewCasesOfKind = 60, 8
	placebos, fewPlacebos       = 10000, 108
)

// measureVerdicts measures how right verdicts are, for the page.
func measureVerdicts(ctx context.Context, s *settings) (*report, error) {
	o, took, err := measureAccuracy(ctx, s, casesOfKind, placebos)
	if err != nil {
		return nil, err
	}
	r := &report{}
	for _, f := range o.Figures() {
		r.run("Accuracy/"+f.Name, metric{f.Value, f.Unit})
	}
	r.say("# How right verdicts are\n")
	r.say("`make bench-accuracy`: %d cases of our own generator (`bench/accuracy`: seeded, %d of every kind), %d changes, and %d pseudo-changes, "+
		"judged on the default configuration in %s. Loads are 2, 20 and 200 requests a second where nothing else is said; services have an hour "+
		"to a week of history, and roll out at once, instance by instance or with a canary, three quarters of them with `service.version`.\n",
		len(o.Results), len(o.Results)/len(accuracy.Kinds()), len(o.Changes), pseudo(o), took.Round(time.Second))
	r.say("%s", o.Page())
	return r, nil
}

func pseudo(o *accuracy.Outcome) (n int) {
	for _, p := range o.Placebos {
		n += p.Changes
	}
	return n
}

// guardAccuracy is the short form: it fails when a figure is worse than its floor.
func guardAccuracy(ctx context.Context, s *settings) (*report, error) {
	o, took, err := measureAccuracy(ctx, s, fewCasesOfKind, fewPlacebos)
	if err != nil {
		return nil, err
	}
	figures := o.Figures()
	for _, f := range figures {
		fmt.Printf("%-18s %8.3f  %s\n", f.Name, f.Value, f.What)
	}
	fmt.Printf("%d cases, %d pseudo-changes in %s\n", len(o.Results), pseudo(o), took.Round(time.Second))
	dropped, err := accuracy.Check(filepath.Join("accuracy", "floors.json"), figures)
	if err == nil && len(dropped) > 0 {
		err = errors.New(strings.Join(dropped, "; "))
	}
	return nil, err
}

func measureAccuracy(ctx context.Context, s *settings, cases, placebos int) (*accuracy.Outcome, time.Duration, error) {
	if s.cases >= 0 {
		cases = s.cases
	}
	if s.placebos >= 0 {
		placebos = s.placebos
	}
	began := time.Now()
	results, err := accuracy.Run(ctx, s.kind, s.seed, cases)
	if err != nil {
		return nil, 0, err
	}
	o := &accuracy.Outcome{Results: results, Changes: accuracy.Changes(results)}
	if s.misses {
		for _, j := range o.Changes {
			fmt.Println(j)
		}
	}
	o.Placebos, err = accuracy.Placebos(ctx, s.seed, placebos)
	return o, time.Since(began), err
}

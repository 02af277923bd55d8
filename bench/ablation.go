package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/shipwake/shipwake/bench/accuracy"
)

// ablation measures what every guard gains: what comes out otherwise when it alone is switched off.
func ablation(ctx context.Context, s *settings) (*report, error) {
	study := accuracy.Study{Seed: s.seed, Kind: s.kind, Together: s.together, Cases: fewCasesOfKind, Placebos: fewPlacebos}
	if s.cases >= 0 {
		study.Cases = s.cases
	}
	if s.placebos >= 0 {
		study.Placebos = s.placebos
	}
	var err error
	if study.Only, err = guards(s.guards); err != nil {
		return nil, err
	}
	if study.Corpora, err = corpora(s.corpora); err != nil {
		return nil, err
	}
	file := filepath.Join(s.results, "ablation.jsonl")
	if err := study.Ablate(ctx, file, func(a accuracy.Ablated) { progress("%s without %q", a.Case, a.Without) }); err != nil {
		return nil, err
	}
	all, err := accuracy.ReadAblated(file)
	if err != nil {
		return nil, err
	}
	r := &report{}
	for _, g := range accuracy.Gains(all) {
		r.run("Ablation/"+g.Name, metric{float64(g.Found), "found"}, metric{float64(g.Alarms), "alarms"}, metric{float64(g.Cleared), "healthy"},
			metric{float64(g.FalselyClear), "false-healthy"}, metric{float64(g.First), "culprits"})
	}
	r.say("# What each guard of judging gains\n")
	r.say("`make bench-ablation`: every guard is switched off alone, and the cases in which it speaks (something hangs on it) are judged again; in all others it " +
		"changes nothing. Shown is what the guard gains: more changes found, fewer alarms (−), more healthy changes that end healthy, fewer bad ones that do (−), more culprits ranked first, " +
		"less delay (−). Where fewer cases were judged without a guard than it speaks in, the rest was not measured; a guard that speaks nowhere has no case " +
		"of its kind here (there is no rollback, no flag and no gap of telemetry among them), which is no sign that it gains nothing.")
	r.say("%s", accuracy.AblationPage(all))
	return r, nil
}

// guards reads a list of names with commas.
func guards(list string) (names []string, err error) {
	if list == "" {
		return nil, nil
	}
	names = strings.Split(list, ",")
	known := accuracy.Guards()
	for _, name := range names {
		if !slices.ContainsFunc(known, func(g accuracy.Guarded) bool { return g.Name == name }) {
			err = errors.Join(err, fmt.Errorf("-guards: there is no %q; results/ablation.md lists them", name))
		}
	}
	return names, err
}

// corpora reads a list of folders with commas, each with "=N" when only every N-th case of it is wanted.
func corpora(list string) (all []accuracy.Corpus, err error) {
	if list == "" {
		return nil, nil
	}
	for _, item := range strings.Split(list, ",") {
		dir, every, sampled := strings.Cut(item, "=")
		c := accuracy.Corpus{Dir: dir, Every: 1}
		if sampled {
			if c.Every, err = strconv.Atoi(every); err != nil || c.Every < 1 {
				return nil, fmt.Errorf("-corpora: %q: want DIR or DIR=N with N at least 1", item)
			}
		}
		all = append(all, c)
	}
	return all, nil
}

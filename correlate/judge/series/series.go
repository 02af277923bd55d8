// Package series answers: how did the signals go that a verdict rests on?
//
// It draws a case for people: few points of three digits, the old beside the new, and where either was expected to be. What is
// asked of the same cells to decide is more than that, and doesn't depend on it. It is a pure function of the case.
package series

import (
	"slices"
	"strings"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge"
)

const (
	// most is how many signals are drawn: those that decided, and how many requests there were.
	most = 4
	// requestRate is the signal of the latter.
	requestRate = "throughput"
)

// Of is what a case tells of some evidence up to now, nil when it tells nothing. Where that convicts, what convicts is its
// first; beside is then asked for what is known of another service on which it shows.
func Of(c *judge.Case, evidence []correlate.Evidence, convicts bool, beside func(service string) judge.Case) *correlate.Series {
	f := frameOf(c)
	s := &correlate.Series{
		At: instant(c.Now), Start: instant(c.Start), From: instant(f.From), Step: f.Step, Points: f.Points, Gaps: gaps(c, f),
	}
	if convicts && len(evidence) > 0 && evidence[0].Service != "" {
		of := evidence[0].Service
		k := beside(of)
		if shown, ok := drawn(&k, evidence[0].Signal, evidence[0].Grade, f); ok {
			shown.Service = of
			s.Signals = append(s.Signals, shown)
		}
	}
	for _, e := range chosen(evidence, convicts) {
		if shown, ok := drawn(c, e.Signal, e.Grade, f); ok {
			s.Signals = append(s.Signals, shown)
		}
	}
	if len(s.Signals) == 0 {
		return nil
	}
	if !slices.ContainsFunc(s.Signals, func(s correlate.SignalSeries) bool { return s.Signal == requestRate && s.Service == "" }) {
		if shown, ok := drawn(c, requestRate, "", f); ok {
			s.Signals = append(s.Signals, shown)
		}
	}
	return s
}

func instant(unix int64) time.Time { return time.Unix(unix, 0).UTC() }

func gaps(c *judge.Case, f frame) (all []correlate.Stretch) {
	for _, g := range c.Gaps {
		if from, to := max(g.From, f.From), min(g.To, c.Now); from < to {
			all = append(all, correlate.Stretch{From: instant(from), To: instant(to)})
		}
	}
	return all
}

// chosen is the first of the evidence where that convicts, the first of it about errors and about latency, and where there is
// neither, the first of all. What other services suffer is left out.
func chosen(evidence []correlate.Evidence, convicts bool) (some []correlate.Evidence) {
	own := slices.DeleteFunc(slices.Clone(evidence), func(e correlate.Evidence) bool { return e.Service != "" })
	take := func(about func(signal string) bool) {
		i := slices.IndexFunc(own, func(e correlate.Evidence) bool { return about(e.Signal) })
		if i >= 0 && len(some) < most-1 {
			some = append(some, own[i])
		}
	}
	any := func(string) bool { return true }
	errors := func(signal string) bool { return strings.HasSuffix(signal, "error_ratio") }
	latency := func(signal string) bool { return strings.Contains(signal, "latency") }
	if convicts && len(own) > 0 && len(evidence) > 0 && evidence[0].Service == "" {
		take(any)
	}
	for _, about := range []func(string) bool{errors, latency} {
		if !slices.ContainsFunc(some, func(e correlate.Evidence) bool { return about(e.Signal) }) {
			take(about)
		}
	}
	if len(some) == 0 {
		take(any)
	}
	return some
}

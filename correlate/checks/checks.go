// Package checks answers: what is said of a change by what telemetry says of it and by its required checks?
//
// Telemetry is judged as if there were no checks; what they say is laid over it. A required check that failed convicts, whatever
// else is known; one that is missing keeps "healthy" from being said. Of one name the newest run counts, so that a run that passes
// takes a failed one back.
package checks

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// Run is a run of a required check in the window of its change.
type Run struct {
	*correlate.Check
	From int64 // Unix seconds from which on it counts
}

// Case is what is known of one change.
type Case struct {
	Course   []correlate.Verdict // what telemetry alone says, in order
	Runs     []Run               // by when they count
	Required []string            // the checks that must have been told by the end of the window
	UpTo     int64               // Unix seconds up to which runs count
	// Blank is a verdict of an instant at which telemetry has said nothing.
	Blank func(t int64) correlate.Verdict
}

// Verdicts are a verdict for each of the course, and one whenever a check says something new.
func (c Case) Verdicts() (said []correlate.Verdict) {
	runs := c.Runs
	is := states{required: c.Required}
	var alone *correlate.Verdict
	next := 0
	at := func(t int64, decided bool) {
		for ; len(runs) > 0 && runs[0].From <= t; runs = runs[1:] {
			is.take(runs[0])
		}
		v := is.say(c.Blank, alone, t)
		if !decided && !isNews(said, &v) {
			return
		}
		var before *correlate.Verdict
		if n := len(said); n > 0 {
			before = &said[n-1]
		}
		v.DetectedAt = v.DetectedSince(before)
		said = append(said, v)
	}
	for next < len(c.Course) || len(runs) > 0 && runs[0].From <= c.UpTo {
		if next < len(c.Course) && (len(runs) == 0 || c.Course[next].DecidedAt.Unix() <= runs[0].From) {
			alone = &c.Course[next]
			next++
			at(alone.DecidedAt.Unix(), true)
			continue
		}
		at(runs[0].From, false)
	}
	return said
}

// isNews: a verdict that only checks bring says something that the one before didn't.
func isNews(said []correlate.Verdict, v *correlate.Verdict) bool {
	if len(said) == 0 {
		return v.Outcome != correlate.Inconclusive
	}
	is, was := v.Unrevised(), said[len(said)-1].Unrevised()
	return is.Outcome != was.Outcome || is.Reason != was.Reason || !slices.Equal(checkEvidence(is), checkEvidence(was))
}

// checkEvidence is what a verdict says of checks, in words that can be compared.
func checkEvidence(v correlate.Verdict) (all []string) {
	for _, e := range v.Evidence {
		if strings.HasPrefix(e.Signal, correlate.CheckSignal) {
			all = append(all, keyOfEvidence(e))
		}
	}
	return all
}

func keyOfEvidence(e correlate.Evidence) string {
	text, err := json.Marshal(e)
	if err != nil {
		return e.Signal
	}
	return string(text)
}

// states are the newest runs of required checks at an instant, by name.
type states struct {
	required []string
	runs     []Run
}

// take takes in the next run. Of one name the newest counts.
func (s *states) take(run Run) {
	at, known := slices.BinarySearchFunc(s.runs, run.Name, func(r Run, name string) int { return strings.Compare(r.Name, name) })
	switch {
	case !known:
		s.runs = slices.Insert(s.runs, at, run)
	case run.Compare(*s.runs[at].Check) >= 0:
		s.runs[at] = run
	}
}

// failed and missing are the required checks that have failed, and the evidence of those that said nothing yet.
func (s *states) failed() (all []Run) {
	for _, r := range s.runs {
		if r.Result == correlate.CheckFailed {
			all = append(all, r)
		}
	}
	return all
}

func (s *states) missing() (all []correlate.Evidence) {
	names := slices.Clone(s.required)
	for _, r := range s.runs {
		if names = slices.DeleteFunc(names, func(name string) bool { return name == r.Name }); r.Result == correlate.CheckUnknown {
			names = append(names, r.Name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		all = append(all, correlate.Evidence{Signal: correlate.CheckSignal + name})
	}
	return all
}

// say is a verdict by what telemetry alone says, nil when that is nothing, and by the checks. One that failed convicts, whatever
// else is known; one that is missing keeps "healthy" from being said.
func (s *states) say(blank func(int64) correlate.Verdict, alone *correlate.Verdict, t int64) correlate.Verdict {
	v := blank(t)
	is := correlate.WithoutChecks{}
	if alone != nil {
		v = alone.Unrevised() // how it came about is its own
		is = correlate.WithoutChecks{
			Outcome: v.Outcome, Reason: v.Reason, DecidedAt: v.DecidedAt, DetectedAt: v.DetectedAt, OnsetAt: v.OnsetAt, RecoveredAt: v.RecoveredAt, Blame: v.Blame,
		}
	}
	v.DecidedAt = time.Unix(t, 0).UTC()
	failed, missing := s.failed(), s.missing()
	bears := alone == nil || !alone.DecidedAt.Equal(v.DecidedAt)
	switch {
	case len(failed) > 0:
		bears = true
		v.Evidence = slices.Concat(evidenceOf(failed), missing, v.Evidence)
		if v.Outcome != correlate.Regressed {
			v.Outcome, v.Reason, v.Blame, v.RecoveredAt = correlate.Regressed, correlate.ReasonCheckFailed, 1, nil
			onset := time.Unix(slices.MinFunc(failed, func(a, b Run) int { return cmp.Compare(a.From, b.From) }).From, 0).UTC()
			v.OnsetAt = &onset
		}
	case len(missing) > 0 && v.Outcome == correlate.Healthy:
		bears = true
		v.Outcome, v.Reason = correlate.Inconclusive, correlate.ReasonCheckMissing
		v.Evidence = slices.Concat(missing, v.Evidence)
	case len(missing) > 0 && v.Final:
		bears = true
		v.Evidence = slices.Concat(missing, v.Evidence)
	}
	if bears {
		v.WithoutChecks = &is
	}
	return v
}

// evidenceOf says how many of a check failed; of one that nobody counted, one of one.
func evidenceOf(failed []Run) (all []correlate.Evidence) {
	for _, r := range failed {
		events := int64(max(1, r.Counts.Failed))
		total := max(events, int64(r.Counts.Total))
		all = append(all, correlate.Evidence{
			Signal: correlate.CheckSignal + r.Name, Observed: float64(events) / float64(total), N: total, Events: events,
		})
	}
	return all
}

// Bear tells whether any verdict is another than telemetry alone would have it.
func Bear(all []correlate.Verdict) bool {
	return slices.ContainsFunc(all, func(v correlate.Verdict) bool { return v.WithoutChecks != nil })
}

// Course is what telemetry alone said: the course that is left of verdicts without what checks said.
func Course(issued []correlate.Verdict) []correlate.Verdict {
	if !Bear(issued) {
		return issued
	}
	course := make([]correlate.Verdict, 0, len(issued))
	for _, v := range issued {
		if is := v.WithoutChecks; is != nil {
			if is.Outcome == "" || !is.DecidedAt.Equal(v.DecidedAt) {
				continue
			}
			v.WithoutChecks = nil
			v.Outcome, v.Reason, v.DetectedAt, v.OnsetAt, v.RecoveredAt, v.Blame = is.Outcome, is.Reason, is.DetectedAt, is.OnsetAt, is.RecoveredAt, is.Blame
			v.Evidence = slices.DeleteFunc(slices.Clone(v.Evidence), func(e correlate.Evidence) bool {
				return strings.HasPrefix(e.Signal, correlate.CheckSignal)
			})
		}
		course = append(course, v)
	}
	return course
}

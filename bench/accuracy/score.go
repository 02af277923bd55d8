package accuracy

import (
	"fmt"
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// Judged is one change with what was said of it in the end.
type Judged struct {
	Kind string
	Seed uint64
	Label
	Silent  bool
	Outage  bool
	Outcome correlate.Outcome
	Reason  correlate.Reason // "missing" when there was no verdict
	Grade   correlate.Grade
	After   int64 // seconds from the change to the first verdict of the last unbroken run of the same outcome
	Alarmed bool  // it was called regressed at some time
}

// Changes are all changes of the results. The last revision counts.
func Changes(results []Result) []Judged {
	var all []Judged
	for _, r := range results {
		for _, l := range r.Changes {
			j := Judged{Kind: r.Kind, Seed: r.Seed, Label: l, Silent: r.Silent, Outage: r.Outage, Outcome: correlate.Inconclusive, Reason: "missing"}
			for _, v := range r.Verdicts[l.ID] {
				if v.Outcome != j.Outcome || j.Reason == "missing" {
					j.After = v.DecidedAt.Unix() - l.Start
				}
				j.Outcome, j.Reason, j.Grade = v.Outcome, v.Reason, v.Grade
				j.Alarmed = j.Alarmed || v.Outcome == correlate.Regressed
			}
			all = append(all, j)
		}
	}
	return all
}

// Score is how right some changes were judged. A ratio whose denominator is 0 is NaN.
type Score struct {
	Bad, Healthy          int
	TP, FP                int // called regressed, of the bad and of the healthy ones
	BadHealthy, BothClear int // called healthy, of the bad and of the healthy ones
	TTD                   []int64
	Alarmed               int // healthy ones that were called regressed at some time
}

// Tally scores those of the changes that are chosen.
func Tally(changes []Judged, chosen func(*Judged) bool) Score {
	var s Score
	for i := range changes {
		j := &changes[i]
		if j.Silent || !chosen(j) {
			continue
		}
		bad := func(yes, no *int) {
			if j.Bad {
				*yes++
			} else {
				*no++
			}
		}
		bad(&s.Bad, &s.Healthy)
		switch j.Outcome {
		case correlate.Regressed:
			bad(&s.TP, &s.FP)
			if j.Bad {
				s.TTD = append(s.TTD, j.After)
			}
		case correlate.Healthy:
			bad(&s.BadHealthy, &s.BothClear)
		}
		if !j.Bad && j.Alarmed {
			s.Alarmed++
		}
	}
	slices.Sort(s.TTD)
	return s
}

func ratio(a, b int) float64 {
	if b == 0 {
		return math.NaN()
	}
	return float64(a) / float64(b)
}

// The measures, as those who compare judges define them.
func (s *Score) Precision() float64    { return ratio(s.TP, s.TP+s.FP) }
func (s *Score) Recall() float64       { return ratio(s.TP, s.Bad) }
func (s *Score) FPR() float64          { return ratio(s.FP, s.Healthy) }
func (s *Score) FalseHealthy() float64 { return ratio(s.BadHealthy, s.Bad) }
func (s *Score) Cleared() float64      { return ratio(s.BothClear, s.Healthy) }

// Coverage is the share of changes with an answer.
func (s *Score) Coverage() float64 {
	return ratio(s.TP+s.FP+s.BadHealthy+s.BothClear, s.Bad+s.Healthy)
}

// F1 is 0 when bad changes exist and none was found.
func (s *Score) F1() float64 {
	switch {
	case s.Bad == 0:
		return math.NaN()
	case s.TP == 0:
		return 0
	}
	p, r := s.Precision(), s.Recall()
	return 2 * p * r / (p + r)
}

// Detected is a quantile of the time to detect in seconds, by nearest rank; NaN when nothing was.
func (s *Score) Detected(q float64) float64 {
	if len(s.TTD) == 0 {
		return math.NaN()
	}
	return float64(s.TTD[max(0, int(math.Ceil(q*float64(len(s.TTD))))-1)])
}

// Ranking is how well the culprit is told from the others, in cases that have one.
type Ranking struct {
	Cases          int
	HR1, HR3, Mean float64
}

// Rank scores cases by the highest probability of each change over all regressions, or, where nobody is suspected, by
// the blame of the last verdicts. Ties count against the culprit, and without a score it is the last.
func Rank(results []Result, chosen func(*Result) bool) Ranking {
	var k Ranking
	for i := range results {
		r := &results[i]
		if r.Culprit == "" || !chosen(r) {
			continue
		}
		rank, scored := r.rank()
		k.Cases++
		k.Mean += float64(rank)
		if scored && rank <= 1 {
			k.HR1++
		}
		if scored && rank <= 3 {
			k.HR3++
		}
	}
	n := float64(k.Cases)
	k.HR1, k.HR3, k.Mean = k.HR1/n, k.HR3/n, k.Mean/n
	return k
}

// ranked says whether there is somebody to tell the culprit from.
func ranked(r *Result) bool { return len(r.Changes) > 1 }

func (r *Result) rank() (rank int, scored bool) {
	score := map[string]float64{}
	for _, g := range r.Regressions {
		for _, s := range g.Suspects {
			score[s.ChangeID] = max(score[s.ChangeID], s.Probability)
		}
	}
	if len(score) == 0 {
		for id, all := range r.Verdicts {
			score[id] = all[len(all)-1].Blame
		}
	}
	mine := score[r.Culprit]
	if mine <= 0 {
		return len(r.Changes), false
	}
	rank = 1
	for _, l := range r.Changes {
		if l.ID != r.Culprit && score[l.ID] >= mine {
			rank++
		}
	}
	return rank, true
}

// Plain are the changes that the targets are about: three times the errors or half as slow again from the beginning on,
// or healthy, at 20 requests a second and more.
func Plain(j *Judged) bool { return j.Plain && j.RPS >= 20 }

// Of are the changes of one kind.
func Of(kind string) func(*Judged) bool {
	return func(j *Judged) bool { return j.Kind == kind }
}

// String is for people who debug.
func (j Judged) String() string {
	return fmt.Sprintf("%s/%d %s bad=%t %s, %.1f rps, control %s: %s (%s, %s) after %d s", j.Kind, j.Seed, j.ID, j.Bad, j.Effect, j.RPS,
		j.Control, j.Outcome, j.Reason, j.Grade, j.After)
}

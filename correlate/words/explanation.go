package words

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/blame"
)

// MostShown is how many signals, faults and suspects of one kind an Explanation has.
const MostShown = 4

// Explanation says of one change what it did, how that is known, and what to do next, in parts. A part that has nothing to
// say is zero. Times are in UTC.
type Explanation struct {
	// Subject is what changed where: "checkout v2 in production". Answer is the outcome, or why there is none: "regressed",
	// "not judged"; Why the reason for it: "more requests fail".
	Subject, Answer, Why string
	// Told is what it comes down to, in the verdict's own numbers and everyday units.
	Told string

	// Brings is how much the change brings, as far as that is told.
	Brings string

	// Reported is the change as it was told: its id, kind, source and times.
	Reported string

	Outcome   correlate.Outcome // "" while there is no verdict
	Revision  int
	Final     bool
	DecidedAt time.Time
	OpenUntil time.Time // until when it may still change, unless it is Final
	// Corrects says what late facts took back; nil when they didn't.
	Corrects *Correction

	Compared Comparison
	Shows    []Finding // what shows, that which decided first
	More     int       // findings beyond those
	// CouldSee is the smallest rise of errors that would have shown, where the verdict is inconclusive for want of data.
	CouldSee string
	// Exceptions are those that were not seen before and aren't among Shows, with how often.
	Exceptions []string

	Since     time.Time // since when it shows
	Recovered time.Time
	Lasting   bool // it shows, and nothing says that it ended

	Blame       Blame
	RuledOut    []RuledOut // other changes that can't have done it
	WhoElse     []Fault    // other services on which it shows
	Incidents   []string
	Checks      []string // how the checks of it stand, see Check
	TakenBackBy string

	// HeardIn names the environments in which the service was heard, where there was no telemetry; see Heard.
	HeardIn string
	// Next is what to do next; "" when there is nothing to do.
	Next string

	ahead []Line // see Ahead
}

// Correction is what late facts did to a verdict: from revision Since on, what was said no longer stands.
type Correction struct {
	Why, By string // By is the change, the incident or the service that came late; "" when unknown
	Since   int
}

// Comparison is what the change was compared with, and how good that is; zero when it wasn't.
type Comparison struct {
	With  string
	Grade correlate.Grade
}

// Blame is how likely it is that this change did it, and what that is made of, the weightiest first; zero when nothing
// regressed. Others are the other changes that are suspected of the same fault; Alone says that none is.
type Blame struct {
	Probability float64
	Terms       []Term
	Others      []correlate.Suspect
	Alone       bool
	// Now is how likely it is by what was learnt since the verdict, where that is much less; "" otherwise.
	Now string
}

// Term is one term of the score, in log-odds: above 0 it speaks for the change.
type Term struct {
	Name    string
	LogOdds float64
}

// RuledOut is a change that began only after the fault.
type RuledOut struct {
	ChangeID string
	After    time.Duration
}

// Fault is a fault on another service for which this change is the likely cause.
type Fault struct {
	Service, Signal string
	Since           time.Time
	Suspects        []correlate.Suspect // the likeliest first
}

// Headline is the answer in one line.
func (e Explanation) Headline() string { return e.Subject + ": " + e.Answer + " (" + e.Why + ")" }

// Text is all of it, for a terminal.
func (e Explanation) Text() string {
	return e.Subject + ": " + strings.ToUpper(e.Answer) + " (" + e.Why + ")\n" + Page(e.Lines())
}

// Explain says what is known of a change. Faults are the regressions for which it is among the suspects; without them it
// isn't said who else is concerned.
func Explain(c correlate.ChangeRecord, faults []correlate.Regression) Explanation {
	e := Explanation{Subject: c.Service + " " + Or(c.Version) + " in " + c.Environment, Incidents: c.Incidents, TakenBackBy: c.RolledBackBy}
	e.Answer, e.Why = answer(c)
	e.Reported = fmt.Sprintf("%s, %s by %s%s", c.ID, c.Kind, Or(c.Source), times(c.Change))
	if c.Size != nil {
		e.Brings = c.Size.String()
	}
	for _, s := range c.CheckStates() {
		e.Checks = append(e.Checks, Check(s))
	}
	if c.Verdict == nil {
		return e
	}
	e.decided(c)
	e.evidence(*c.Verdict)
	e.course(*c.Verdict)
	e.culprits(c, faults)
	e.HeardIn = HeardAs(c.Service, c.Verdict.HeardAs)
	e.Next = next(c, e)
	return e
}

// times are when a change began and ended, as far as that was told.
func times(c correlate.Change) string {
	switch {
	case c.StartedAt.IsZero():
		return ", finished " + Instant(c.FinishedAt)
	case c.FinishedAt.IsZero():
		return ", " + Instant(c.StartedAt) + " and not finished"
	}
	return ", " + Instant(c.StartedAt) + " … " + Instant(c.FinishedAt)
}

// answer is the outcome with its reason, or why there is none.
func answer(c correlate.ChangeRecord) (answer, why string) {
	switch {
	case c.Phase == correlate.PhaseRetracted:
		return "retracted", "nobody reports it any more; it doesn't count"
	case c.Verdict != nil:
		return string(c.Verdict.Outcome), Reason(c.Verdict.Reason)
	case c.Rejudging:
		return "no verdict yet", "it was reported late, and is judged from the measurements on disk"
	case c.Phase == correlate.PhaseHistory:
		return "not judged", "it was reported after its time, without telemetry"
	case c.Phase == correlate.PhaseMerged:
		return "not judged", "it is another report of " + c.MergedInto
	}
	return "no verdict yet", "observing until " + Instant(c.WindowEnd)
}

func (e *Explanation) decided(c correlate.ChangeRecord) {
	v := c.Verdict
	e.Outcome, e.Revision, e.Final, e.DecidedAt = v.Outcome, v.Revision, v.Final, v.DecidedAt.UTC()
	if !v.Final {
		e.OpenUntil = c.WindowEnd.UTC()
	}
	if v.Reopened != "" {
		e.Corrects = &Correction{Why: Reopening(v.Reopened), By: v.ReopenedBy, Since: v.Supersedes}
	}
}

// evidence has what decided before the rest, each in the order of the verdict.
func (e *Explanation) evidence(v correlate.Verdict) {
	if v.Grade != "" {
		e.Compared = Comparison{With: Grade(v.Grade), Grade: v.Grade}
	}
	var deciding, others []Finding
	e.Told = told(v)
	for _, evidence := range v.Evidence {
		f := NewFinding(evidence)
		if f.Decisive = v.Outcome == correlate.Regressed && decisive(v.Reason, evidence); f.Decisive {
			deciding = append(deciding, f)
		} else {
			others = append(others, f)
		}
	}
	all := append(deciding, others...)
	e.Shows = all[:min(len(all), MostShown)]
	e.More = len(all) - len(e.Shows)
	for _, f := range all[len(e.Shows):] {
		if f.Exception {
			e.Exceptions = append(e.Exceptions, strings.TrimPrefix(f.Signal, exception)+" ("+f.Events+" times)")
		}
	}
	if v.Outcome == correlate.Inconclusive && v.SmallestVisible > 0 {
		e.CouldSee = Figure(v.SmallestVisible)
	}
}

// course is since when it shows, and whether it ended.
func (e *Explanation) course(v correlate.Verdict) {
	if v.OnsetAt == nil {
		return
	}
	e.Since = v.OnsetAt.UTC()
	if e.Lasting = v.RecoveredAt == nil; !e.Lasting {
		e.Recovered = v.RecoveredAt.UTC()
	}
}

func (e *Explanation) culprits(c correlate.ChangeRecord, faults []correlate.Regression) {
	fault, this := charge(c, faults)
	if c.Verdict.Outcome == correlate.Regressed {
		e.Blame = Blame{Probability: c.Verdict.Blame, Terms: termsOf(this), Others: others(c.ID, fault)}
		e.Blame.Alone = fault != nil && len(e.Blame.Others) == 0
		if fault != nil && this.Probability < c.Verdict.Blame-muchLess {
			e.Blame.Now = Percent(this.Probability)
		}
	}
	if fault != nil {
		e.RuledOut = ruledOut(*fault)
	}
	e.WhoElse = elsewhere(c, faults)
}

// muchLess is by how much less a probability must be than it was to be said apart.
const muchLess = 0.05

// charge is the fault that the verdict is about and the suspicion against the change: of the faults on the service on which
// it shows, else of all, the one for which it is suspected the most. It is nil when there is none.
func charge(c correlate.ChangeRecord, faults []correlate.Regression) (fault *correlate.Regression, this correlate.Suspect) {
	where := c.Service
	if e, ok := convicting(*c.Verdict); ok && e.Service != "" {
		where = e.Service
	}
	if fault, this = suspicion(c.ID, faults, where); fault != nil {
		return fault, this
	}
	return suspicion(c.ID, faults, "")
}

// suspicion is the fault on a service, or on any (""), of which a change is suspected the most; nil when there is none.
func suspicion(id string, faults []correlate.Regression, service string) (fault *correlate.Regression, this correlate.Suspect) {
	for i := range faults {
		r := &faults[i]
		at := slices.IndexFunc(r.Suspects, func(s correlate.Suspect) bool { return s.ChangeID == id })
		if at < 0 || (service != "" && r.Service != service) {
			continue
		}
		if s := r.Suspects[at]; fault == nil || s.Probability > this.Probability {
			fault, this = r, s
		}
	}
	return fault, this
}

// termsOf are those that are worth a line, the weightiest first.
func termsOf(s correlate.Suspect) []Term {
	var all []Term
	for name, logOdds := range s.Terms {
		if math.Abs(logOdds) >= weighty {
			all = append(all, Term{name, logOdds})
		}
	}
	slices.SortFunc(all, func(a, b Term) int {
		return cmp.Or(cmp.Compare(math.Abs(b.LogOdds), math.Abs(a.LogOdds)), cmp.Compare(a.Name, b.Name))
	})
	return all
}

// others are the other suspects of a fault that may have done it, the likeliest first.
func others(id string, fault *correlate.Regression) []correlate.Suspect {
	if fault == nil {
		return nil
	}
	var all []correlate.Suspect
	for _, s := range fault.Suspects {
		if _, vetoed := s.Terms[blame.TermVeto]; s.ChangeID != id && !vetoed && len(all) < MostShown {
			all = append(all, s)
		}
	}
	return all
}

func ruledOut(fault correlate.Regression) []RuledOut {
	var all []RuledOut
	for _, s := range fault.Suspects {
		if late, vetoed := s.Terms[blame.TermVeto]; vetoed && len(all) < MostShown {
			all = append(all, RuledOut{s.ChangeID, time.Duration(-late * float64(time.Second))})
		}
	}
	return all
}

// likely is from which probability on a change counts as the cause of a fault elsewhere.
const likely = 0.5

func elsewhere(c correlate.ChangeRecord, faults []correlate.Regression) []Fault {
	var all []Fault
	for _, r := range faults {
		did := slices.ContainsFunc(r.Suspects, func(s correlate.Suspect) bool { return s.ChangeID == c.ID && s.Probability >= likely })
		if did && r.Service != c.Service && len(all) < MostShown {
			all = append(all, Fault{r.Service, r.Signal, r.OnsetAt.UTC(), possible(r.Suspects)})
		}
	}
	return all
}

// possible are the suspects that may have done it, as many as are shown.
func possible(suspects []correlate.Suspect) []correlate.Suspect {
	var all []correlate.Suspect
	for _, s := range suspects {
		if s.Probability > 0 && len(all) < MostShown-1 {
			all = append(all, s)
		}
	}
	return all
}

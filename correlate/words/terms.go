package words

import (
	"fmt"
	"math"

	"github.com/shipwake/shipwake/correlate/blame"
)

// spoken is what a term of the score of blame says where it speaks for the change, and where it speaks against it.
type spoken struct{ pro, contra string }

// terms are the terms of the score in words. A change that was vetoed has no others.
var terms = map[string]spoken{
	blame.TermLag:      {"", "the fault began some time after it"},
	blame.TermGraph:    {"", "the fault shows on another service, and a few calls lead there"},
	blame.TermContrast: {"what it has reached does worse than what it hasn't, at the same time", "what it has reached does no worse than what it hasn't, at the same time"},
	blame.TermAnomaly:  {"the service that it changed has a fault of its own", "the service that it changed is fine, or shares its fault with its old instances or with what it depends on, or bears a load that others multiplied"},
	blame.TermDose:     {"the fault grew as its rollout went on", "the fault didn't grow as its rollout went on"},
	blame.TermTraces:   {"the requests that fail touched its new version", "the requests that fail touched its new version no more than the others"},
	blame.TermUnseen:   {"its new version never came up", ""},
	blame.TermShock:    {"", "services that it can't have reached got worse at the same time"},
	blame.TermReversal: {"the fault ended when it was taken back", "the fault went on after it was taken back"},
	blame.TermLoad:     {"its service calls the faulty one more often for each request", ""},
	blame.TermPrior:    {"changes of its kind are at fault more often", "changes of its kind are at fault less often"},
	blame.TermVeto:     {"", "it began only after the fault"},
}

// unreachable is about the log-odds of a change that no calls connect with the fault; any number of calls costs less.
const unreachable = -5

// Text says the term with what it does to the odds: "… (anomaly: odds ×20)".
func (t Term) Text() string {
	return fmt.Sprintf("%s (%s: odds %s)", t.says(), t.Name, Odds(t.LogOdds))
}

func (t Term) says() string {
	known, ok := terms[t.Name]
	says := known.pro
	if t.LogOdds < 0 {
		says = known.contra
	}
	switch {
	case t.Name == blame.TermGraph && t.LogOdds < unreachable:
		return "no calls are known that lead from the fault to its service"
	case !ok || says == "":
		return Plain(t.Name)
	}
	return says
}

// Odds is a factor of odds from its logarithm: "×20", "÷3".
func Odds(logOdds float64) string {
	if logOdds < 0 {
		return "÷" + Figure(math.Exp(-logOdds))
	}
	return "×" + Figure(math.Exp(logOdds))
}

// weighty is from which log-odds on a term is worth a line: less changes the odds by less than a tenth.
const weighty = 0.1

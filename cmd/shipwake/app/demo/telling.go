package demo

import (
	"strings"
	"unicode/utf8"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
)

// telling is the evidence that a verdict rests on: of a regression the strongest that its reason speaks of, otherwise
// the errors, else the latency, that were looked for in vain. ok is false when there is none.
func telling(v *correlate.Verdict) (e correlate.Evidence, ok bool) {
	reasons := []correlate.Reason{v.Reason}
	if v.Outcome != correlate.Regressed {
		reasons = []correlate.Reason{correlate.ReasonErrorRatio, correlate.ReasonLatency}
	}
	for _, r := range reasons {
		for _, e := range v.Evidence {
			if speaksOf(r, e) {
				return e, true
			}
		}
	}
	return correlate.Evidence{}, false
}

// speaksOf says whether a signal is of the kind that a reason names.
func speaksOf(r correlate.Reason, e correlate.Evidence) bool {
	switch r {
	case correlate.ReasonErrorRatio:
		return strings.HasSuffix(e.Signal, "error_ratio")
	case correlate.ReasonLatency:
		return strings.Contains(e.Signal, "latency")
	case correlate.ReasonNewException:
		return correlate.OfException(e.Signal)
	case correlate.ReasonSaturation:
		return strings.HasPrefix(e.Signal, "saturation ")
	case correlate.ReasonDownstream:
		return e.Service != ""
	}
	return e.Signal == string(r)
}

// effect is the telling evidence in words: which signal, how much, how sure.
func effect(v *correlate.Verdict) string {
	e, ok := telling(v)
	if !ok {
		return words.Reason(v.Reason)
	}
	if v.Outcome == correlate.Regressed {
		e.AtMost = correlate.AtMost{} // that it is worse is what counts, and there is one line for it
	}
	return strings.TrimSpace(e.Service+" "+words.Plain(e.Signal)) + " " + words.Effect(e)
}

// headline is a verdict in a few words: the outcome, and why where there is room for it.
func headline(v correlate.Verdict, room int) string {
	outcome := string(v.Outcome)
	if v.Outcome == correlate.Healthy {
		return outcome
	}
	if full := outcome + " (" + words.Plain(string(v.Reason)) + ")"; utf8.RuneCountInString(full) <= room {
		return full
	}
	return outcome
}

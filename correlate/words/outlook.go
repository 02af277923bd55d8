package words

import (
	"fmt"
	"strings"

	"github.com/shipwake/shipwake/correlate"
)

// Ahead adds to an explanation, while there is nothing better than inconclusive, what is seen so far, what the answer
// still takes and when it comes. Nil is nothing known.
func (e Explanation) Ahead(o *correlate.Outlook) Explanation {
	if o == nil || e.Final || (e.Outcome != "" && e.Outcome != correlate.Inconclusive) {
		return e
	}
	var l lines
	l.add("seen until", "%s", Instant(o.At))
	for _, evidence := range o.Evidence[:min(len(o.Evidence), MostShown)] {
		f := NewFinding(evidence)
		l.add(f.Name(), "%s", f.Line())
	}
	l.more(len(o.Evidence) - MostShown)
	if o.Grade != "" {
		l.add("compared", "%s (grade %s)", Grade(o.Grade), o.Grade)
	}
	for _, w := range o.Waits {
		l.add("missing", "%s", Wait(w))
		if w.For == correlate.WaitTelemetry {
			l.add("heard in", "%s", Heard(o.HeardIn))
		}
	}
	l.add("earliest", "%s", earliest(o))
	e.ahead = l
	return e
}

// Missing are the lines that Ahead added.
func (e Explanation) Missing() []Line { return e.ahead }

// earliest says when the answers come.
func earliest(o *correlate.Outlook) string {
	regressed := "regressed as soon as it shows"
	if o.HealthyAt == nil {
		return fmt.Sprintf("%s; healthy not by the end of the window, as things go: at %s it ends inconclusive", regressed, Instant(o.ClosesAt))
	}
	return fmt.Sprintf("%s; healthy at %s, if things go on like this; the last word at %s", regressed, Instant(*o.HealthyAt), Instant(o.ClosesAt))
}

// Heard adds to the explanation of a change without telemetry in which environments its service was heard, unless its verdict
// says that already; nil is not known.
func (e Explanation) Heard(environments []string) Explanation {
	if e.HeardIn == "" && environments != nil {
		e.HeardIn = Heard(environments)
	}
	return e
}

// HeardAs names as what else a service was heard: in other environments, and there or here by other names.
func HeardAs(service string, heard []correlate.Heard) string {
	all := make([]string, len(heard))
	for i, h := range heard {
		if all[i] = h.Environment; h.Service != service {
			all[i] += " as " + h.Service
		}
	}
	return strings.Join(all, ", ")
}

// Heard names the environments in which a service was heard.
func Heard(environments []string) string {
	if len(environments) == 0 {
		return "no environment: no telemetry has its service.name"
	}
	return strings.Join(environments, ", ")
}

// Wait says what an answer still takes.
func Wait(w correlate.Wait) string {
	of := family(w.Reason)
	switch w.For {
	case correlate.WaitTelemetry:
		return "telemetry: nothing was heard of the service since the change"
	case correlate.WaitVersion:
		return "its version: telemetry hasn't seen it serve, and the old one serves on"
	case correlate.WaitRollout:
		return "the end of the rollout, or that it stays at the same share for a while"
	case correlate.WaitTime:
		return "time: it must be watched " + by(w)
	case correlate.WaitBaseline:
		return fmt.Sprintf("something to compare %s with: the old version or unchanged zones at the same time, or a day of history", of)
	case correlate.WaitRequests:
		return fmt.Sprintf("about %s more requests to bound %s, %s", Count(w.Requests), of, by(w))
	case correlate.WaitMargin:
		return of + " within the margin: more of what was seen so far doesn't prove it"
	case correlate.WaitDoubt:
		return "certainty: something speaks for a fault in " + of + ", not enough to convict"
	}
	return strings.TrimSpace(Plain(string(w.For)) + " " + of)
}

func by(w correlate.Wait) string {
	if w.Until == nil {
		return "for longer"
	}
	return "until " + Instant(*w.Until)
}

// family is what the signals behind a reason are about.
func family(r correlate.Reason) string {
	return listed(map[correlate.Reason]string{
		"":                           "it",
		correlate.ReasonErrorRatio:   "errors",
		correlate.ReasonLatency:      "latency",
		correlate.ReasonThroughput:   "the number of requests",
		correlate.ReasonLogErrors:    "logged errors",
		correlate.ReasonNewException: "exceptions",
		correlate.ReasonCustomSignal: "your own signals",
		correlate.ReasonSaturation:   "restarts of instances",
	}, r)
}

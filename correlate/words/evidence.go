package words

import (
	"fmt"
	"strings"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// Finding is one signal of a verdict, before and after.
type Finding struct {
	// Service is where it shows, when that is not the service that changed.
	Service, Signal string
	// Decisive: it is what the verdict's reason is about.
	Decisive      bool
	Before, After string // levels in the unit that people read them in, such as "3.1 %" or "210ms"
	// Factor is by how much it grew, Least and Most the ends of its interval: "0" and "∞" where nothing bounds it; all are ""
	// where there is no interval. Mix is the
	// factor by which other routes than before moved the baseline; "" when they didn't.
	Factor, Least, Most, Mix string
	Grown, Shrunk            bool   // the interval lies above 1, or below
	N                        string // requests, or what else was counted, after the change
	Nothing                  bool   // no event before and after: there are no levels to speak of
	// Exception: it is a type of exception that was not seen before, and showed Events times.
	Exception bool
	Events    string
	// Check is what came of a required check; "" of any other signal.
	Check string
	// AtMost is how much worse it is at most, where that is proven. Routes are where most of it happens.
	AtMost string
	Routes []string
}

// exception is what the names of signals that count a new type of exception begin with.
const exception = "exception "

// NewFinding says a piece of evidence.
func NewFinding(e correlate.Evidence) Finding {
	f := Finding{
		Service: e.Service, Signal: e.Signal, N: Count(e.N), Nothing: e.Events == 0 && e.Baseline == 0,
		Before: Level(e.Signal, e.Baseline), After: Level(e.Signal, e.Observed),
	}
	if e.Interval != [2]float64{} {
		f.Factor, f.Least, f.Most = Times(e.Ratio), bound(e.Interval[0]), bound(e.Interval[1])
		f.Grown, f.Shrunk = e.Interval[0] >= 1, e.Interval[1] <= 1
	}
	if e.Mix != 0 {
		f.Mix = Times(e.Mix)
	}
	if f.Exception = correlate.OfException(e.Signal); f.Exception {
		f.Events = Count(e.Events)
	}
	f.Check = checkEvidence(e)
	f.AtMost = AtMost(e)
	for _, r := range e.Routes {
		f.Routes = append(f.Routes, fmt.Sprintf("%s %s → %s (n %s)", r.Route, Level(e.Signal, r.Baseline), Level(e.Signal, r.Observed), Count(r.N)))
	}
	return f
}

// Name is the signal with the service on which it shows, if that is another.
func (f Finding) Name() string { return strings.TrimSpace(f.Service + " " + f.Signal) }

// Text is the finding in one line, without its name.
func (f Finding) Text() string {
	if f.Check != "" {
		return f.Check
	}
	if f.Exception {
		return f.Events + " times, and never before"
	}
	said := f.Before + " → " + f.After + f.factor()
	if f.Nothing {
		said = fmt.Sprintf("none in %s requests", f.N)
	}
	if f.Mix != "" && !f.Nothing {
		said += ", of ×" + f.Mix + " by the route mix"
	}
	if f.AtMost != "" {
		said += ", " + f.AtMost
	}
	return said
}

// Line is the finding with what it was counted from, without its name.
func (f Finding) Line() string {
	if f.Nothing || f.Exception || f.Check != "" {
		return f.Text()
	}
	return f.Text() + " (n " + f.N + ")"
}

// factor is by how much it grew. Where it did, and nothing bounds by how much, there is no estimate to speak of either.
func (f Finding) factor() string {
	switch {
	case f.Factor == "":
		return ""
	case f.Most == "∞" && f.Grown:
		return ", at least ×" + f.Least
	case f.Least == "0" && f.Shrunk && f.AtMost != "":
		return "" // the bound that is proven says it
	case f.Least == "0" && f.Shrunk:
		return ", at most ×" + f.Most
	case f.Least == "0" && f.Most == "∞":
		return ", by which factor can't be told"
	}
	return fmt.Sprintf(", ×%s (%s … %s)", f.Factor, f.Least, f.Most)
}

// Effect is one signal before and after, with the ratio and its interval when there is one to speak of.
func Effect(e correlate.Evidence) string { return NewFinding(e).Text() }

// decisive reports whether a piece of evidence is of the kind that a reason is about.
func decisive(r correlate.Reason, e correlate.Evidence) bool {
	switch r {
	case correlate.ReasonErrorRatio:
		return strings.Contains(e.Signal, "error_ratio")
	case correlate.ReasonLatency:
		return strings.Contains(e.Signal, "latency")
	case correlate.ReasonThroughput:
		return e.Signal == "throughput"
	case correlate.ReasonLogErrors:
		return e.Signal == "log_errors"
	case correlate.ReasonNewException:
		return correlate.OfException(e.Signal)
	case correlate.ReasonDownstream:
		return e.Service != ""
	case correlate.ReasonSaturation:
		return strings.HasPrefix(e.Signal, "saturation ")
	case correlate.ReasonCustomSignal:
		return custom(e.Signal)
	case correlate.ReasonCheckFailed:
		return strings.HasPrefix(e.Signal, correlate.CheckSignal) && e.Events > 0
	}
	return false
}

// custom: the signal is none of the daemon's own.
func custom(signal string) bool {
	if strings.HasPrefix(signal, correlate.CallsOf) || strings.HasPrefix(signal, correlate.CheckSignal) || strings.HasPrefix(signal, correlate.Message) {
		return false
	}
	for _, own := range []string{"error_ratio", "latency", "throughput", "log_errors", "exception", "saturation"} {
		if strings.Contains(signal, own) {
			return false
		}
	}
	return true
}

// widest is where intervals end when nothing bounds them.
const widest = 600

func bound(v float64) string {
	switch {
	case v >= widest:
		return "∞"
	case v <= 1.0/widest:
		return "0"
	}
	return Times(v)
}

// Level is a signal's value in the unit that people read it in.
func Level(signal string, v float64) string {
	switch {
	case strings.HasPrefix(strings.TrimPrefix(signal, "client_"), "latency"):
		return time.Duration(v * float64(time.Second)).Round(100 * time.Microsecond).String()
	case strings.HasPrefix(signal, correlate.CallsOf):
		return Figure(v) + " a request"
	case signal == "saturation "+correlate.Restarts:
		return Figure(v) + " an hour"
	case strings.HasSuffix(signal, "_ratio"), signal == "log_errors":
		return Figure(100*v) + " %"
	}
	return Figure(v)
}

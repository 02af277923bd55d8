package correlate

import (
	"strings"
	"time"
)

// Outcome is the answer to "did this change hurt?". No data is never healthy and never a failure.
type Outcome string

// The three outcomes.
const (
	Regressed    Outcome = "regressed"
	Healthy      Outcome = "healthy"
	Inconclusive Outcome = "inconclusive"
)

// Reason says why a verdict is what it is. The list is closed: it is a metric label, a log field and the words on
// every page.
type Reason string

// The reasons. The first group goes with regressed, the second with healthy, the third with inconclusive.
const (
	ReasonErrorRatio   Reason = "error_ratio"
	ReasonLatency      Reason = "latency"
	ReasonThroughput   Reason = "throughput"
	ReasonLogErrors    Reason = "log_errors"
	ReasonNewException Reason = "new_exception"
	ReasonCustomSignal Reason = "custom_signal"
	ReasonSaturation   Reason = "saturation"    // instances restart out of a full memory
	ReasonDownstream   Reason = "other_service" // the fault shows on a service that did not change
	ReasonCheckFailed  Reason = "check_failed"  // a required check failed in the window

	ReasonWithinMargin Reason = "within_margin"

	ReasonUnderpowered     Reason = "underpowered"
	ReasonNoTelemetry      Reason = "no_telemetry"
	ReasonConfounded       Reason = "confounded"
	ReasonMixShift         Reason = "mix_shift"
	ReasonBaselineTooShort Reason = "baseline_too_short"
	ReasonSuperseded       Reason = "superseded"
	ReasonTransient        Reason = "transient"
	ReasonNoCoverage       Reason = "no_coverage" // telemetry was lost inside the window
	ReasonNotDeployed      Reason = "not_deployed"
	ReasonCheckMissing     Reason = "check_missing" // telemetry shows no harm, and a required check has not come
)

// Reasons lists every Reason.
func Reasons() []Reason {
	return []Reason{
		ReasonErrorRatio, ReasonLatency, ReasonThroughput, ReasonLogErrors, ReasonNewException, ReasonCustomSignal,
		ReasonSaturation, ReasonDownstream, ReasonCheckFailed, ReasonWithinMargin, ReasonUnderpowered, ReasonNoTelemetry, ReasonConfounded, ReasonMixShift,
		ReasonBaselineTooShort, ReasonSuperseded, ReasonTransient, ReasonNoCoverage, ReasonNotDeployed, ReasonCheckMissing,
	}
}

// OfException says that a signal counts a type of exception, or errors of one message.
func OfException(signal string) bool {
	return strings.HasPrefix(signal, "exception ") || strings.HasPrefix(signal, Message)
}

// CallsOf is what the names of signals begin with that are about the calls a request makes of another service.
const CallsOf = "calls of "

// Grade says how good the comparison was.
type Grade string

// The control grades, best first.
const (
	GradeA Grade = "A" // new version's instances against old ones, at the same time
	GradeB Grade = "B" // zones or clusters not yet changed
	GradeC Grade = "C" // the time-of-day expectation from earlier days
	GradeD Grade = "D" // before against after only
)

// Evidence is one signal of a verdict, in numbers a person can check.
type Evidence struct {
	// Service is where it shows, when that is not the service that changed.
	Service  string     `json:"service,omitempty"`
	Signal   string     `json:"signal"`   // e.g. "error_ratio", "latency_p90", a custom signal's name
	Baseline float64    `json:"baseline"` // ratio of events, seconds, or the signal's own unit
	Observed float64    `json:"observed"`
	Ratio    float64    `json:"ratio"`    // observed over baseline (times Mix), as estimated
	Interval [2]float64 `json:"interval"` // confidence sequence of Ratio
	EValue   float64    `json:"e_value"`  // evidence against "no worse than the floor"
	N        int64      `json:"n"`        // exposures on the treated side
	Events   int64      `json:"events"`   // events on the treated side
	Grade    Grade      `json:"grade,omitempty"`
	// SmallestVisible is the smallest Ratio that these n could have shown; 0 when it doesn't apply.
	SmallestVisible float64 `json:"smallest_visible,omitempty"`
	// Mix is the factor by which the baseline would have moved only because requests came for other routes than before;
	// Ratio and Interval are against the baseline times it. 0 when it isn't applied.
	Mix float64 `json:"mix,omitempty"`
	// AtMost is how much worse it may have become.
	AtMost AtMost `json:"at_most,omitzero"`
	// Routes are where most of what is too much happens, the most first; of what convicts alone, and only where the
	// requests of the service are told apart by route.
	Routes []RouteEffect `json:"routes,omitempty"`
}

// RouteEffect is one route's part in a piece of evidence. Baseline and Observed are in the unit of the evidence.
type RouteEffect struct {
	Route    string  `json:"route"`
	Baseline float64 `json:"baseline"` // before the change; 0 also when nobody asked for the route
	Observed float64 `json:"observed"` // since the onset
	N        int64   `json:"n"`        // requests since the onset
}

// AtMost is how much worse a signal may have become, whatever the estimate is: the ends, in the direction that hurts, of
// one-sided intervals that hold together with the confidence Level. The zero value says that nothing bounds it.
type AtMost struct {
	Ratio      float64 `json:"ratio,omitempty"`      // of observed over baseline; 0 when it isn't bounded
	Difference float64 `json:"difference,omitempty"` // of observed less baseline, in the unit of the signal
	Level      float64 `json:"level,omitempty"`      // e.g. 0.95
	// MarginRatio and MarginDifference are what is tolerated: it is harmless when either bound is below its margin. 0: none.
	MarginRatio      float64 `json:"margin_ratio,omitempty"`
	MarginDifference float64 `json:"margin_difference,omitempty"`
}

// Reopening says why a verdict that had been given was gone into again.
type Reopening string

// The reopenings.
const (
	LateChange      Reopening = "late_change"      // a change that bears on it was reported, or corrected, late
	LateIncident    Reopening = "late_incident"    // an incident that bears on it was reported, or corrected, late
	LateMeasurement Reopening = "late_measurement" // telemetry of its time came late
	LateCheck       Reopening = "late_check"       // a check of it was reported, or corrected, late
)

// Reopenings lists every Reopening.
func Reopenings() []Reopening {
	return []Reopening{LateChange, LateIncident, LateMeasurement, LateCheck}
}

// Verdict is the current answer for one change. A higher Revision replaces a lower one; nothing is edited.
type Verdict struct {
	ChangeID    string    `json:"change_id"`
	Service     string    `json:"service"`
	Environment string    `json:"environment"`
	Version     string    `json:"version,omitempty"`
	Outcome     Outcome   `json:"verdict"`
	Reason      Reason    `json:"reason"`
	Revision    int       `json:"revision"`
	Final       bool      `json:"final"` // the observation window has closed
	DecidedAt   time.Time `json:"decided_at"`
	// DetectedAt is when it was first found to be regressed, of those that say so ever since; DecidedAt is that of this revision.
	DetectedAt  *time.Time `json:"detected_at,omitempty"`
	OnsetAt     *time.Time `json:"onset_at"`
	RecoveredAt *time.Time `json:"recovered_at"`
	// Blame is the probability that this change did it, among the candidates; of an inconclusive verdict, the
	// probability that there is a fault and this change did it.
	Blame    float64    `json:"blame"`
	Grade    Grade      `json:"grade,omitempty"`
	Evidence []Evidence `json:"evidence"`
	// SmallestVisible is the smallest error ratio increase (as a factor) that the window could have shown.
	SmallestVisible float64 `json:"smallest_visible,omitempty"`
	// Supersedes is the revision from which on what was said no longer stands, because facts came late; 0 when this one
	// only goes on from the one before. Reopened says why, and ReopenedBy is the id of the change, incident or check, or
	// the service that measured late.
	Supersedes int       `json:"supersedes,omitempty"`
	Reopened   Reopening `json:"reopened,omitempty"`
	ReopenedBy string    `json:"reopened_by,omitempty"`
	// Withdrawn: with what came late there was nothing to say yet. The change is still observed.
	Withdrawn bool `json:"withdrawn,omitempty"`
	// HeardAs is, where there was no telemetry of the change's service, as what else one was heard that may be meant: in another
	// environment, under a namespace. Sorted, at most a few.
	HeardAs []Heard `json:"heard_as,omitempty"`
	// WithoutChecks is what telemetry alone says, where required checks say something else.
	WithoutChecks *WithoutChecks `json:"without_checks,omitempty"`
	// Inputs is a digest of what the verdict is a function of: engine, configuration, facts and measurements.
	Inputs string `json:"inputs,omitempty"`
}

// WithoutChecks is the part of a verdict that required checks replace, as telemetry alone has it. Outcome is "" while that says
// nothing.
type WithoutChecks struct {
	Outcome     Outcome    `json:"verdict,omitempty"`
	Reason      Reason     `json:"reason,omitempty"`
	DecidedAt   time.Time  `json:"decided_at,omitzero"`
	DetectedAt  *time.Time `json:"detected_at,omitempty"`
	OnsetAt     *time.Time `json:"onset_at,omitempty"`
	RecoveredAt *time.Time `json:"recovered_at,omitempty"`
	Blame       float64    `json:"blame,omitempty"`
}

// DetectedSince is the DetectedAt of a verdict that follows on another one, nil when there is none.
func (v *Verdict) DetectedSince(before *Verdict) *time.Time {
	since := v.DecidedAt
	switch {
	case v.Outcome != Regressed:
		return nil
	case before == nil || before.Outcome != Regressed:
	case before.DetectedAt == nil: // of a version that didn't tell
		since = before.DecidedAt
	default:
		since = *before.DetectedAt
	}
	return &since
}

// Heard is a service in an environment as telemetry names them.
type Heard struct {
	Service     string `json:"service"`
	Environment string `json:"environment"`
}

// Suspect is one candidate for a regression.
type Suspect struct {
	ChangeID    string  `json:"change_id"`
	Probability float64 `json:"probability"`
	// Terms are the additive log-odds that make up the score, by name.
	Terms map[string]float64 `json:"terms,omitempty"`
}

// Regression is a fault seen on a service, whether or not that service changed.
type Regression struct {
	ID          string     `json:"id"`
	Service     string     `json:"service"`
	Environment string     `json:"environment"`
	Signal      string     `json:"signal"`
	OnsetAt     time.Time  `json:"onset_at"`
	DecidedAt   time.Time  `json:"decided_at"`
	RecoveredAt *time.Time `json:"recovered_at,omitempty"`
	Suspects    []Suspect  `json:"suspects"`
	// Withdrawn: with what came late it no longer shows.
	Withdrawn bool `json:"withdrawn,omitempty"`
}

// Unrevised is the verdict without what only its place among the revisions of its change says.
func (v Verdict) Unrevised() Verdict {
	v.Revision, v.Supersedes, v.Reopened, v.ReopenedBy = 0, 0, "", ""
	return v
}

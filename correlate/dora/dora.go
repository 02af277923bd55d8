// Package dora answers: how do we deliver, by the DORA definitions?
//
// It counts over records and holds no state: the same records, in any order, give the same report. The policy that
// counted is named in every report, with its version. Policies of other tools are described at Policy; "shipwake" is:
//
//   - A deployment is a successful, finished rollout of a service to an environment: a change of kind deployment or
//     rollback. A redeploy of the version that is live brings users nothing: it is counted apart, as a redeployment, in
//     no frequency and no rate, unless it hurt; then it brought something, and counts like any deployment. A report
//     that was merged into another change never counts; a cancelled rollout is neither a deployment nor a failure; a
//     failed one never reached its users and is counted apart, as deploy_failed.
//   - Change fail rate: deployments that were judged regressed, or have an incident attributed to them, or were rolled
//     back or hot-fixed, each once, over the deployments whose observation window has closed. Rollbacks are in
//     neither part. Deployments told as history, after their window had passed, are in both: their incidents and
//     rollbacks are the evidence. Those still observed are published beside, as pending, and so are those that closed
//     without an answer (inconclusive) and those nobody could judge (unjudged).
//   - What people say counts: a change of which the last word is that it was not this one did not fail because it was judged
//     regressed, rolled back or hot-fixed, nor by an incident that was only inferred to be its doing; the change that they
//     name instead failed. Labels that they pinned are labels. Policies of other tools know nothing of it, but they follow the
//     cause of an incident, whoever told it.
//   - Failed deployment recovery time: completion of a failed deployment to its first proven recovery: telemetry back
//     in the baseline, a rollback or hotfix that mended it, or the resolution of the last of its incidents. A repair that
//     was a failure itself mended nothing, nor did one after which an incident stays open or telemetry as bad as it was
//     (see correlate.Mended); what repaired the repair may have. It doesn't wait for the window to close. A failure
//     without recovery is open: outside the median, counted, with its age.
//   - Lead time: authored to deployment finished, for each commit's first arrival at a service and environment. A
//     negative span is an error in the data: counted, outside the median.
//   - Rework rate: deployments that are a rollback, a hotfix or driven by an incident, over all deployments. A hotfix
//     carries the label class=hotfix. Driven by an incident is a deployment that carries the label incident, or that
//     began while an incident caused by an earlier deployment of the same place was open, at most 24 hours after it
//     opened.
//   - Change success rate: deployments whose window has closed and that didn't fail, over these and the rollouts that failed
//     before they reached users. Failed rollout rate: these over all rollouts that came to an end. Rollback rate: rollbacks
//     over deployments.
//   - Detection delay: completion of a failed deployment to the first sign that somebody noticed: telemetry convicted it,
//     an incident of it opened, a rollback or hotfix of it began. Detection to recovery goes on from there.
//   - Defect escape rate: failed deployments that people noticed before telemetry did, or alone, over those that anybody
//     noticed. Those told as history are in neither part: telemetry had no chance.
//   - Queue time: approved to begun, of deployments that carry the label approved_at (RFC 3339).
//   - Class, kind and labels of an incident are those of the change held responsible. Team and system are, too; where that
//     tells none, or nobody is held responsible, those that the newest change of the incident's service names.
//   - Incidents count by the time they opened, deployments by their completion (their start, when nobody told the
//     completion). Medians interpolate. No data is nil, never zero.
//   - An incident of several services is one incident: the total, its environment and its team count it once, and each of the
//     services that it is about counts it. It is one failure, of the deployment held responsible. So every rate is a sum over
//     a sum whichever way it is rolled up, while what services count of incidents doesn't add up to the total.
package dora

import (
	"fmt"
	"strings"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora/calendar"
)

// Query says what to report.
type Query struct {
	From, To time.Time // windows are keyed on deployment completion: From <= finished < To
	Scope
	By GroupBy
	// Series has the window split into periods as well, by the clocks of Zone (nil: UTC); "": it isn't.
	Series calendar.Period
	Zone   *time.Location
	Trend  bool      // the window before is reported as well, see Before
	Policy Policy    // "" is shipwake
	AsOf   time.Time // count over what was known then; zero: now. Compute is told by its argument.
}

// Calendar is the length of the periods of a series.
type Calendar = calendar.Period

// The lengths.
const (
	Day     = calendar.Day
	Week    = calendar.Week
	Month   = calendar.Month
	Quarter = calendar.Quarter
)

// Calendars lists every Calendar.
func Calendars() []Calendar { return calendar.Periods() }

// GroupBy says how a report is split. ByLabel splits it by a label.
type GroupBy string

// The ways to split a report.
const (
	ByNothing     GroupBy = ""
	ByService     GroupBy = "service"
	ByTeam        GroupBy = "team"
	BySystem      GroupBy = "system"
	ByEnvironment GroupBy = "environment"
	ByClass       GroupBy = "class"
	ByKind        GroupBy = "kind"
	// ByServiceEnvironment gives a group for each environment, named after it, and one for each service in it, named
	// "environment/service".
	ByServiceEnvironment GroupBy = "service_environment"
)

// GroupBys lists every way to split a report, but for those by a label.
func GroupBys() []GroupBy {
	return []GroupBy{ByNothing, ByService, ByTeam, BySystem, ByEnvironment, ByClass, ByKind, ByServiceEnvironment}
}

const labelPrefix = "label:"

// ByLabel splits a report by the values of a label: "label:region".
func ByLabel(name string) GroupBy { return GroupBy(labelPrefix + name) }

// Label is the name of the label that a report is split by, and whether it is.
func (g GroupBy) Label() (name string, is bool) {
	name, is = strings.CutPrefix(string(g), labelPrefix)
	return name, is && name != ""
}

// What a report may hold.
const (
	MostInSeries = 400
	MostCells    = 100_000 // groups of the window and of each period, together
)

// ErrTooMany says that a report has more cells than there is room for.
var ErrTooMany = fmt.Errorf("the report has more than %d cells, which are groups times periods: choose longer periods, a shorter window, or fewer groups", MostCells)

// Report is the DORA numbers of one window, for the whole (Group "") and for each group, sorted by name.
type Report struct {
	Policy        Policy `json:"policy"`
	PolicyVersion int    `json:"policy_version"`
	// Environment is the one that Total covers; "" when it covers them all.
	Environment string `json:"environment,omitempty"`
	// OtherEnvironments are those in which something was rolled out in the window that Total doesn't cover, sorted. It is
	// empty when the query names an environment.
	OtherEnvironments []string  `json:"other_environments,omitempty"`
	From              time.Time `json:"from"`
	To                time.Time `json:"to"`
	AsOf              time.Time `json:"as_of"`
	By                GroupBy   `json:"by,omitempty"`
	// BucketBounds are the upper bounds of the buckets of every duration, in seconds; the last bucket has none.
	BucketBounds []float64 `json:"bucket_bounds_seconds"`
	Total        Numbers   `json:"total"`
	Groups       []Numbers `json:"groups,omitempty"`
	// Periods are those of the series, oldest first, by the clocks of Zone.
	Series  calendar.Period `json:"series,omitempty"`
	Zone    string          `json:"zone,omitempty"`
	Periods []Period        `json:"periods,omitempty"`
	Before  *Window         `json:"before,omitempty"` // the window before, where the trend was asked for
	// Over says that there were more cells than MostCells, and that some are left out.
	Over bool `json:"-"`
}

// Period is the numbers of one period of a series: of as much of it as lies in the window.
type Period struct {
	Name    string    `json:"period"` // 2026-03-01, 2026-W09, 2026-03 or 2026-Q1
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Partial bool      `json:"partial,omitempty"` // it begins before the window, or ends after it or after AsOf
	Total   *Numbers  `json:"total"`             // nil when there was nothing to count
	Groups  []Numbers `json:"groups,omitempty"`  // those that there was something to count of
}

// Window is the numbers of a stretch of time.
type Window struct {
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Total  Numbers   `json:"total"`
	Groups []Numbers `json:"groups,omitempty"`
}

// Data is what a report counts: every record that can matter for the window, in any order. That is every change that
// completed in the window, the changes that rolled them back and the incidents attributed to them whenever these were,
// and the incidents that opened in the window. Query.Reach says what else matters: above all the changes from before the
// window, which tell what commits had arrived before. A record given twice counts once.
type Data struct {
	Changes   []correlate.ChangeRecord
	Incidents []correlate.IncidentRecord
}

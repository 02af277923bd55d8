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
//   - Incidents count by the time they opened, deployments by their completion (their start, when nobody told the
//     completion). Medians interpolate. No data is nil, never zero.
//   - An incident of several services is one incident: the total, its environment and its team count it once, and each of the
//     services that it is about counts it. It is one failure, of the deployment held responsible. So every rate is a sum over
//     a sum whichever way it is rolled up, while what services count of incidents doesn't add up to the total.
package dora

import (
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora/stats"
)

// Query says what to report.
type Query struct {
	From, To time.Time // windows are keyed on deployment completion: From <= finished < To
	// Zero: all. An empty Environment is production, unless the report is split by environment.
	Service, Environment, Team string
	By                         GroupBy
	Policy                     Policy    // "" is shipwake
	AsOf                       time.Time // count over what was known then; zero: now. Compute is told by its argument.
}

// GroupBy says how a report is split.
type GroupBy string

// The ways to split a report.
const (
	ByNothing     GroupBy = ""
	ByService     GroupBy = "service"
	ByTeam        GroupBy = "team"
	ByEnvironment GroupBy = "environment"
	// ByServiceEnvironment gives a group for each environment, named after it, and one for each service in it, named
	// "environment/service".
	ByServiceEnvironment GroupBy = "service_environment"
)

// GroupBys lists every way to split a report.
func GroupBys() []GroupBy {
	return []GroupBy{ByNothing, ByService, ByTeam, ByEnvironment, ByServiceEnvironment}
}

// NoGroup is the name of the group of what has no service or no team.
const NoGroup = "(none)"

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
	Total             Numbers   `json:"total"`
	Groups            []Numbers `json:"groups,omitempty"`
}

// Numbers are the DORA numbers of one group. A nil pointer means "no data", which is not zero.
type Numbers struct {
	Group             string    `json:"group,omitempty"`
	Service           string    `json:"service,omitempty"`     // of a group that has one service
	Environment       string    `json:"environment,omitempty"` // of a group that has one environment
	Deployments       int       `json:"deployments"`           // successful rollouts
	DeploymentsPerDay *float64  `json:"deployments_per_day"`   // nil without deployments
	Redeployments     int       `json:"redeployments"`         // of the version that was live; not among the deployments
	DeployFailed      int       `json:"deploy_failed"`         // pipelines that failed before reaching users
	ChangeFailRate    *Ratio    `json:"change_fail_rate"`
	Pending           int       `json:"pending"`      // window still open
	Inconclusive      int       `json:"inconclusive"` // window closed without an answer
	Unjudged          int       `json:"unjudged"`     // told as history, and no incident or rollback speaks against it
	Recovery          *Duration `json:"failed_deployment_recovery_time"`
	OpenFailures      int       `json:"open_failures"`
	OldestOpenFailure *float64  `json:"oldest_open_failure_seconds"`
	LeadTime          *Duration `json:"change_lead_time"`
	NegativeLeadTimes int       `json:"negative_lead_times"`
	ReworkRate        *Ratio    `json:"deployment_rework_rate"`
	IncidentRecovery  *Duration `json:"incident_time_to_restore"` // opened → resolved
	SuccessRate       *Ratio    `json:"change_success_rate"`
	FailedRolloutRate *Ratio    `json:"failed_rollout_rate"`
	RollbackRate      *Ratio    `json:"rollback_rate"`
	RollbacksPerDay   *float64  `json:"rollbacks_per_day"` // nil without deployments
	DetectionDelay    *Duration `json:"detection_delay"`
	DetectionRecovery *Duration `json:"detection_to_recovery"`
	DefectEscapeRate  *Ratio    `json:"defect_escape_rate"`
	QueueTime         *Duration `json:"queue_time"`
	Unattributed      int       `json:"unattributed_incidents"`
}

// Ratio and Duration are what numbers are told as.
type (
	Ratio    = stats.Ratio
	Duration = stats.Duration
)

// Data is what a report counts: every record that can matter for the window, in any order. That is every change that
// completed in the window, the changes that rolled them back and the incidents attributed to them whenever these were,
// and the incidents that opened in the window. Query.Reach says what else matters: above all the changes from before the
// window, which tell what commits had arrived before. A record given twice counts once.
type Data struct {
	Changes   []correlate.ChangeRecord
	Incidents []correlate.IncidentRecord
}

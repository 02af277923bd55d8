package dora

import "github.com/shipwake/shipwake/correlate/dora/stats"

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
	// Changes is where the deployments are listed; whoever publishes the report sets it.
	Changes string `json:"changes,omitempty"`
}

// Ratio and Duration are what numbers are told as.
type (
	Ratio    = stats.Ratio
	Duration = stats.Duration
)

// Equal says whether two groups have the same numbers, names included.
func (n Numbers) Equal(o Numbers) bool {
	same := allEqual(n.values(), o.values()) && allEqual(n.ratios(), o.ratios()) && allEqual(n.durations(), o.durations())
	return same && n.plain() == o.plain()
}

func (n *Numbers) values() []**float64 {
	return []**float64{&n.DeploymentsPerDay, &n.OldestOpenFailure, &n.RollbacksPerDay}
}

func (n *Numbers) ratios() []**Ratio {
	return []**Ratio{&n.ChangeFailRate, &n.ReworkRate, &n.SuccessRate, &n.FailedRolloutRate, &n.RollbackRate, &n.DefectEscapeRate}
}

func (n *Numbers) durations() []**Duration {
	return []**Duration{&n.Recovery, &n.LeadTime, &n.IncidentRecovery, &n.DetectionDelay, &n.DetectionRecovery, &n.QueueTime}
}

// plain are the numbers without what pointers lead to.
func (n Numbers) plain() Numbers {
	clearAll(n.values())
	clearAll(n.ratios())
	clearAll(n.durations())
	return n
}

func clearAll[T any](all []**T) {
	for _, p := range all {
		*p = nil
	}
}

func allEqual[T comparable](a, b []**T) bool {
	for i := range a {
		if !equal(*a[i], *b[i]) {
			return false
		}
	}
	return true
}

// equal compares what two pointers lead to; nil is equal to nil alone.
func equal[T comparable](a, b *T) bool {
	return a == b || a != nil && b != nil && *a == *b
}

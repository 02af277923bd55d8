// Package dora answers: how do we deliver, by the DORA definitions?
//
// It counts over records and holds no state: the same records give the same report. The policy that counted is named
// in every report.
package dora

import (
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// PolicyShipwake is the policy described in the package documentation.
const PolicyShipwake = "shipwake"

// Query says what to report.
type Query struct {
	From, To                   time.Time // windows are keyed on deployment completion: From <= finished < To
	Service, Environment, Team string    // zero: all. Environment defaults to production
	By                         GroupBy
}

// GroupBy says how a report is split.
type GroupBy string

// The ways to split a report.
const (
	ByNothing     GroupBy = ""
	ByService     GroupBy = "service"
	ByTeam        GroupBy = "team"
	ByEnvironment GroupBy = "environment"
)

// Report is the DORA numbers of one window, for the whole (Group "") and for each group, sorted by name.
type Report struct {
	Policy string    `json:"policy"`
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	AsOf   time.Time `json:"as_of"`
	By     GroupBy   `json:"by,omitempty"`
	Total  Numbers   `json:"total"`
	Groups []Numbers `json:"groups,omitempty"`
}

// Numbers are the DORA numbers of one group. A nil pointer means "no data", which is not zero.
type Numbers struct {
	Group             string    `json:"group,omitempty"`
	Deployments       int       `json:"deployments"`         // successful rollouts
	DeploymentsPerDay *float64  `json:"deployments_per_day"` // nil without deployments
	Redeployments     int       `json:"redeployments"`
	DeployFailed      int       `json:"deploy_failed"` // pipelines that failed before reaching users
	ChangeFailRate    *Ratio    `json:"change_fail_rate"`
	Pending           int       `json:"pending"`      // window still open
	Inconclusive      int       `json:"inconclusive"` // window closed without an answer
	Recovery          *Duration `json:"failed_deployment_recovery_time"`
	OpenFailures      int       `json:"open_failures"`
	OldestOpenFailure *float64  `json:"oldest_open_failure_seconds"`
	LeadTime          *Duration `json:"change_lead_time"`
	NegativeLeadTimes int       `json:"negative_lead_times"`
	ReworkRate        *Ratio    `json:"deployment_rework_rate"`
	IncidentRecovery  *Duration `json:"incident_time_to_restore"` // opened → resolved
	Unattributed      int       `json:"unattributed_incidents"`
}

// Ratio travels with its numerator, denominator and 95 % Wilson interval.
type Ratio struct {
	Value       float64    `json:"value"`
	Numerator   int        `json:"numerator"`
	Denominator int        `json:"denominator"`
	Interval    [2]float64 `json:"interval"`
}

// Duration summarises durations in seconds; medians interpolate.
type Duration struct {
	N      int     `json:"n"`
	Median float64 `json:"median_seconds"`
	P90    float64 `json:"p90_seconds"`
	Mean   float64 `json:"mean_seconds"`
}

// Data is what a report counts: every record that can matter for the window, in any order.
type Data struct {
	Changes   []correlate.ChangeRecord
	Incidents []correlate.IncidentRecord
}

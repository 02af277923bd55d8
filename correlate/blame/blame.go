// Package blame answers: which change did it?
//
// A pure function of a fault, the candidate changes and the dependency graph: an additive score of log-odds, one term
// per file, every term exported, turned into probabilities by a softmax.
package blame

import "github.com/shipwake/shipwake/correlate"

// Fault is a regression seen on a service.
type Fault struct {
	Service string
	Signal  string
	Onset   int64 // Unix seconds
	// Peer is the callee when the fault was seen on an edge.
	Peer string
	// Strength is the ln e-value of the fault.
	Strength float64
	// Explained: a service that this one depends on, and that no change touched, is at fault as well.
	Explained bool
	// Outside: only its callers see it, and by its own account the service is as it was. What it needs others for would
	// show there.
	Outside bool
	// Caller is the only caller of the service whose calls fail, "" when several do, or nothing tells.
	Caller string
	// LostAbove: it is a loss of requests, and its callers get fewer of them themselves and don't fail more often for asking.
	LostAbove bool
	// Surged: the service was asked for much more than before just when the fault began.
	Surged bool
	// Course is how its events went in time.
	Course Course

	climbs bool // see climbs
}

// Candidate is a change that may have done it.
type Candidate struct {
	ChangeID string
	Service  string
	Kind     correlate.Kind
	// Steps are the instants at which the rollout advanced, Unix seconds, sorted; the first is its start.
	Steps []int64
	// Dose is the share of the requests of its service that its new version served, one for each window of the fault's
	// course; nil when telemetry doesn't tell.
	Dose []float64
	// Touches are the faulty service's requests since the onset, by the version of the candidate's service that they
	// touched; nil when traces don't tell.
	Touches []Touch
	// Contrast is judge.Assessment.Contrast of the candidate's own service.
	Contrast float64
	// Share is ln of how much more likely the new version alone shows the fault of its own service than every version does
	// alike; 0 when that isn't known, and for faults of other services.
	Share float64
	// Suffers: the fault that its own service shows is more likely somebody else's.
	Suffers bool
	// Whole: nothing but the new version served when the fault began, so that what Contrast says is about an earlier time.
	Whole bool
	// Unseen: the rollout has been under way for a while, and no instance of the new version was seen, though
	// telemetry tells the versions of the service.
	Unseen bool
	// Multiplies: since the change its service calls the faulty one, or one in trouble on which that depends, more often for
	// each of its own requests, and that is what the load there grew by. Burdened: its service bears such a load.
	Multiplies, Burdened bool
	// Shocked: services that the change can't have reached are at fault as well, since the same time.
	Shocked Shock
	// Reversal is what became of the fault when the change was rolled back.
	Reversal Reversal
	// Regressed: the candidate's own service shows a fault since the candidate's start, with this onset and strength.
	Regressed bool
	Onset     int64
	Strength  float64
}

// Reversal is the outcome of a rollback as an experiment: the change was there, and then it was not.
type Reversal int

// The outcomes: the fault went away with the change, or it outlived it.
const (
	NotReversed Reversal = iota
	Cured
	Outlived
)

// Shock says how much like the fault is what happened far from a change at the same time.
type Shock int

// The shocks. ShockOther is a fault of another kind, ShockAlike the same one.
const (
	NoShock Shock = iota
	ShockOther
	ShockAlike
)

// Edge is a dependency: From calls To.
type Edge struct{ From, To string }

package blame

import "github.com/shipwake/shipwake/correlate/guard"

// The names of the guards, see Guards.
const (
	guardVeto                  = "veto"
	guardLag                   = "lag"
	guardLagKnee               = "lag_knee"
	guardSteps                 = "steps"
	guardGraph                 = "graph"
	guardUpstream              = "upstream"
	guardContrast              = "contrast"
	guardContrastElsewhere     = "contrast_elsewhere"
	guardUnprovenContrast      = "unproven_contrast"
	guardTracesAgainstContrast = "traces_over_contrast"
	guardAnomaly               = "anomaly"
	guardDeeper                = "deeper"
	guardExplained             = "explained"
	guardShared                = "shared"
	guardNotWorse              = "not_worse"
	guardShare                 = "share"
	guardClimbs                = "climbs"
	guardSuffers               = "suffers"
	guardLostAbove             = "lost_above"
	guardSurge                 = "surge"
	guardMultiplies            = "multiplies"
	guardOutside               = "outside"
	guardRow                   = "row"
	guardAdvances              = "advances"
	guardDose                  = "dose"
	guardTraces                = "traces"
	guardUnseen                = "unseen"
	guardShock                 = "shock"
	guardReversal              = "reversal"
	guardPrior                 = "prior"
	guardOutage                = "outage"
	guardBackground            = "background"
)

// Guards are the safeguards of this package, with what each does.
func Guards() []guard.Guard {
	return []guard.Guard{
		{Name: guardVeto, What: "who began after the onset can't have done it"},
		{Name: guardLag, What: "the nearer a step of the rollout, the likelier"},
		{Name: guardLagKnee, What: "less so beyond a quarter of an hour"},
		{Name: guardSteps, What: "every step of a rollout counts, not its beginning alone"},
		{Name: guardGraph, What: "trouble travels along calls"},
		{Name: guardUpstream, What: "and from callers to callees, less often"},
		{Name: guardContrast, What: "new instances against old ones"},
		{Name: guardContrastElsewhere, What: "instances that look as well as the old ones clear a change of others' faults only in part"},
		{Name: guardUnprovenContrast, What: "worse instances count only where the fault can come from there and is proven"},
		{Name: guardTracesAgainstContrast, What: "nor do they where the failing traces touched them"},
		{Name: guardAnomaly, What: "a changed service with a fault of its own is suspect"},
		{Name: guardDeeper, What: "the more, the deeper it lies"},
		{Name: guardExplained, What: "a fault that a dependency shares isn't its own"},
		{Name: guardShared, What: "nor one that its old instances show as well"},
		{Name: guardNotWorse, What: "a fault that new instances don't show more says nothing of itself"},
		{Name: guardShare, What: "nor one that old instances show as much as new ones do"},
		{Name: guardClimbs, What: "nor one that a changed dependency shows as well"},
		{Name: guardSuffers, What: "what a service suffers from others isn't held against its change by its callers' faults"},
		{Name: guardOutside, What: "a dependency doesn't explain what only callers see"},
		{Name: guardRow, What: "failures of one caller's calls alone are the caller's as much as the callee's"},
		{Name: guardMultiplies, What: "a caller that multiplied its calls is suspect of what they do"},
		{Name: guardLostAbove, What: "callers that ask less without failing more put the loss above them"},
		{Name: guardSurge, What: "load that surges before a fault may have done it by itself"},
		{Name: guardAdvances, What: "a rollout that goes on may bring a late fault"},
		{Name: guardDose, What: "the fault grows as the rollout does"},
		{Name: guardTraces, What: "the failing traces touched the new version"},
		{Name: guardUnseen, What: "the new version never came up"},
		{Name: guardShock, What: "services that it can't have reached are in trouble as well"},
		{Name: guardReversal, What: "the fault ended with the rollback, or outlived it"},
		{Name: guardPrior, What: "rollbacks and flags are blamed less"},
		{Name: guardOutage, What: "a dependency that nobody changed is at fault"},
		{Name: guardBackground, What: "no known change did it"},
	}
}

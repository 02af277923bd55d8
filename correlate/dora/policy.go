package dora

import (
	"fmt"

	"github.com/shipwake/shipwake/correlate/dora/stats"
)

// Policy is a way of counting. That of Shipwake is described in the package documentation. The others count as other tools
// do, so that who comes from one finds the number again that he knows. They know neither verdicts, nor what reports say of
// causes (but for fourkeys, which knows nothing else), nor redeploys, nor rework: pending, inconclusive, unjudged and redeployments are 0, and the numbers that hang on
// these are nil. Lead times are counted alike.
//
//	policy      a deployment is                   an incident is held against                     change fail rate           recovery
//	devlake     a pipeline with a rollout that    the last successful rollout of its project      with an incident, of all   pipeline finished to
//	            succeeded                         complete strictly before it, without a bound                               resolved, lower median
//	middleware  a rollout of any status           that of its team, up to the next one            with an incident, of all   opened to resolved, mean
//	ratio       a pipeline as in devlake          nobody                                          incidents per deployment   opened to resolved, mean
//	fourkeys    a rollout that succeeded          the one that it names as its cause              its incidents, per         opened to resolved, median
//	                                                                                              deployment
//
// Rollouts that name one pipeline (LabelPipeline) are one deployment in devlake and ratio, while devlake holds incidents
// against single rollouts: one that names none is its own pipeline. The project of a service is what its newest change says
// (LabelProject), else the service. A service without a team stands for itself in middleware.
// The rates of ratio (as of Pelorus, Faros and GitLab) and of fourkeys (as of Four Keys, but that an incident whose report was
// edited counts once) may exceed 1, and have no interval. Open failures are the failed deployments of which an incident is open; of ratio, the open incidents.
type Policy string

// The policies.
const (
	PolicyShipwake   Policy = "shipwake"
	PolicyDevLake    Policy = "devlake"
	PolicyMiddleware Policy = "middleware"
	PolicyRatio      Policy = "ratio"
	PolicyFourKeys   Policy = "fourkeys"
)

// The labels of a change that say which other rollouts it belongs with.
const (
	LabelProject  = "dora_project"
	LabelPipeline = "dora_pipeline"
)

// Policies lists every Policy.
func Policies() []Policy {
	return []Policy{PolicyShipwake, PolicyDevLake, PolicyMiddleware, PolicyRatio, PolicyFourKeys}
}

// Version is another one whenever the policy counts the same records otherwise.
func (p Policy) Version() int { return 1 }

// Title names a policy with its version: "shipwake v1".
func (p Policy) Title() string { return fmt.Sprintf("%s v%d", p.known(), p.Version()) }

// Averages says whether the policy tells the mean of recovery times, and not the median.
func (p Policy) Averages() bool { return p == PolicyMiddleware || p == PolicyRatio }

// LooksEverywhere says whether a report of one service depends on the changes of others.
func (p Policy) LooksEverywhere() bool { return p.peer() }

func (p Policy) known() Policy {
	if p == "" {
		return PolicyShipwake
	}
	return p
}

// peer: it is that of another tool.
func (p Policy) peer() bool { return p.known() != PolicyShipwake }

// numbers turns counts into what is published under the policy.
func (p Policy) numbers(t *tally, days float64) Numbers {
	n := t.numbers(days)
	if p.peer() {
		n.ReworkRate, n.SuccessRate, n.FailedRolloutRate, n.RollbackRate, n.RollbacksPerDay = nil, nil, nil, nil, nil
	}
	switch p {
	case PolicyDevLake:
		n.Recovery = stats.SummariseLower(t.recoveries)
	case PolicyMiddleware:
		n.Recovery = n.IncidentRecovery
	case PolicyRatio, PolicyFourKeys:
		n.Recovery = n.IncidentRecovery
		n.ChangeFailRate = stats.Per(t.failures, t.judged)
	}
	return n
}

package deploy_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// argoMetric is the part of an AnalysisTemplate's metric that decides what becomes of a rollout.
type argoMetric struct {
	Name                    string
	Interval                string
	Count                   int
	ConsecutiveSuccessLimit int    `yaml:"consecutiveSuccessLimit"`
	FailureLimit            int    `yaml:"failureLimit"`
	InconclusiveLimit       int    `yaml:"inconclusiveLimit"`
	ConsecutiveErrorLimit   int    `yaml:"consecutiveErrorLimit"`
	SuccessCondition        string `yaml:"successCondition"`
	FailureCondition        string `yaml:"failureCondition"`
	Provider                struct {
		Web struct {
			URL            string
			TimeoutSeconds int    `yaml:"timeoutSeconds"`
			JSONPath       string `yaml:"jsonPath"`
		}
	}
}

// after says what Argo Rollouts makes of measurements, by the rules of its documentation (features/analysis): the limits
// first, then the consecutive successes, then the count. "" is that it goes on measuring.
func (m argoMetric) after(decisions ...string) string {
	met := func(condition, decision string) bool { return condition == `result.decision == "`+decision+`"` }
	count, failed, inconclusive, errored, successes := 0, 0, 0, 0, 0
	for _, d := range decisions {
		if d == "error" {
			errored++
			if errored > m.ConsecutiveErrorLimit {
				return "Error"
			}
			continue
		}
		errored = 0
		count++
		switch {
		case met(m.FailureCondition, d):
			failed, successes = failed+1, 0
		case met(m.SuccessCondition, d):
			successes++
		default:
			inconclusive, successes = inconclusive+1, 0
		}
		switch {
		case failed > m.FailureLimit:
			return "Failed"
		case inconclusive > m.InconclusiveLimit:
			return "Inconclusive"
		case m.ConsecutiveSuccessLimit > 0 && successes >= m.ConsecutiveSuccessLimit, m.Count > 0 && count >= m.Count:
			return "Successful"
		}
	}
	return ""
}

// TestArgoRolloutsTakesTheAnswersAsTheyAreMeant: with the template that is shipped, waiting is no success and no failure.
func TestArgoRolloutsTakesTheAnswersAsTheyAreMeant(t *testing.T) {
	var template struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string
		Metadata   struct{ Name string }
		Spec       struct {
			Args    []struct{ Name, Value string }
			Metrics []argoMetric
		}
	}
	load(t, "argo-rollouts/analysistemplate.yaml", &template)
	require.Len(t, template.Spec.Metrics, 1)
	m := template.Spec.Metrics[0]
	require.Equal(t, 10, m.Provider.Web.TimeoutSeconds, "longer than it lets the daemon wait")
	require.Contains(t, m.Provider.Web.URL, "wait=5s")
	waits := slices.Repeat([]string{"wait"}, m.InconclusiveLimit)
	require.Equal(t, "", m.after(waits...))
	require.Equal(t, "Inconclusive", m.after(append(waits, "wait")...))
	require.Equal(t, "Successful", m.after(append(waits, "proceed")...))
	require.Equal(t, "Failed", m.after("wait", "stop"))
	require.Equal(t, "Successful", m.after("error", "wait", "error", "proceed"))
	require.Equal(t, "Error", m.after(slices.Repeat([]string{"error"}, m.ConsecutiveErrorLimit+1)...))
}

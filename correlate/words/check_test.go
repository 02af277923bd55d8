package words_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/gate"
	"github.com/shipwake/shipwake/correlate/words"
)

func TestHowACheckStandsIsSaidInALine(t *testing.T) {
	run := func(result correlate.CheckResult, n correlate.CheckCounts) *correlate.Check {
		return &correlate.Check{Name: "smoke", Result: result, At: ten(4), Counts: n}
	}
	for name, c := range map[string]struct {
		state correlate.CheckState
		want  string
	}{
		"required, and not there":    {correlate.CheckState{Name: "smoke", Required: true}, "smoke (required): has not come"},
		"failed":                     {correlate.CheckState{Name: "smoke", Run: run("failed", correlate.CheckCounts{Total: 12, Failed: 1})}, "smoke: 1 of 12 failed, at "},
		"failed, and nobody counted": {correlate.CheckState{Name: "smoke", Run: run("failed", correlate.CheckCounts{})}, "smoke: failed, at "},
		"passed, run again":          {correlate.CheckState{Name: "smoke", Runs: 2, Run: run("passed", correlate.CheckCounts{Total: 5, Skipped: 1, Flaky: 1})}, "smoke: passed, 4 of 5 ran, 1 flaky, at "},
	} {
		t.Run(name, func(t *testing.T) { require.Contains(t, words.Check(c.state), c.want) })
	}
}

func TestTheGateNamesTheChecksInItsReason(t *testing.T) {
	c := correlate.ChangeRecord{
		Change: correlate.Change{Service: "checkout", Version: "v2"}, RequiredChecks: []string{"load", "smoke"},
		Checks: []correlate.Check{{Name: "smoke", Result: correlate.CheckFailed, At: ten(4)}},
	}
	require.Equal(t, "checkout v2 is observed, and there is no answer yet; required checks that have not come: load",
		words.Gate(gate.Answer{Why: gate.Observing}, &c, ""))
	c.Verdict = &correlate.Verdict{Outcome: correlate.Regressed, Reason: correlate.ReasonCheckFailed}
	require.Equal(t, "checkout v2 regressed: a required check failed (smoke)", words.Gate(gate.Answer{Why: gate.Regressed}, &c, ""))
}

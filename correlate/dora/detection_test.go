package dora_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
)

// found is a conviction at some minute.
func found(minute int) edit {
	return func(c *correlate.ChangeRecord) {
		judged(correlate.Regressed)(c)
		detected := at(minute)
		c.Verdict.DetectedAt = &detected
	}
}

func TestDetection(t *testing.T) {
	taken := change("taken", at(0))
	back := rollbackOf(&taken, "back", at(30)) // begun five minutes before
	fixed := change("fixed", at(0))
	hotfix := change("hotfix", at(60), func(c *correlate.ChangeRecord) { c.Labels = map[string]string{dora.LabelClass: dora.ClassHotfix} })
	const none = -1
	for name, c := range map[string]struct {
		changes         records
		incidents       []correlate.IncidentRecord
		delay, recovery float64 // in minutes
		escaped         [2]int
	}{
		"nothing failed": {records{change("a", at(0))}, nil, none, none, [2]int{}},
		"telemetry found it, and saw it recover": {
			records{change("a", at(0), found(4), func(c *correlate.ChangeRecord) { c.RecoveredAt = at(24) })}, nil, 4, 20, [2]int{0, 1},
		},
		"telemetry found it while it was rolled out": {
			records{change("a", at(0), found(-2), func(c *correlate.ChangeRecord) { c.RecoveredAt = at(3) })}, nil, 0, 5, [2]int{0, 1},
		},
		"people opened an incident first": {
			records{change("a", at(0), found(9))}, []correlate.IncidentRecord{incident("i", at(6), time.Time{}, "a")}, 6, none, [2]int{1, 1},
		},
		"people opened an incident after telemetry had found it": {
			records{change("a", at(0), found(4))}, []correlate.IncidentRecord{incident("i", at(6), at(66), "a")}, 4, 62, [2]int{0, 1},
		},
		"at one instant it was telemetry": {
			records{change("a", at(0), found(4))}, []correlate.IncidentRecord{incident("i", at(4), time.Time{}, "a")}, 4, none, [2]int{0, 1},
		},
		"the first of two incidents": {
			records{change("a", at(0))}, []correlate.IncidentRecord{incident("i", at(8), at(20), "a"), incident("j", at(3), at(18), "a")}, 3, 17, [2]int{1, 1},
		},
		"who takes it back has noticed":                       {records{taken, back}, nil, 25, 5, [2]int{1, 1}},
		"so has who repairs it":                               {records{fixed, hotfix}, nil, 55, 5, [2]int{1, 1}},
		"an incident from before the rollout noticed nothing": {records{change("a", at(0))}, []correlate.IncidentRecord{incident("i", at(-9), time.Time{}, "a")}, none, none, [2]int{}},
		"a conviction of which nobody told when":              {records{change("a", at(0), judged(correlate.Regressed))}, nil, none, none, [2]int{}},
		"history had no telemetry to escape": {
			records{change("a", at(0), unjudged)}, []correlate.IncidentRecord{incident("i", at(2), at(10), "a")}, 2, 8, [2]int{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := compute(c.changes, c.incidents...)
			require.Equal(t, c.delay, minutes(n.DetectionDelay), "delay")
			require.Equal(t, c.recovery, minutes(n.DetectionRecovery), "recovery")
			if c.escaped == [2]int{} {
				require.Nil(t, n.DefectEscapeRate)
				return
			}
			require.Equal(t, c.escaped, [2]int{n.DefectEscapeRate.Numerator, n.DefectEscapeRate.Denominator})
		})
	}
}

// minutes is the median, -1 without data.
func minutes(d *dora.Duration) float64 {
	if d == nil {
		return -1
	}
	return d.Median / 60
}

func TestQueueTime(t *testing.T) {
	approved := func(text string) edit {
		return func(c *correlate.ChangeRecord) { c.Labels = map[string]string{dora.LabelApproved: text} }
	}
	for name, c := range map[string]struct {
		change correlate.ChangeRecord
		want   float64 // in minutes
	}{
		"from the approval to the beginning":   {change("a", at(5), approved("2026-03-01T09:00:00Z")), 60},
		"in another zone":                      {change("a", at(5), approved("2026-03-01T10:00:00+01:00")), 60},
		"nobody told of an approval":           {change("a", at(5)), -1},
		"no time":                              {change("a", at(5), approved("yes")), -1},
		"approved after it had begun":          {change("a", at(5), approved("2026-03-01T10:00:01Z")), -1},
		"a rollout that never reached anybody": {change("a", at(5), approved("2026-03-01T09:00:00Z"), ended(correlate.StatusFailed)), -1},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, minutes(compute(records{c.change}).QueueTime)) })
	}
}

func TestRatesOfRollouts(t *testing.T) {
	bad := change("bad", at(0))
	back := rollbackOf(&bad, "back", at(30))
	n := compute(records{
		bad, back, change("good", at(60)), change("again", at(70), redeploy), change("open", at(80), observing),
		change("broken", at(90), ended(correlate.StatusFailed)),
	})
	require.Equal(t, 4, n.Deployments)
	require.Equal(t, [2]int{1, 3}, [2]int{n.SuccessRate.Numerator, n.SuccessRate.Denominator}, "good, of good, bad and broken")
	require.Equal(t, [2]int{1, 6}, [2]int{n.FailedRolloutRate.Numerator, n.FailedRolloutRate.Denominator})
	require.Equal(t, [2]int{1, 4}, [2]int{n.RollbackRate.Numerator, n.RollbackRate.Denominator})
	require.Equal(t, 0.0333333, *n.RollbacksPerDay)

	none := compute(nil)
	require.Nil(t, none.SuccessRate)
	require.Nil(t, none.FailedRolloutRate)
	require.Nil(t, none.RollbackRate)
	require.Nil(t, none.RollbacksPerDay)
	only := compute(records{change("broken", at(90), ended(correlate.StatusFailed))})
	require.Equal(t, [2]int{0, 1}, [2]int{only.SuccessRate.Numerator, only.SuccessRate.Denominator}, "nothing succeeded")
	require.Nil(t, only.ChangeFailRate, "and nothing reached users")
}

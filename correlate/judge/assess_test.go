package judge

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/drawn"
)

func TestAssess(t *testing.T) {
	type want struct {
		outcome correlate.Outcome
		reason  correlate.Reason
		grade   correlate.Grade
		within  int64 // seconds until it is first regressed, at most
	}
	for name, tc := range map[string]struct {
		of   func(*sim) Case
		want want
	}{
		"a canary like the old version is healthy": {
			func(s *sim) Case { return s.canary(3600, 0.2, 1, 1) },
			want{correlate.Healthy, correlate.ReasonWithinMargin, correlate.GradeA, 0},
		},
		"a canary without a single error on either side is healthy": {
			func(s *sim) Case { s.Errors = 0; return s.canary(3600, 0.2, 1, 1) },
			want{correlate.Healthy, correlate.ReasonWithinMargin, correlate.GradeA, 0},
		},
		"a healthy canary can't be told before the shortest observation": {
			func(s *sim) Case { return s.canary(600, 0.5, 1, 1) },
			want{correlate.Inconclusive, correlate.ReasonUnderpowered, correlate.GradeA, 0},
		},
		"a canary with three times the errors is regressed": {
			func(s *sim) Case { return s.canary(3600, 0.5, 3, 1) },
			want{correlate.Regressed, correlate.ReasonErrorRatio, correlate.GradeA, 900},
		},
		"a canary with ten times the errors is regressed in minutes": {
			func(s *sim) Case { return s.canary(3600, 0.2, 10, 1) },
			want{correlate.Regressed, correlate.ReasonErrorRatio, correlate.GradeA, 240},
		},
		"a canary half as slow again is regressed by its latency": {
			func(s *sim) Case { return s.canary(3600, 0.2, 1, 1.5) },
			want{correlate.Regressed, correlate.ReasonLatency, correlate.GradeA, 300},
		},
		"a canary a twentieth slower is healthy": {
			func(s *sim) Case { return s.canary(3600, 0.2, 1, 1.05) },
			want{correlate.Healthy, correlate.ReasonWithinMargin, correlate.GradeA, 0},
		},
		"a canary an eighth slower is not regressed, and close enough to the margin not to be healthy": {
			func(s *sim) Case { s.RPS = 2; return s.canary(3600, 0.5, 1, 1.125) },
			want{correlate.Inconclusive, correlate.ReasonUnderpowered, correlate.GradeA, 0},
		},
		"an outage that both versions share is nobody's regression": {
			func(s *sim) Case {
				s.Shared = func(at int64) float64 {
					if at > drawn.Start+600 && at < drawn.Start+1200 {
						return 8
					}
					return 1
				}
				return s.canary(3600, 0.2, 1, 1)
			},
			want{outcome: correlate.Healthy, reason: correlate.ReasonWithinMargin, grade: correlate.GradeA},
		},
		"a change of everything at once can't be healthy without a history": {
			func(s *sim) Case { return s.allAtOnce(3600, 1, 1) },
			want{correlate.Inconclusive, correlate.ReasonBaselineTooShort, correlate.GradeD, 0},
		},
		"a change of everything at once is healthy when earlier days say so": {
			func(s *sim) Case { s.RPS = 8; return s.withHistory(s.allAtOnce(3600, 1, 1), 4) },
			want{correlate.Healthy, correlate.ReasonWithinMargin, correlate.GradeC, 0},
		},
		"a change of everything at once with ten times the errors is regressed": {
			func(s *sim) Case { return s.allAtOnce(3600, 10, 1) },
			want{correlate.Regressed, correlate.ReasonErrorRatio, correlate.GradeD, 240},
		},
		"a change of everything at once, half as slow again, is regressed": {
			func(s *sim) Case { return s.allAtOnce(3600, 1, 1.5) },
			want{correlate.Regressed, correlate.ReasonLatency, correlate.GradeD, 300},
		},
		"errors that became fewer are no regression": {
			func(s *sim) Case { return s.canary(3600, 0.2, 0.1, 1) },
			want{correlate.Healthy, correlate.ReasonWithinMargin, correlate.GradeA, 0},
		},
		"two requests a minute say nothing": {
			func(s *sim) Case { s.RPS = 0.03; return s.canary(1800, 0.2, 1, 1) },
			want{correlate.Inconclusive, correlate.ReasonUnderpowered, correlate.GradeA, 0},
		},
	} {
		t.Run(name, func(t *testing.T) {
			first, a := firstRegressed(DefaultParams(), tc.of(newSim(7)), 30)
			require.Equal(t, tc.want.outcome, a.Outcome, "%+v", a)
			require.Equal(t, tc.want.reason, a.Reason, "%+v", a)
			require.Equal(t, tc.want.grade, a.Grade, "%+v", a)
			require.LessOrEqual(t, first, tc.want.within)
			if tc.want.outcome == correlate.Regressed {
				require.InDelta(t, drawn.Start+60, a.Onset, 120, "onset")
			}
		})
	}
}

func TestSilenceIsNeitherHealthyNorRegressed(t *testing.T) {
	s := newSim(1)
	before := s.Cells(drawn.Start-3600, drawn.Start, 1, 1, 1)
	for name, streams := range map[string][]Stream{
		"nothing was ever heard":             nil,
		"nothing was heard since the change": {{Kind: correlate.Traffic, Whole: before}},
	} {
		t.Run(name, func(t *testing.T) {
			a := Assess(DefaultParams(), Case{Resolution: 10, Coarse: 300, Now: drawn.Start + 3600, Start: drawn.Start, Finish: drawn.Start, Streams: streams})
			require.Equal(t, correlate.Inconclusive, a.Outcome)
			require.Equal(t, correlate.ReasonNoTelemetry, a.Reason)
			require.Zero(t, a.SmallestVisible)
		})
	}
}

func TestACatastropheIsNotWaitedOut(t *testing.T) {
	c := newSim(3).canary(40, 0.5, 100, 1)
	a := Assess(DefaultParams(), c)
	require.Equal(t, correlate.Regressed, a.Outcome)
	require.Less(t, c.Now, c.Start+DefaultParams().Grace)
}

func TestABlipIsTransient(t *testing.T) {
	s := newSim(5)
	c := s.allAtOnce(900, 1, 1)
	for i := range c.Streams[0].Whole {
		cell := &c.Streams[0].Whole[i]
		if at := cell.Start - drawn.Start; at >= 120 && at < 180 {
			cell.Errors = cell.Requests
		}
	}
	a := Assess(DefaultParams(), c)
	require.Equal(t, correlate.Inconclusive, a.Outcome)
	require.Equal(t, correlate.ReasonTransient, a.Reason)
}

func TestARecoveryIsDated(t *testing.T) {
	s := newSim(6)
	c := s.allAtOnce(1500, 1, 1)
	for i := range c.Streams[0].Whole {
		cell := &c.Streams[0].Whole[i]
		if at := cell.Start - drawn.Start; at >= 120 && at < 900 {
			cell.Errors = cell.Requests / 5
		}
	}
	a := Assess(DefaultParams(), c)
	require.Equal(t, correlate.Regressed, a.Outcome)
	require.Equal(t, drawn.Start+120, a.Onset)
	require.InDelta(t, drawn.Start+890, a.Recovered, 10)
	require.Zero(t, Assess(DefaultParams(), upTo(c, drawn.Start+900)).Recovered)
}

func TestLateFaultsAreNotDrownedInCleanTime(t *testing.T) {
	s := newSim(8)
	c := s.canary(3600, 0.5, 1, 1)
	late := s.canary(3600, 0.5, 10, 1)
	half := len(c.Streams[0].New) / 2
	copy(c.Streams[0].New[half:], late.Streams[0].New[half:])
	c.Streams[0].Whole = append(c.Streams[0].Whole[:360], added(c.Streams[0].New, c.Streams[0].Old)...)
	first, a := firstRegressed(DefaultParams(), c, 30)
	require.Equal(t, correlate.Regressed, a.Outcome)
	require.InDelta(t, 1800, first, 240)
	require.InDelta(t, drawn.Start+1800, a.Onset, 60)
}

func TestEverythingScalesWithTheResolution(t *testing.T) {
	p := DefaultParams().Scale(1)
	require.Equal(t, int64(6), p.Grace)
	require.Equal(t, int64(90), p.MinHealthy)
	s := newSim(9)
	s.Resolution, s.RPS = 1, 200
	bad := s.canary(120, 0.5, 10, 1)
	bad.Finish = drawn.Start + 6
	first, a := firstRegressed(p, bad, 1)
	require.Equal(t, correlate.Regressed, a.Outcome)
	require.Less(t, first, int64(20))
	good := s.canary(200, 0.5, 1, 1)
	good.Finish = drawn.Start + 6
	require.Equal(t, correlate.Healthy, Assess(p, good).Outcome)
}

func TestSparseReportersAreComparedByTheMinute(t *testing.T) {
	s := newSim(10)
	minute := func(cells []correlate.Cell, offset int64) (out []correlate.Cell) {
		for i := 0; i+6 <= len(cells); i += 6 {
			c := cells[i]
			for _, o := range cells[i+1 : i+6] {
				c.Merge(o)
			}
			c.Start += offset
			out = append(out, c)
		}
		return out
	}
	c := s.canary(3600, 0.5, 10, 1)
	c.Streams[0].New, c.Streams[0].Old = minute(c.Streams[0].New, 20), minute(c.Streams[0].Old, 50)
	a := Assess(DefaultParams(), c)
	require.Equal(t, correlate.Regressed, a.Outcome)
	require.Equal(t, correlate.GradeA, a.Grade)
}

func TestEvidenceCanBeChecked(t *testing.T) {
	a := Assess(DefaultParams(), newSim(11).canary(1800, 0.5, 5, 1))
	e := a.Evidence[0]
	require.Equal(t, "error_ratio", e.Signal)
	require.InDelta(t, 0.005, e.Baseline, 0.002)
	require.InDelta(t, 0.025, e.Observed, 0.005)
	require.InDelta(t, e.Observed/e.Baseline, e.Ratio, 0.001)
	require.Less(t, e.Interval[0], 5.0)
	require.Greater(t, e.Interval[1], 5.0)
	require.Greater(t, e.Interval[0], 1.25)
	require.Greater(t, e.EValue, 100.0)
	require.InDelta(t, float64(e.Events)/float64(e.N), e.Observed, 1e-6)
	require.Greater(t, a.Contrast, 4.6)
	for _, other := range a.Evidence[1:] {
		require.Less(t, other.EValue, e.EValue)
	}
}

func TestNothingWarmsUpWhereInstancesKeepRunning(t *testing.T) {
	c := newSim(3).canary(50, 0.5, 30, 1)
	require.Less(t, c.Now, c.Start+DefaultParams().Grace)
	require.Equal(t, correlate.Inconclusive, Assess(DefaultParams(), c).Outcome, "what is new may have to warm up")
	c.AtOnce = true
	a := Assess(DefaultParams(), c)
	require.Equal(t, correlate.Regressed, a.Outcome)
	require.Equal(t, correlate.ReasonErrorRatio, a.Reason)
}

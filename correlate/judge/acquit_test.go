package judge

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
	"github.com/shipwake/shipwake/internal/drawn"
)

// TestAProofStands: a change that was once proven harmless stays so until something speaks against it.
func TestAProofStands(t *testing.T) {
	p := DefaultParams()
	late := func(s *sim, errors float64) Case {
		s.RPS, s.Burst = 16, 2
		c := s.withHistory(s.allAtOnce(5400, 1, 1), 4)
		of := &c.Streams[0]
		of.Whole = append(evalue.CellsIn(of.Whole, evalue.Span{From: 0, To: drawn.Start + 3600}), s.Cells(drawn.Start+3600, drawn.Start+5400, 1, errors, 1)...)
		return c
	}
	for name, tc := range map[string]struct {
		errors float64 // of the last half hour
		last   correlate.Outcome
	}{
		"nothing happens later":                    {1, correlate.Healthy},
		"errors become five times as many later":   {5, correlate.Regressed},
		"errors become half as many again by then": {1.5, ""}, // either, but never back and forth
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(6) {
				c := late(newSim(40+seed), tc.errors)
				var m Memory
				was, turned := false, 0
				var a Assessment
				for now := drawn.Start + 900; now <= c.Now; now += 300 {
					seen := upTo(c, now)
					a = m.Assess(&p, &seen)
					require.Equal(t, Assess(p, seen), a, "it is a function of the cells")
					if is := a.Outcome == correlate.Healthy; is != was {
						was, turned = is, turned+1
					}
				}
				require.LessOrEqual(t, turned, 2, "seed %d", seed)
				if tc.last != "" {
					require.Equal(t, tc.last, a.Outcome, "seed %d", seed)
				}
			}
		})
	}
}

// TestWhatMayBeAFaultIsNotHealthy: twice as many of few errors are less than half a percent more, and yet no way to be
// harmless.
func TestWhatMayBeAFaultIsNotHealthy(t *testing.T) {
	for name, tc := range map[string]struct {
		errors float64
		want   bool
	}{
		"as many errors as before": {1, true},
		"twice as many":            {2, false},
		"four times as many":       {4, false},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(4) {
				s := newSim(60 + seed)
				s.RPS, s.Errors = 30, 0.002
				a := Assess(DefaultParams(), s.canary(3600, 0.5, tc.errors, 1))
				require.Equal(t, tc.want, a.Outcome == correlate.Healthy, "seed %d: %+v", seed, a)
			}
		})
	}
}

// TestWhatStraysInTheEndIsNotHealthy: a service whose requests look right isn't healthy while one of its values drifts away.
func TestWhatStraysInTheEndIsNotHealthy(t *testing.T) {
	const seconds = 5400
	for name, tc := range map[string]struct {
		add  func(at int64) float64
		want bool
	}{
		"the value stays":                    {within(0, 0, 0), true},
		"it drifts away by a third":          {func(at int64) float64 { return -40 * max(0, float64(at-drawn.Start)/seconds) }, false},
		"it has been off since half an hour": {within(3600, seconds, -30), false},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(3) {
				s := newSim(80 + seed)
				s.RPS, s.Errors = 30, 0.002
				c := s.canary(seconds, 0.5, 1, 1)
				c.Streams = append(c.Streams, s.business(8, seconds, tc.add).Streams...)
				require.Equal(t, tc.want, Assess(DefaultParams(), c).Outcome == correlate.Healthy, "seed %d", seed)
			}
		})
	}
}

func TestLostTrafficIsNotHealthy(t *testing.T) {
	for name, tc := range map[string]struct {
		arrive float64 // share of the requests
		days   int64
		want   correlate.Outcome
	}{
		"all requests arrive":               {1, 4, correlate.Healthy},
		"a tenth is lost":                   {0.9, 4, correlate.Healthy},
		"more than half is lost":            {0.45, 4, correlate.Regressed},
		"four fifths are lost":              {0.2, 4, correlate.Regressed},
		"four fifths are lost, of few days": {0.2, 0, correlate.Regressed},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(80)
			s.RPS = 8
			c := s.allAtOnce(3600, 1, 1)
			of := &c.Streams[0]
			of.Whole = append(evalue.CellsIn(of.Whole, evalue.Span{From: 0, To: drawn.Start}), s.Cells(drawn.Start, drawn.Start+3600, tc.arrive, 1, 1)...)
			if tc.days > 0 {
				c = s.withHistory(c, tc.days)
			}
			require.Equal(t, tc.want, Assess(DefaultParams(), c).Outcome)
		})
	}
}

// TestSilenceWhileOthersAreHeard: whether silence is a loss of requests or of telemetry, others tell.
func TestSilenceWhileOthersAreHeard(t *testing.T) {
	s := newSim(90)
	before := s.Cells(drawn.Start-3600, drawn.Start, 1, 1, 1)
	calls := func(part, errors float64) []Stream {
		return []Stream{
			{Kind: correlate.Traffic, Whole: before},
			{Kind: correlate.Edge, Whole: append(append([]correlate.Cell(nil), before...), s.Cells(drawn.Start, drawn.Start+900, part, errors, 1)...)},
		}
	}
	for name, tc := range map[string]struct {
		streams []Stream
		heard   int64
		want    correlate.Outcome
	}{
		"it is unknown when others were heard": {[]Stream{{Kind: correlate.Traffic, Whole: before}}, 0, correlate.Inconclusive},
		"nobody is heard any more":             {[]Stream{{Kind: correlate.Traffic, Whole: before}}, drawn.Start, correlate.Inconclusive},
		"others are heard":                     {[]Stream{{Kind: correlate.Traffic, Whole: before}}, drawn.Start + 890, correlate.Regressed},
		"callers still get their answers":      {calls(1, 1), drawn.Start + 890, correlate.Inconclusive},
		"callers get nothing but errors":       {calls(1, 1000), drawn.Start + 890, correlate.Regressed},
		"hardly anybody calls any more":        {calls(0.1, 1), drawn.Start + 890, correlate.Regressed},
	} {
		t.Run(name, func(t *testing.T) {
			a := Assess(DefaultParams(), Case{
				Resolution: 10, Coarse: 300, Now: drawn.Start + 900, Start: drawn.Start, Finish: drawn.Start, Streams: tc.streams, Heard: tc.heard,
			})
			require.Equal(t, tc.want, a.Outcome, "%+v", a)
		})
	}
}

// TestHowMuchWorseAtMostIsAlwaysSaid: also of what is not acquitted, and above the estimate.
func TestHowMuchWorseAtMostIsAlwaysSaid(t *testing.T) {
	for name, tc := range map[string]struct {
		c       Case
		outcome correlate.Outcome
	}{
		"healthy":      {newSim(3).canary(2400, 0.4, 1, 1), correlate.Healthy},
		"regressed":    {newSim(3).canary(2400, 0.4, 5, 2), correlate.Regressed},
		"inconclusive": {newSim(3).canary(400, 0.1, 1, 1), correlate.Inconclusive},
		"a KPI":        {newSim(3).business(4, 5400, within(0, 0, 0)), correlate.Healthy},
	} {
		t.Run(name, func(t *testing.T) {
			a := Assess(DefaultParams(), tc.c)
			require.Equal(t, tc.outcome, a.Outcome)
			said := 0
			for _, e := range a.Evidence {
				if e.AtMost.Level == 0 {
					continue
				}
				said++
				require.GreaterOrEqual(t, e.AtMost.Level, 0.95)
				if e.AtMost.Ratio > 0 && a.Onset == 0 {
					require.GreaterOrEqual(t, e.AtMost.Ratio, e.Ratio)
				}
				if d := e.AtMost.Difference; d != 0 && a.Onset == 0 {
					require.GreaterOrEqual(t, d, e.Observed-e.Baseline)
				}
			}
			require.Positive(t, said, "%+v", a.Evidence)
		})
	}
}

package judge

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/drawn"
)

// calls has the service of a case make so many calls of stock a request since the change, and usual before.
func (s *sim) calls(c Case, usual, since float64) Case {
	of := Calls{Peer: "stock"}
	draw := func(cells []correlate.Cell) (calls []correlate.Cell) {
		for _, served := range cells {
			a := usual
			if served.Start >= drawn.Start {
				a = since
			}
			calls = append(calls, correlate.Cell{Start: served.Start, Requests: s.Poisson(a * float64(served.Requests))})
		}
		return calls
	}
	of.Whole, of.History = draw(c.Streams[0].Whole), draw(c.Streams[0].History)
	c.Calls = func() []Calls { return []Calls{of} }
	return c
}

func TestCallsPerRequest(t *testing.T) {
	for name, tc := range map[string]struct {
		usual, since float64
		shown, bars  bool
	}{
		"as many as before":       {1, 1, false, false},
		"three times as many":     {1, 3, true, true},
		"also where few call":     {0.1, 0.3, true, true},
		"a few more":              {1, 1.2, false, false},
		"half as many":            {1, 0.5, true, false},
		"hardly any":              {1, 0.05, true, true},
		"a callee that is new":    {0, 2, false, false},
		"and one that is dropped": {2, 0, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(7)
			a := Assess(DefaultParams(), s.calls(s.withHistory(s.allAtOnce(1800, 1, 1), 3), tc.usual, tc.since))
			require.NotEqual(t, correlate.Regressed, a.Outcome, "more calls convict nobody")
			require.Equal(t, tc.bars, a.Outcome != correlate.Healthy, "%+v", a)
			shown := false
			for _, e := range a.Evidence {
				if e.Signal == "calls of stock" {
					shown = true
					require.InDelta(t, tc.since/tc.usual, e.Ratio, 0.2*tc.since/tc.usual+0.01)
					require.InDelta(t, tc.usual, e.Baseline, 0.1*tc.usual)
				}
			}
			require.Equal(t, tc.shown, shown)
		})
	}
}

func TestOfACanaryOnlyTheNewVersionCallsMore(t *testing.T) {
	s := newSim(8)
	c := s.canary(1800, 0.2, 1, 1)
	a := Assess(DefaultParams(), s.calls(c, 1, 1+0.2*2)) // three calls for each request of the new version
	require.NotEqual(t, correlate.Healthy, a.Outcome)
	for _, e := range a.Evidence {
		if e.Signal == "calls of stock" {
			require.InDelta(t, 3, e.Ratio, 0.3)
			return
		}
	}
	require.Fail(t, "it isn't shown")
}

func TestCallsThatSwingByThemselvesDontBar(t *testing.T) {
	s := newSim(9)
	c := s.withHistory(s.allAtOnce(1800, 1, 1), 3)
	c = s.calls(c, 1, 2)
	all := c.Calls()
	for i := range all[0].History {
		if h := &all[0].History[i]; h.Start%86400 < 3600 {
			h.Requests *= 3 // an hour of every day
		}
	}
	require.Equal(t, correlate.Healthy, Assess(DefaultParams(), c).Outcome)
}

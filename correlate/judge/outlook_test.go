package judge

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/drawn"
)

func waitsOf(c Case) (Assessment, map[correlate.WaitFor][]correlate.Wait) {
	p := DefaultParams()
	a, waits := new(Memory).Outlook(&p, &c)
	by := map[correlate.WaitFor][]correlate.Wait{}
	for _, w := range waits {
		by[w.For] = append(by[w.For], w)
	}
	return a, by
}

func TestAnOutlookSaysWhatAnAcquittalStillTakes(t *testing.T) {
	little := newSim(1)
	little.RPS = 4
	early := upTo(little.canary(1800, 0.5, 1, 1), drawn.Start+300)
	unfinished := upTo(little.canary(1800, 0.1, 1, 1), drawn.Start+1200)
	unfinished.Finish = 0
	for name, c := range map[string]struct {
		of   Case
		want []correlate.WaitFor
		not  []correlate.WaitFor
	}{
		"five minutes with few requests beside the old version": {early, []correlate.WaitFor{correlate.WaitTime, correlate.WaitRequests}, []correlate.WaitFor{correlate.WaitBaseline, correlate.WaitRollout}},
		"a rollout that goes on":                                {unfinished, []correlate.WaitFor{correlate.WaitRollout}, []correlate.WaitFor{correlate.WaitTime}},
		"the time before and nothing else":                      {newSim(1).allAtOnce(1800, 1, 1), []correlate.WaitFor{correlate.WaitBaseline}, []correlate.WaitFor{correlate.WaitTime, correlate.WaitRequests}},
		"a rise that isn't proven":                              {newSim(1).canary(1800, 0.05, 2, 1), []correlate.WaitFor{correlate.WaitMargin}, []correlate.WaitFor{correlate.WaitTime}},
		"nothing at all":                                        {Case{Resolution: 10, Coarse: 300, Now: drawn.Start + 60, Start: drawn.Start}, []correlate.WaitFor{correlate.WaitTelemetry}, []correlate.WaitFor{correlate.WaitTime}},
	} {
		t.Run(name, func(t *testing.T) {
			a, by := waitsOf(c.of)
			require.Equal(t, correlate.Inconclusive, a.Outcome)
			for _, w := range c.want {
				require.Contains(t, by, w)
			}
			for _, w := range c.not {
				require.NotContains(t, by, w)
			}
		})
	}
	_, by := waitsOf(early)
	require.Equal(t, time.Unix(drawn.Start+900, 0).UTC(), *by[correlate.WaitTime][0].Until)
}

// TestAnOutlookTakesNothingWhereAnAnswerIs: a change that is healthy or regressed waits for nothing, whatever was drawn, and
// one that waits for nothing but time and requests gives its number of requests and an instant to come.
func TestAnOutlookTakesNothingWhereAnAnswerIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newSim(rapid.Uint64().Draw(t, "seed"))
		s.RPS = rapid.Float64Range(1, 30).Draw(t, "rps")
		c := s.canary(1800, rapid.Float64Range(0.05, 0.6).Draw(t, "part"), rapid.Float64Range(0.5, 4).Draw(t, "errors"), rapid.Float64Range(0.8, 2).Draw(t, "slower"))
		c = upTo(c, drawn.Start+rapid.Int64Range(6, 180).Draw(t, "cells")*c.Resolution)
		p := DefaultParams()
		a, waits := new(Memory).Outlook(&p, &c)
		require.Equal(t, Assess(p, c).Outcome, a.Outcome)
		if a.Outcome != correlate.Inconclusive {
			require.Empty(t, waits)
		}
		for _, w := range waits {
			require.Contains(t, correlate.WaitFors(), w.For)
			require.Equal(t, w.For == correlate.WaitRequests, w.Requests > 0)
			if w.Until != nil {
				require.Greater(t, w.Until.Unix(), c.Now)
			}
		}
	})
}

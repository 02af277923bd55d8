package expect

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate/guard"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
	"github.com/shipwake/shipwake/internal/drawn"
)

// theHourBefore is that before the change that a history is asked about.
var theHourBefore = evalue.Span{From: drawn.Start - 3600, To: drawn.Start}

// troubled is a history of some days with a mean of so many events in a cell of five minutes, and trouble in some spans.
func troubled(seed uint64, days int64, mean, times float64, trouble ...evalue.Span) (history []evalue.Tally) {
	s := drawn.New(seed)
	for at := drawn.Start - 3600 - days*86400; at < drawn.Start-3600; at += 300 {
		rate := mean
		for _, in := range trouble {
			if at >= in.From && at < in.To {
				rate *= times
			}
		}
		history = append(history, evalue.Tally{At: at, Events: s.Poisson(rate), Exposure: int64(100 * mean)})
	}
	return history
}

// ago is half an hour, so many hours before the change.
func ago(hours int64) evalue.Span {
	return evalue.Span{From: drawn.Start - hours*3600, To: drawn.Start - hours*3600 + 1800}
}

func TestTheOneOldIncidentIsLeftOut(t *testing.T) {
	p := Default()
	for name, tc := range map[string]struct {
		times   float64
		trouble []evalue.Span
		left    bool // out
	}{
		"nothing happened":                         {1, nil, false},
		"half an hour two days ago":                {10, []evalue.Span{ago(54)}, true},
		"a small rise is nothing":                  {1.3, []evalue.Span{ago(54)}, false},
		"two of them are usual":                    {10, []evalue.Span{ago(54), ago(30)}, false},
		"what takes half a day is usual":           {10, []evalue.Span{{From: ago(60).From, To: ago(48).From}}, false},
		"at that time of day it may come again":    {10, []evalue.Span{ago(48)}, false},
		"and so may what came a little later":      {10, []evalue.Span{ago(22)}, false},
		"on a day that isn't asked it may be left": {10, []evalue.Span{ago(96)}, true},
	} {
		t.Run(name, func(t *testing.T) {
			history := troubled(1, 5, 20, tc.times, tc.trouble...)
			usual := WithoutIncident(history, 300, theHourBefore, &p)
			if !tc.left {
				require.Equal(t, history, usual)
				return
			}
			require.Len(t, usual, len(history)-6)
			for _, o := range usual {
				require.False(t, o.At >= tc.trouble[0].From && o.At < tc.trouble[0].To)
			}
			p := p
			p.Guards = guard.Without(guardOldIncident)
			require.Equal(t, history, WithoutIncident(history, 300, theHourBefore, &p))
		})
	}
}

// What is expected of an hour is as certain as without the incident: by far more certain than with it.
func TestAnOldIncidentDoesNotWidenWhatIsExpected(t *testing.T) {
	p := Default()
	after := evalue.Span{From: drawn.Start, To: drawn.Start + 1800}
	for seed := range uint64(10) {
		phi := func(history []evalue.Tally) float64 {
			y, ok := SeasonsOf(history, 300, theHourBefore, &p).At(after, &p)
			require.True(t, ok)
			return y.Phi
		}
		quiet, incident := troubled(seed, 4, 20, 1), troubled(seed, 4, 20, 10, ago(54))
		require.InDelta(t, phi(quiet), phi(WithoutIncident(incident, 300, theHourBefore, &p)), 0.5)
		require.Greater(t, phi(incident), 5*phi(quiet))
	}
}

// Whatever the history: what is left out is one stretch of a tenth of it at most, and the rest is as it was.
func TestWhatIsLeftOutIsOneShortStretch(t *testing.T) {
	p := Default()
	rapid.Check(t, func(t *rapid.T) {
		history := troubled(rapid.Uint64Range(0, 1000).Draw(t, "seed"), 3, rapid.Float64Range(0.1, 50).Draw(t, "mean"),
			rapid.Float64Range(0, 20).Draw(t, "times"), ago(rapid.Int64Range(5, 72).Draw(t, "hours")), ago(rapid.Int64Range(5, 72).Draw(t, "others")))
		before := append([]evalue.Tally(nil), history...)
		usual := WithoutIncident(history, 300, theHourBefore, &p)
		require.Equal(t, before, history, "it isn't touched")
		at := 0
		for at < len(usual) && usual[at] == history[at] {
			at++
		}
		require.Equal(t, history[at+len(history)-len(usual):], usual[at:])
		require.LessOrEqual(t, 10*(len(history)-len(usual)), len(history))
		require.Equal(t, history[0], usual[0], "it is as long")
	})
}

package expect

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate/judge/evalue"
	"github.com/shipwake/shipwake/internal/drawn"
)

func TestSeason(t *testing.T) {
	p := Default()
	var history []evalue.Tally
	for at := drawn.Start - 4*86400; at < drawn.Start-3600; at += 300 {
		errors := int64(30)
		if hour := evalue.Mod(at-drawn.Start, 86400); hour < 3600 {
			errors = 60 // every day at this hour there are twice as many
		}
		history = append(history, evalue.Tally{At: at, Events: errors, Exposure: 3000})
	}
	s, ok := SeasonsOf(history, 300, evalue.Span{From: drawn.Start - 3600, To: drawn.Start}, &p).At(evalue.Span{From: drawn.Start, To: drawn.Start + 1800}, &p)
	require.True(t, ok)
	require.InDelta(t, 2, s.Factor, 0.05)
	require.GreaterOrEqual(t, s.Phi, 1.0)

	require.Nil(t, SeasonsOf(evalue.Since(history, drawn.Start-80000), 300, evalue.Span{From: drawn.Start - 3600, To: drawn.Start}, &p), "less than a day")
}

func TestASeasonStaysKnownAsTimeGoesOn(t *testing.T) {
	p := Default()
	for name, tc := range map[string]struct {
		hours int64 // of history
		after int64 // seconds
		ok    bool
	}{
		"a day tells of five minutes":          {24, 300, true},
		"a day tells of an hour as well":       {24, 3600, true},
		"a day tells of an hour and a half":    {24, 5400, true},
		"four days tell of two hours":          {96, 7200, true},
		"less than a day tells of nothing yet": {20, 300, false},
	} {
		t.Run(name, func(t *testing.T) {
			var history []evalue.Tally
			for at := drawn.Start - 3600 - tc.hours*3600; at < drawn.Start-3600; at += 300 {
				history = append(history, evalue.Tally{At: at, Events: 15 + at/300%3, Exposure: 6000})
			}
			y := SeasonsOf(history, 300, evalue.Span{From: drawn.Start - 3600, To: drawn.Start}, &p)
			ok := false
			if y != nil {
				_, ok = y.At(evalue.Span{From: drawn.Start, To: drawn.Start + tc.after}, &p)
			}
			require.Equal(t, tc.ok, ok)
		})
	}
}

func TestOverlappingWindowsAreNoMoreWitnesses(t *testing.T) {
	p := Default()
	var history []evalue.Tally
	for at := drawn.Start - 3600 - 3*86400; at < drawn.Start-3600; at += 300 {
		history = append(history, evalue.Tally{At: at, Events: 15 + at/300%3, Exposure: 6000})
	}
	s := SeasonsOf(history, 300, evalue.Span{From: drawn.Start - 3600, To: drawn.Start}, &p)
	_, df, windows := s.sums.placebos(s.before, evalue.Span{From: drawn.Start, To: drawn.Start + 3600}, p.Day)
	require.InDelta(t, 71, df, 2, "one for each hour")
	require.InDelta(t, 4*df, windows, 0.01)
	_, df, windows = s.sums.placebos(s.before, evalue.Span{From: drawn.Start, To: drawn.Start + 600}, p.Day)
	require.EqualValues(t, windows, df, "they don't overlap")
}

package judge

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSeason(t *testing.T) {
	p := expectationsByDefault()
	var history []tally
	for at := start - 4*86400; at < start-3600; at += 300 {
		errors := int64(30)
		if hour := mod(at-start, 86400); hour < 3600 {
			errors = 60 // every day at this hour there are twice as many
		}
		history = append(history, tally{at, errors, 3000})
	}
	s, ok := seasonsOf(history, 300, span{start - 3600, start}, &p).at(span{start, start + 1800}, &p)
	require.True(t, ok)
	require.InDelta(t, 2, s.factor, 0.05)
	require.GreaterOrEqual(t, s.phi, 1.0)

	require.Nil(t, seasonsOf(since(history, start-80000), 300, span{start - 3600, start}, &p), "less than a day")
}

func TestASeasonStaysKnownAsTimeGoesOn(t *testing.T) {
	p := expectationsByDefault()
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
			var history []tally
			for at := start - 3600 - tc.hours*3600; at < start-3600; at += 300 {
				history = append(history, tally{at, 15 + at/300%3, 6000})
			}
			y := seasonsOf(history, 300, span{start - 3600, start}, &p)
			ok := false
			if y != nil {
				_, ok = y.at(span{start, start + tc.after}, &p)
			}
			require.Equal(t, tc.ok, ok)
		})
	}
}

func TestOverlappingWindowsAreNoMoreWitnesses(t *testing.T) {
	p := expectationsByDefault()
	var history []tally
	for at := start - 3600 - 3*86400; at < start-3600; at += 300 {
		history = append(history, tally{at, 15 + at/300%3, 6000})
	}
	s := seasonsOf(history, 300, span{start - 3600, start}, &p)
	_, df, windows := s.sums.placebos(s.before, span{start, start + 3600}, p.Day)
	require.InDelta(t, 71, df, 2, "one for each hour")
	require.InDelta(t, 4*df, windows, 0.01)
	_, df, windows = s.sums.placebos(s.before, span{start, start + 600}, p.Day)
	require.EqualValues(t, windows, df, "they don't overlap")
}

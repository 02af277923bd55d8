package expect

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

func again(n int64, at ...int64) (cells []correlate.Cell) {
	for _, start := range at {
		cells = append(cells, correlate.Cell{Start: start, N: 4, Sum: n * correlate.Fixed})
	}
	return cells
}

func TestRestartsAreCountedByMinutes(t *testing.T) {
	require.Empty(t, RestartsOf(again(0, 0, 10, 20), 10, 60).Minutes)
	require.Equal(t, Restarts{[]int64{60, 120}, 6}, RestartsOf(again(2, 60, 110, 120), 10, 60))
	require.Equal(t, Restarts{[]int64{300, 360}, 2}, RestartsOf(again(2, 300), 300, 60), "which minutes of a wide cell isn't known")
	require.Equal(t, Restarts{[]int64{300, 360, 420, 480, 540}, 9}, RestartsOf(again(9, 300), 300, 60))
}

func TestTheMostRestartsOfAStretch(t *testing.T) {
	earlier := RestartsOf(again(1, 0, 600, 1200), 300, 60).Then(RestartsOf(again(1, 1500, 1560, 1800), 10, 60))
	require.EqualValues(t, 6, earlier.N)
	for seconds, most := range map[int64]int{60: 1, 61: 2, 600: 3, 900: 4, 10000: 6} {
		require.Equal(t, most, earlier.Most(seconds), "%d", seconds)
	}
	require.Zero(t, Restarts{}.Most(3600))
}

func TestFullness(t *testing.T) {
	filled := func(from int64, levels ...float64) (cells []correlate.Cell) {
		for i, v := range levels {
			cells = append(cells, correlate.Cell{Start: from + 60*int64(i), N: 2, Sum: int64(2 * v * correlate.Fixed)})
		}
		return cells
	}
	usual := func(level float64) []correlate.Cell {
		var levels []float64
		for i := range 30 {
			levels = append(levels, level+0.01*float64(i%3))
		}
		return filled(0, levels...)
	}
	for name, tc := range map[string]struct {
		signal          string
		history, before []correlate.Cell
		level           float64
		full            bool
	}{
		"at its limit":                                 {"memory_limit_utilization", nil, usual(0.95), 0.97, true},
		"fuller than ever":                             {"memory_limit_utilization", nil, usual(0.5), 0.6, true},
		"as full as usual":                             {"memory_limit_utilization", nil, usual(0.5), 0.51, false},
		"in bytes, fuller than ever":                   {"memory", nil, usual(500), 600, true},
		"in bytes, as full as once":                    {"memory", filled(-86400, 700), usual(500), 600, false},
		"in bytes, without a past to speak of":         {"memory", nil, filled(0, 500, 501), 600, false},
		"at its limit, without a past":                 {"memory_limit_utilization", nil, nil, 0.97, true},
		"without a past, and not at its limit":         {"memory_limit_utilization", nil, nil, 0.6, false},
		"below its limit, where it is seldom so empty": {"memory_limit_utilization", nil, usual(0.93), 0.8, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := NewFullness(tc.signal, tc.history, tc.before, filled(1800, 0.1, tc.level, 0.1))
			require.Equal(t, tc.full, f.In(1800, 3600))
			require.False(t, f.In(1920, 3600), "it emptied")
			if tc.full {
				require.EqualValues(t, 1860, f.Since(1800, 3600))
			} else {
				require.EqualValues(t, 3600, f.Since(1800, 3600))
			}
		})
	}
}

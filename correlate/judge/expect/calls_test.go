package expect

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
	"github.com/shipwake/shipwake/internal/drawn"
)

func TestTheSumOfCallsIsThatOfTheirWindows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) (cells []correlate.Cell) {
			at := drawn.Start
			for range rapid.IntRange(0, 40).Draw(t, label) {
				at += 10 * rapid.Int64Range(1, 9).Draw(t, "hole")
				cells = append(cells, correlate.Cell{Start: at, Requests: rapid.Int64Range(0, 5).Draw(t, "requests")})
			}
			return cells
		}
		calls, requests := draw("calls"), draw("served")
		events, exposure := evalue.Sum(CallsOf(calls, requests, 60))
		e, n := CallsSum(calls, requests, 60)
		require.Equal(t, [2]int64{events, exposure}, [2]int64{e, n})
	})
}

func TestCallsAreCountedByRequests(t *testing.T) {
	at := func(start, requests int64) correlate.Cell { return correlate.Cell{Start: start, Requests: requests} }
	windows := CallsOf(
		[]correlate.Cell{at(0, 9), at(60, 4), at(110, 2), at(180, 5)},
		[]correlate.Cell{at(60, 1), at(70, 2), at(120, 4), at(180, 0), at(240, 1)}, 60)
	require.Equal(t, []evalue.Tally{{At: 60, Events: 6, Exposure: 3000}, {At: 120, Exposure: 4000}, {At: 240, Exposure: 1000}}, windows,
		"calls without requests are nobody's")
	least, most := Range(windows, 1, 0)
	require.Equal(t, [2]float64{0, 0.002}, [2]float64{least, most})
	least, most = Range(nil, 1, 0)
	require.Equal(t, [2]float64{1, 0}, [2]float64{least, most})
}

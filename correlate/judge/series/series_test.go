package series

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge"
	simulated "github.com/shipwake/shipwake/internal/drawn"
)

// nobody is asked for what is known of another service.
func nobody(string) judge.Case { return judge.Case{} }

// canary is a case in which the new version serves half of the traffic, and fails so many times as often.
func canary(seconds int64, times float64) judge.Case {
	s := simulated.New(1)
	fresh, old := s.Cells(simulated.Start, simulated.Start+seconds, 0.5, times, 1), s.Cells(simulated.Start, simulated.Start+seconds, 0.5, 1, 1)
	whole := append(s.Cells(simulated.Start-3600, simulated.Start, 1, 1, 1), added(fresh, old)...)
	return judge.Case{
		Resolution: s.Resolution, Coarse: 300, Now: simulated.Start + seconds, Start: simulated.Start, Finish: simulated.Start + 60,
		Streams: []judge.Stream{{Kind: correlate.Traffic, New: fresh, Old: old, Whole: whole}},
	}
}

// added are cells of the same starts put together.
func added(a, b []correlate.Cell) []correlate.Cell {
	out := make([]correlate.Cell, len(a))
	for i := range a {
		out[i] = a[i]
		out[i].Latency = slices.Clone(a[i].Latency)
		out[i].Merge(b[i])
	}
	return out
}

// mean is that of the known values of points that begin in a stretch.
func mean(f frame, v correlate.Values, from, to int64) float64 {
	sum, n := 0.0, 0
	for i, x := range v {
		if f.at(i) >= from && f.at(i) < to && !math.IsNaN(x) {
			sum, n = sum+x, n+1
		}
	}
	return sum / float64(n)
}

func TestASeriesShowsTheOldVersionBesideTheNewOne(t *testing.T) {
	c := canary(1800, 8)
	f := frameOf(&c)
	all := Of(&c, judge.Assess(judge.DefaultParams(), c).Evidence, true, nobody).Signals
	require.Equal(t, frame{From: simulated.Start - 1800, Step: 30, Points: 120}, f)
	require.Equal(t, []string{"error_ratio", "latency_p99", "throughput"}, names(all))
	s := all[0]
	require.Equal(t, correlate.GradeA, s.Grade)
	old, fresh := s.Line(correlate.RoleOld), s.Line(correlate.RoleNew)
	require.Len(t, old, f.Points)
	before, beside := mean(f, old, 0, simulated.Start), mean(f, old, simulated.Start, c.Now)
	require.InEpsilon(t, before, beside, 0.4, "the old version is as it was")
	require.Greater(t, mean(f, fresh, simulated.Start, c.Now), 5*beside)
	require.True(t, math.IsNaN(mean(f, fresh, 0, simulated.Start)), "there was no new version before")
	require.Equal(t, correlate.BasisBefore, s.Expected)
	require.LessOrEqual(t, s.Line(correlate.RoleLow)[0], before)
	require.GreaterOrEqual(t, s.Line(correlate.RoleHigh)[0], before)
}

func names(all []correlate.SignalSeries) (out []string) {
	for _, s := range all {
		out = append(out, s.Signal)
	}
	return out
}

func TestEarlierDaysAreBroughtToTheLevelBeforeTheChange(t *testing.T) {
	const day = 24 * 3600
	steady := func(from, to, width, requests, errors int64) (cells []correlate.Cell) {
		for at := from; at < to; at += width {
			cells = append(cells, correlate.Cell{Start: at, Requests: requests, Errors: errors})
		}
		return cells
	}
	start := simulated.Start - simulated.Start%3600
	var history []correlate.Cell
	for _, back := range []int64{7, 3, 2, 1} {
		then := start - back*day
		// Each day had twice as many errors after this time of day as before, and half as many as there are today.
		history = append(history, steady(then-3600, then, 300, 3000, 15)...)
		history = append(history, steady(then, then+3600, 300, 3000, 30+back)...)
	}
	c := judge.Case{
		Resolution: 10, Coarse: 300, Now: start + 1800, Start: start, Finish: start,
		Streams: []judge.Stream{{
			Kind: correlate.Traffic, History: history,
			Whole: append(steady(start-3600, start, 10, 100, 1), steady(start, start+1800, 10, 100, 8)...),
		}},
	}
	f := frameOf(&c)
	s, ok := drawn(&c, "error_ratio", correlate.GradeC, f)
	require.True(t, ok)
	require.Equal(t, correlate.BasisDays, s.Expected)
	last := f.Points - 1
	require.Equal(t, 0.08, s.Line(correlate.RoleAll)[last])
	require.InDelta(t, 0.01*31/15, s.Line(correlate.RoleLow)[last], 0.0002, "yesterday")
	require.InDelta(t, 0.01*37/15, s.Line(correlate.RoleHigh)[last], 0.0002, "a week ago")
}

func TestSilenceIsNoneOnlyWhereTelemetryWouldHaveCome(t *testing.T) {
	c := canary(600, 1)
	whole := c.Streams[0].Whole
	c.Streams[0].Whole = whole[:len(whole)-30]
	c.Now, c.Heard = whole[len(whole)-1].Start+10, whole[len(whole)-1].Start+10
	f := frameOf(&c)
	last := func() float64 {
		s, ok := drawn(&c, "throughput", "", f)
		require.True(t, ok)
		return s.Line(correlate.RoleAll)[f.Points-1]
	}
	require.Zero(t, last(), "others were heard: the requests are gone")
	c.Heard -= 200
	require.True(t, math.IsNaN(last()), "nobody was heard")
	c.Heard += 200
	c.Gaps = []judge.Gap{{From: c.Now - 100, To: c.Now}}
	require.True(t, math.IsNaN(last()), "nothing was taken in")
	c.Gaps, c.Lost = nil, func(int64, int64) bool { return false }
	require.True(t, math.IsNaN(last()), "another instrumentation tells of requests")
	s, _ := drawn(&c, "error_ratio", correlate.GradeD, f)
	require.True(t, math.IsNaN(s.Line(correlate.RoleAll)[f.Points-1]), "no request is no error ratio")
}

func TestZonesAreOldUntilTheChangeReachesThem(t *testing.T) {
	cells := func(errors int64) (all []correlate.Cell) {
		for at := simulated.Start - 1800; at < simulated.Start+1200; at += 10 {
			c := correlate.Cell{Start: at, Requests: 100}
			if at >= simulated.Start+300 {
				c.Errors = errors
			}
			all = append(all, c)
		}
		return all
	}
	east, west := cells(20), cells(0)
	c := judge.Case{
		Resolution: 10, Coarse: 300, Now: simulated.Start + 1200, Start: simulated.Start,
		Zones:   []judge.Zone{{Name: "east", Reached: simulated.Start + 300, Cells: east}, {Name: "west", Cells: west}},
		Streams: []judge.Stream{{Kind: correlate.Traffic, Whole: added(east, west)}},
	}
	f := frameOf(&c)
	s, ok := drawn(&c, "error_ratio", correlate.GradeB, f)
	require.True(t, ok)
	require.Zero(t, mean(f, s.Line(correlate.RoleOld), 0, c.Now))
	require.True(t, math.IsNaN(mean(f, s.Line(correlate.RoleNew), 0, simulated.Start+300)))
	require.Equal(t, 0.2, mean(f, s.Line(correlate.RoleNew), simulated.Start+300, c.Now))
}

// TestAFrameHoldsTheCase: whatever the time since a change is and however far cells lie apart, the points hold all up to now,
// and are few.
func TestAFrameHoldsTheCase(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		resolution := rapid.SampledFrom([]int64{1, 5, 10, 60, 300}).Draw(t, "resolution")
		apart := resolution * rapid.Int64Range(1, 4).Draw(t, "apart")
		start := simulated.Start + rapid.Int64Range(0, 1000).Draw(t, "start")
		c := judge.Case{Resolution: resolution, Coarse: 300, Start: start, Now: start + rapid.Int64Range(1, 60*24*3600).Draw(t, "since")}
		stream := judge.Stream{Kind: correlate.Traffic}
		for at := start - 3600; at < min(c.Now, start+7200); at += apart {
			stream.Whole = append(stream.Whole, correlate.Cell{Start: at - at%resolution, Requests: 1})
		}
		c.Streams = []judge.Stream{stream}
		f := frameOf(&c)
		require.LessOrEqual(t, f.Points, mostPoints)
		require.LessOrEqual(t, f.From, start)
		require.GreaterOrEqual(t, f.at(f.Points), c.Now)
		require.Zero(t, f.From%f.Step)
		require.GreaterOrEqual(t, f.Step, apart)
	})
}

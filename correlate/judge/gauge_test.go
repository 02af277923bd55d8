package judge

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/drawn"
)

// business is a KPI of one value a minute: a daily rhythm, noise that grows with the level and remembers its last value,
// and what add makes of it.
func (s *sim) business(days, seconds int64, add func(at int64) float64) Case {
	const memory = 0.6
	split, noise := drawn.Start-3600, 0.0
	stream := Stream{Kind: correlate.Gauge, Name: "kpi", Bad: correlate.BadBoth}
	for at := split - days*86400; at < drawn.Start+seconds; at += 60 {
		level := 100 + 60*math.Sin(2*math.Pi*float64(at%86400)/86400)
		noise = memory*noise + math.Sqrt(1-memory*memory)*s.Rng.NormFloat64()
		c := correlate.Cell{Start: at, Sum: int64((level*(1+0.03*noise) + add(at)) * correlate.Fixed), N: 1}
		if at >= split {
			stream.Whole = append(stream.Whole, c)
			continue
		}
		c.Start -= c.Start % 300
		if n := len(stream.History); n > 0 && stream.History[n-1].Start == c.Start {
			stream.History[n-1].Merge(c)
		} else {
			stream.History = append(stream.History, c)
		}
	}
	return Case{Resolution: 10, Coarse: 300, Now: drawn.Start + seconds, Start: drawn.Start, Finish: drawn.Start, Streams: []Stream{stream}}
}

// within is a value in [from, to) seconds after the change, else 0.
func within(from, to int64, value float64) func(int64) float64 {
	return func(at int64) float64 {
		if at >= drawn.Start+from && at < drawn.Start+to {
			return value
		}
		return 0
	}
}

func TestGauge(t *testing.T) {
	const ever = 1 << 40
	drift := func(at int64) float64 { return -40 * max(0, float64(at-drawn.Start)/3600) }
	for name, tc := range map[string]struct {
		add     func(int64) float64
		outcome correlate.Outcome
		onset   [2]int64 // seconds after the change
	}{
		"a shift of the level is regressed":                {within(600, ever, 20), correlate.Regressed, [2]int64{540, 660}},
		"a spike of a few minutes is regressed":            {within(600, 840, 60), correlate.Regressed, [2]int64{540, 660}},
		"a slow drift is regressed":                        {drift, correlate.Regressed, [2]int64{0, 2400}},
		"what was off already is not the change's":         {within(-2400, ever, 40), correlate.Inconclusive, [2]int64{}},
		"what swings wide just before may swing after":     {func(at int64) float64 { return within(-3600, ever, 1)(at) * 25 * math.Sin(float64(at)/500) }, correlate.Inconclusive, [2]int64{}},
		"a spike of yesterday doesn't make today look low": {func(at int64) float64 { return within(1200, 2400, 60)(at + 86400) }, correlate.Healthy, [2]int64{}},
		"a spike of every day is no news": {func(at int64) float64 {
			return within(1200, 2400, 60)(drawn.Start + (at-drawn.Start+30*86400)%86400)
		}, correlate.Healthy, [2]int64{}},
	} {
		t.Run(name, func(t *testing.T) {
			a := Assess(DefaultParams(), newSim(5).business(4, 3600, tc.add))
			require.Equal(t, tc.outcome, a.Outcome, "%+v", a.Evidence)
			if tc.outcome == correlate.Regressed {
				require.Equal(t, correlate.GradeC, a.Grade)
				require.GreaterOrEqual(t, a.Onset-drawn.Start, tc.onset[0])
				require.LessOrEqual(t, a.Onset-drawn.Start, tc.onset[1])
			}
		})
	}
}

func TestGaugeFalseAlarms(t *testing.T) {
	const changes = 400
	p, alarms := DefaultParams(), 0
	for seed := range uint64(changes) {
		c := newSim(seed).business(int64(2+seed%6), 3600, within(0, 0, 0))
		if _, a := firstRegressed(p, c, 600); a.Outcome == correlate.Regressed {
			alarms++
		}
	}
	require.LessOrEqual(t, alarms, 2, "in %d changes without effect", changes)
}

func TestGaugeDoesNotDependOnTheUnit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		by := rapid.Float64Range(-40, 40).Draw(t, "shift")
		factor := rapid.SampledFrom([]int64{2, 16, 1024}).Draw(t, "factor")
		c := newSim(rapid.Uint64().Draw(t, "seed")).business(3, 1800, within(300, 3600, by))
		once := Assess(DefaultParams(), c)
		for _, cells := range [][]correlate.Cell{c.Streams[0].Whole, c.Streams[0].History} {
			for i := range cells {
				cells[i].Sum *= factor
			}
		}
		scaled := Assess(DefaultParams(), c)
		require.Equal(t, once.Outcome, scaled.Outcome)
		require.InEpsilon(t, once.Evidence[0].Ratio, scaled.Evidence[0].Ratio, 1e-5)
	})
}

func TestWhatIsToleratedIsNotRegressed(t *testing.T) {
	c := newSim(5).business(4, 3600, within(600, 1<<40, 20))
	require.Equal(t, correlate.Regressed, Assess(DefaultParams(), c).Outcome)
	c.Streams[0].Tolerance = 0.5
	require.NotEqual(t, correlate.Regressed, Assess(DefaultParams(), c).Outcome, "it rose by a fifth")
}

// steadily is a value of a week in cells of five minutes, then of ten seconds, that becomes another one at the change.
func steadily(before, after int64) Case {
	s := Stream{Kind: correlate.Gauge, Name: "kpi", Bad: correlate.BadBoth}
	for at := drawn.Start - 7*86400; at < drawn.Start-3600; at += 300 {
		s.History = append(s.History, correlate.Cell{Start: at, Sum: 30 * before * correlate.Fixed, N: 30})
	}
	for at := drawn.Start - 3600; at < drawn.Start+600; at += 10 {
		v := before
		if at >= drawn.Start {
			v = after
		}
		s.Whole = append(s.Whole, correlate.Cell{Start: at, Sum: v * correlate.Fixed, N: 1})
	}
	return Case{Resolution: 10, Coarse: 300, Now: drawn.Start + 600, Start: drawn.Start, Finish: drawn.Start, Streams: []Stream{s}}
}

func TestWhatWasConstantForAWeekCanBeJudged(t *testing.T) {
	for name, tc := range map[string]struct {
		before, after int64
		outcome       correlate.Outcome
	}{
		"nothing becomes something":   {0, 3, correlate.Regressed},
		"something becomes nothing":   {3, 0, correlate.Regressed},
		"nothing stays nothing":       {0, 0, correlate.Inconclusive},
		"a constant stays a constant": {3, 3, correlate.Inconclusive},
	} {
		t.Run(name, func(t *testing.T) {
			a := Assess(DefaultParams(), steadily(tc.before, tc.after))
			require.Equal(t, tc.outcome, a.Outcome, "%+v", a)
			if tc.outcome == correlate.Regressed {
				require.LessOrEqual(t, a.Evidence[0].EValue, 500.0, "a first departure is as rare as there is history")
			}
		})
	}
}

func TestASinglePointDoesNotConvict(t *testing.T) {
	c := steadily(3, 3)
	whole := c.Streams[0].Whole
	whole[len(whole)-20].Sum = 900 * correlate.Fixed
	require.NotEqual(t, correlate.Regressed, Assess(DefaultParams(), c).Outcome)
	whole[len(whole)-19].Sum = 900 * correlate.Fixed
	require.Equal(t, correlate.Regressed, Assess(DefaultParams(), c).Outcome, "two do")
}

func TestCustomSignalsShareWhatTheirFamilyMaySpend(t *testing.T) {
	kpi := steadily(3, 0).Streams[0]
	requests := newSim(1).allAtOnce(150, 1, 1).Streams[0]
	logs := Stream{Kind: correlate.Log, History: []correlate.Cell{{Start: drawn.Start - 86400}}}
	restarts := Stream{Kind: correlate.Saturation, Name: correlate.Restarts, History: []correlate.Cell{{Start: drawn.Start - 86400}}}
	fresh := Stream{Kind: correlate.Exception, Whole: []correlate.Cell{{Start: drawn.Start + 60}}}
	w := DefaultParams().Weights
	for name, tc := range map[string]struct {
		streams []Stream
		want    float64
	}{
		"alone it has everything":                              {[]Stream{kpi}, 1},
		"four have a quarter each":                             {[]Stream{kpi, kpi, kpi, kpi}, 0.25},
		"beside requests, logs and restarts it has its weight": {[]Stream{kpi, requests, logs, restarts}, w.Custom},
		"what there are no logs for is shared out":             {[]Stream{kpi, kpi, requests}, (w.Custom + w.Logs + w.Exceptions + w.Saturation) / 2},
		"what came after the change takes nothing from it":     {[]Stream{kpi, fresh}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			p := DefaultParams()
			trial := trial{p: &p, c: &Case{Start: drawn.Start, Streams: tc.streams}}
			require.InDelta(t, tc.want, valuing{&trial}.share(), 1e-9)
		})
	}
}

func TestValuesOfTwoVersionsAreComparedSideBySide(t *testing.T) {
	beside := func(kind correlate.SignalKind, new int64) Case {
		c := steadily(3, 3)
		s := &c.Streams[0]
		s.Kind = kind
		s.Whole = s.Whole[:0] // an hour is all that is known of the time before
		s.History = nil
		for at := drawn.Start; at < drawn.Start+1800; at += 10 {
			s.Old = append(s.Old, correlate.Cell{Start: at, Sum: 3 * correlate.Fixed, N: 1})
			s.New = append(s.New, correlate.Cell{Start: at, Sum: new * correlate.Fixed, N: 1})
		}
		s.Whole = added(s.New, s.Old)
		c.Now = drawn.Start + 1800
		c.Finish = 0
		return c
	}
	p := DefaultParams()
	p.Gauge.Smoothing = 60
	worse := Assess(p, beside(correlate.Gauge, 5))
	require.Equal(t, correlate.Regressed, worse.Outcome, "%+v", worse)
	require.Equal(t, correlate.GradeA, worse.Grade)
	require.Equal(t, 3.0, worse.Evidence[0].Baseline)
	require.Equal(t, 5.0, worse.Evidence[0].Observed)
	require.NotEqual(t, correlate.Regressed, Assess(p, beside(correlate.Gauge, 3)).Outcome)
	require.NotEqual(t, correlate.Regressed, Assess(p, beside(correlate.Rate, 5)).Outcome, "a version's rate is its share of the traffic")
}

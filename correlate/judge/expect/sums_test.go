package expect

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate/guard"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
	"github.com/shipwake/shipwake/internal/drawn"
)

func drawHistory(t *rapid.T) (ts []evalue.Tally) {
	at := drawn.Start
	for range rapid.IntRange(1, 60).Draw(t, "cells") {
		n := rapid.Int64Range(1, 1000).Draw(t, "n")
		ts = append(ts, evalue.Tally{At: at, Events: rapid.Int64Range(0, n).Draw(t, "e"), Exposure: n})
		at += 300 * rapid.Int64Range(1, 3).Draw(t, "hole")
	}
	return ts
}

func TestSumsOfASpan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ts := drawHistory(t)
		s := newSums(ts, 300)
		from := drawn.Start + rapid.Int64Range(-1500, 60_000).Draw(t, "from")
		in := evalue.Span{From: from, To: from + rapid.Int64Range(0, 30_000).Draw(t, "length")}
		by := rapid.Int64Range(0, 200).Draw(t, "earlier")
		events, exposure := s.back(s.places(in), by)
		in = in.Back(300 * by)
		e, n := evalue.Sum(evalue.Before(evalue.Since(ts, in.From), in.To))
		require.Equal(t, [2]float64{float64(e), float64(n)}, [2]float64{events, exposure})
	})
}

func TestWithoutEarlierDaysTheSeasonIsOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newSums(drawHistory(t), 300)
		later := drawn.Start + 30*86400
		require.Equal(t, 1.0, s.factor(evalue.Span{From: later - 3600, To: later}, evalue.Span{From: later, To: later + 600}, 86400))
	})
}

func TestFewEventsPullTheSeasonTowardsOne(t *testing.T) {
	day := func(events int64) float64 {
		var ts []evalue.Tally
		for at := drawn.Start - 86400 - 3600; at < drawn.Start-86400+3600; at += 300 {
			e := events
			if at >= drawn.Start-86400 {
				e *= 3
			}
			ts = append(ts, evalue.Tally{At: at, Events: e, Exposure: 100_000})
		}
		s := newSums(ts, 300)
		return s.factor(evalue.Span{From: drawn.Start - 3600, To: drawn.Start}, evalue.Span{From: drawn.Start, To: drawn.Start + 3600}, 86400)
	}
	require.InDelta(t, 3, day(1000), 0.01)
	require.Less(t, day(1), 2.5)
	require.Greater(t, day(1), 1.0)
	require.Equal(t, 1.0, day(0))
}

func TestCalibrationIsRememberedByLength(t *testing.T) {
	p := Default()
	var history []evalue.Tally
	for at := drawn.Start - 4*86400; at < drawn.Start-3600; at += 300 {
		history = append(history, evalue.Tally{At: at, Events: 10 + 10*(at/7200%2), Exposure: 3000})
	}
	s := SeasonsOf(history, 300, evalue.Span{From: drawn.Start - 3600, To: drawn.Start}, &p)
	looks := map[float64]bool{}
	for now := int64(10); now <= 3600; now += 10 {
		c := s.Calibrated(evalue.Span{From: drawn.Start, To: drawn.Start + now}, &p)
		require.GreaterOrEqual(t, c.Phi, 1.0)
		looks[c.Phi] = true
	}
	require.LessOrEqual(t, len(looks), 7, "few lengths are looked at")
	require.Len(t, s.phis, 7)
	p.Guards = guard.Without(guardSeasonPlacebos)
	free := SeasonsOf(history, 300, evalue.Span{From: drawn.Start - 3600, To: drawn.Start}, &p)
	require.Equal(t, 1.0, free.Calibrated(evalue.Span{From: drawn.Start, To: drawn.Start + 600}, &p).Phi)
	p.Guards = guard.Without(guardSeason)
	require.Nil(t, SeasonsOf(history, 300, evalue.Span{From: drawn.Start - 3600, To: drawn.Start}, &p))
}

func TestHistoriesWithJumpsAreNoCalmOnes(t *testing.T) {
	p := Default()
	calm, jumps := make([]evalue.Tally, 0, 144), make([]evalue.Tally, 0, 144)
	for at := drawn.Start - 12*3600; at < drawn.Start-3600; at += 300 {
		calm = append(calm, evalue.Tally{At: at, Events: 30, Exposure: 3000})
		jumps = append(jumps, evalue.Tally{At: at, Events: 10 + 60*(at/3600%2), Exposure: 3000})
	}
	base := []evalue.Tally{{At: drawn.Start - 3600, Events: 360, Exposure: 36_000}}
	phi := func(history []evalue.Tally, changed ...int64) float64 {
		return NewShortHistory(history, base, 300, drawn.Start, changed).Phi(600, &p)
	}
	require.Less(t, phi(calm), 2.0)
	require.Greater(t, phi(jumps), 10.0)
	p.Guards = guard.Without(guardShortHistory)
	require.Equal(t, 1.0, phi(jumps))
}

func TestTimeAfterChangesIsLeftOut(t *testing.T) {
	require.True(t, changing(evalue.Span{From: 0, To: 300}, []int64{200}))
	require.True(t, changing(evalue.Span{From: 1000, To: 1300}, []int64{0}))
	require.False(t, changing(evalue.Span{From: 1200, To: 1500}, []int64{0}), "warm again")
	require.False(t, changing(evalue.Span{From: 0, To: 300}, []int64{300}))
	history := []evalue.Tally{{At: drawn.Start - 7200, Events: 1, Exposure: 10}}
	require.Nil(t, NewShortHistory(history, []evalue.Tally{{At: drawn.Start - 7000, Events: 1, Exposure: 10}}, 300, drawn.Start, []int64{drawn.Start - 7200}))
}

func TestAWarmUpIsAtLeastOneAndEnds(t *testing.T) {
	w := &WarmUp{width: 300, factor: []float64{3, 1, 2}}
	for age, want := range map[int64]float64{-1: 1, 0: 3, 299: 3, 300: 1, 600: 2, 899: 2, 900: 1, 1 << 40: 1} {
		require.Equal(t, want, w.At(age), "at %d s", age)
	}
	factor, lasts := w.Coldest()
	require.Equal(t, 3.0, factor)
	require.EqualValues(t, 600, lasts)
}

func TestWarmUpsOfRandomHistoriesAreBounded(t *testing.T) {
	p := Default()
	rapid.Check(t, func(t *rapid.T) {
		var history []evalue.Tally
		var earlier []Rollout
		for i := range int64(rapid.IntRange(3, 6).Draw(t, "rollouts")) {
			at := (i + 1) * 7200
			for cell := int64(0); cell < 24; cell++ {
				history = append(history, evalue.Tally{At: at + 300*cell, Events: rapid.Int64Range(0, 200).Draw(t, "e"), Exposure: 1000})
			}
			offset := rapid.Int64Range(0, 299).Draw(t, "offset")
			earlier = append(earlier, Rollout{Start: at + offset, Finish: at + offset, Until: at + 7200})
		}
		w := WarmUpOf(history, 300, earlier, &p)
		if w == nil {
			return
		}
		for age := int64(0); age < 7200; age += 100 {
			require.GreaterOrEqual(t, w.At(age), 1.0)
			require.LessOrEqual(t, w.At(age), p.Catastrophe)
			require.False(t, math.IsNaN(w.At(age)))
		}
		off := p
		off.Guards = guard.Without(guardWarmUp)
		require.Nil(t, WarmUpOf(history, 300, earlier, &off))
	})
}

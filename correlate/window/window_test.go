package window_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate/window"
)

func TestABucketHoldsItsInstants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at, width := rapid.Int64Range(-1e10, 1e10).Draw(t, "at"), rapid.Int64Range(1, 86400).Draw(t, "width")
		start := window.Floor(at, width)
		require.Zero(t, start%width)
		require.LessOrEqual(t, start, at)
		require.Less(t, at, start+width)
	})
}

func TestSpansShareWhatLiesInBoth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		span := rapid.Custom(func(t *rapid.T) window.Span {
			from := rapid.Int64Range(0, 50).Draw(t, "from")
			return window.Span{From: from, To: from + rapid.Int64Range(0, 20).Draw(t, "length")}
		})
		a, b := span.Draw(t, "a"), span.Draw(t, "b")
		var both int64
		for at := int64(0); at < 100; at++ {
			if a.From <= at && at < a.To && b.From <= at && at < b.To {
				both++
			}
		}
		require.Equal(t, both, a.Overlap(b))
		require.Equal(t, a.Overlap(b), b.Overlap(a))
	})
}

func TestTheWatermark(t *testing.T) {
	const lateness, idleAfter, width = 30, 120, 10
	type step struct {
		event, now int64 // 0: nothing came
		at         int64
		shift      window.Shift
	}
	for name, steps := range map[string][]step{
		"follows the newest event, less the lateness, in whole buckets": {
			{event: 1005, now: 1006, at: 970}, {event: 1019, now: 1020, at: 980},
		},
		"an event from the future moves it no further than the clock": {
			{event: 9000, now: 1000, at: 970},
		},
		"never goes back": {
			{event: 1000, now: 1000, at: 970}, {event: 500, now: 1001, at: 970}, {now: 900, at: 970},
		},
		"stands still in a short silence": {
			{event: 1000, now: 1000, at: 970}, {now: 1120, at: 970},
		},
		"follows the clock when the silence is longer, and says so once": {
			{event: 1000, now: 1000, at: 970},
			{now: 1121, at: 1090, shift: window.WentIdle}, {now: 1131, at: 1100},
		},
		"says once that it is over, and doesn't go back for it": {
			{event: 1000, now: 1000, at: 970}, {now: 1200, at: 1170, shift: window.WentIdle},
			{event: 1195, now: 1201, at: 1170, shift: window.CameBack}, {event: 1230, now: 1231, at: 1200},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var w window.Watermark
			for i, s := range steps {
				if s.event > 0 {
					w.Observe(s.event)
				}
				require.Equal(t, s.shift, w.Advance(s.now, lateness, idleAfter, width), "step %d", i)
				require.Equal(t, s.at, w.At, "step %d", i)
			}
		})
	}
}

func TestASilenceBeginsWithTheLastEvent(t *testing.T) {
	var w window.Watermark
	w.Observe(1000)
	w.Advance(1500, 30, 120, 10)
	require.True(t, w.Idle)
	require.EqualValues(t, 1000, w.IdleFrom)
}

func TestTheWatermarkOnlyMovesForward(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w window.Watermark
		now := int64(1000)
		for range rapid.IntRange(1, 50).Draw(t, "steps") {
			before := w
			w.Observe(rapid.Int64Range(0, 3000).Draw(t, "event"))
			now += rapid.Int64Range(-5, 300).Draw(t, "later")
			shift := w.Advance(now, 30, 120, 10)
			require.GreaterOrEqual(t, w.At, before.At)
			require.LessOrEqual(t, w.At, max(before.At, now-30))
			require.Equal(t, before.Idle != w.Idle, shift != window.Unchanged)
		}
	})
}

func TestWhenEverythingHasArrivedTheWatermarkIsAtTheNewestEvent(t *testing.T) {
	var w window.Watermark
	w.Observe(1007)
	w.Advance(1010, 30, 120, 10)
	require.EqualValues(t, 970, w.At)
	w.Complete(10)
	require.EqualValues(t, 1000, w.At)
	w.Advance(1600, 30, 120, 10)
	w.Complete(10)
	require.EqualValues(t, 1570, w.At, "it follows the clock by then, and doesn't move back")
}

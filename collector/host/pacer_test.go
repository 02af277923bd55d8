package host

import (
	"math"
	"runtime/debug"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const mb = int64(mebibyte)

func TestGarbageThatMayGather(t *testing.T) {
	type look struct {
		after           time.Duration // since the one before
		allocated, live int64         // since the one before, and in use
		percent         int
	}
	for name, looks := range map[string][]look{
		"next to nothing is allocated": {{time.Second, mb / 100, 40 * mb, leastPercent}, {time.Minute, mb / 100, 40 * mb, leastPercent}},
		"as much as in ten seconds":    {{paceOver, 12 * mb, 40 * mb, 30}, {paceOver, 16 * mb, 40 * mb, 40}},
		"never more than is in use":    {{time.Second, 500 * mb, 40 * mb, usualPercent}},
		"a burst is collected on its way": {
			{paceOver, 12 * mb, 40 * mb, 30}, {time.Second, 30 * mb, 40 * mb, 30}, {time.Second, 18 * mb, 40 * mb, 40},
		},
		"a small heap has some room": {{time.Second, 0, 4 * mb, 50}, {time.Second, 0, mb, usualPercent}},
		"a flood is noticed in seconds": {
			{paceOver, 12 * mb, 40 * mb, 30}, {time.Second, 60 * mb, 40 * mb, 50}, {time.Second, 60 * mb, 40 * mb, usualPercent},
		},
		"down when ten seconds are over": {
			{paceOver, 40 * mb, 40 * mb, usualPercent}, {paceOver - time.Second, 0, 40 * mb, usualPercent}, {time.Second, 12 * mb, 40 * mb, 30},
		},
		"before the first collection": {{time.Second, 0, 0, usualPercent}},
	} {
		t.Run(name, func(t *testing.T) {
			p, now, allocated := &pacer{began: time.Unix(1000, 0)}, time.Unix(1000, 0), int64(0)
			for i, l := range looks {
				now, allocated = now.Add(l.after), allocated+l.allocated
				require.Equal(t, l.percent, p.look(now, allocated, l.live), "look %d", i)
			}
		})
	}
}

func TestAFloodMayLeaveMoreGarbageWhereThereIsRoom(t *testing.T) {
	const soft = 360 * mb
	for name, c := range map[string]struct {
		allocated, live int64 // in ten seconds, and in use
		percent         int
	}{
		"much is allocated":                     {900 * mb, 60 * mb, floodPercent},
		"a little more than is in use":          {90 * mb, 60 * mb, 150},
		"much, and half of the memory is taken": {900 * mb, 61 * mb, usualPercent},
		"little is allocated":                   {12 * mb, 60 * mb, leastPercent},
	} {
		t.Run(name, func(t *testing.T) {
			p := &pacer{soft: soft, began: time.Unix(1000, 0)}
			require.Equal(t, c.percent, p.look(time.Unix(1000, 0).Add(paceOver), c.allocated, c.live))
		})
	}
}

func TestTheHeapIsNotCollectedMoreOftenThanOnceInTenSecondsUnlessItIsByItsSize(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		live, now, p := rapid.Int64Range(8*mb, 400*mb).Draw(t, "live"), time.Unix(1000, 0), &pacer{began: time.Unix(1000, 0)}
		var allocated int64
		steady := rapid.Int64Range(0, 100*mb).Draw(t, "each second")
		for range 30 {
			now, allocated = now.Add(time.Second), allocated+steady
			percent := p.look(now, allocated, live)
			require.GreaterOrEqual(t, percent, leastPercent)
			require.LessOrEqual(t, percent, usualPercent)
		}
		garbage := float64(live) * float64(p.look(now, allocated, live)+1) / 100
		require.GreaterOrEqual(t, garbage, math.Min(float64(live), float64(steady)*paceOver.Seconds()))
	})
}

func TestWhatTheEnvironmentSaysOfCollectingIsLeftAsItIs(t *testing.T) {
	was := debug.SetGCPercent(70)
	defer debug.SetGCPercent(was)
	read := func() int {
		is := debug.SetGCPercent(70)
		debug.SetGCPercent(is)
		return is
	}
	t.Setenv("GOGC", "70")
	p := newPacer(0)
	p.pace()
	p.stop()
	require.Equal(t, 70, read())

	t.Setenv("GOGC", "")
	p = newPacer(0)
	p.pace()
	require.Equal(t, p.percent, read())
	p.stop()
	require.Equal(t, usualPercent, read())
}

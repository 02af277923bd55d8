package cells

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate/window"
)

func TestAPauseIsAGap(t *testing.T) {
	for name, c := range map[string]struct {
		drained []int64
		want    []window.Span
	}{
		"the first time there is nothing before it": {[]int64{1000}, []window.Span{}},
		"every second":                           {[]int64{1000, 1001, 1002}, []window.Span{}},
		"half a minute is waited for anyway":     {[]int64{1000, 1030}, []window.Span{}},
		"longer is a gap":                        {[]int64{1000, 1031}, []window.Span{{From: 1000, To: 1031}}},
		"five minutes, and again":                {[]int64{1000, 1300, 1301, 1601}, []window.Span{{From: 1000, To: 1300}, {From: 1301, To: 1601}}},
		"a clock that was set back says nothing": {[]int64{1000, 500, 1001}, []window.Span{}},
	} {
		t.Run(name, func(t *testing.T) {
			st := New(config())
			for _, at := range c.drained {
				st.Drained(at)
			}
			require.Equal(t, c.want, append([]window.Span{}, st.Gaps(1<<40)...))
		})
	}
}

func TestGapsAreKnownFromWhenTheyBegan(t *testing.T) {
	st := New(config())
	st.Gap(window.Span{From: 500, To: 600})
	st.Gap(window.Span{From: 100, To: 200})
	require.Empty(t, st.Gaps(100))
	require.Equal(t, []window.Span{{From: 100, To: 200}}, st.Gaps(101))
	require.Len(t, st.Gaps(501), 2)
	st.Expire(0, 201)
	require.Equal(t, []window.Span{{From: 500, To: 600}}, st.Gaps(501))
}

func TestTheShareOfGapsIsCountedBySecond(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		st := New(config())
		missing := map[int64]bool{}
		at := int64(0)
		for range rapid.IntRange(0, 4).Draw(t, "gaps") {
			from := at + rapid.Int64Range(0, 20).Draw(t, "after")
			at = from + rapid.Int64Range(1, 20).Draw(t, "long")
			st.Gap(window.Span{From: from, To: at})
			for s := from; s < at; s++ {
				missing[s] = true
			}
		}
		from := rapid.Int64Range(0, 100).Draw(t, "from")
		to := rapid.Int64Range(from+1, 150).Draw(t, "to")
		n := 0
		for s := from; s < to; s++ {
			if missing[s] {
				n++
			}
		}
		require.InDelta(t, float64(n)/float64(to-from), st.GapShare(from, to), 1e-12)
	})
	require.Zero(t, New(config()).GapShare(10, 10), "no time lacks nothing")
}

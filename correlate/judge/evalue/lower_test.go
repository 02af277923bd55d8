package evalue

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestTheLowerEndIsThatOfTheIntervalWhereItIsEnough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) (e, n float64) {
			n = float64(rapid.Int64Range(0, 2000).Draw(t, name))
			return float64(rapid.Int64Range(0, int64(n)).Draw(t, "events")), n
		}
		var pair Pair
		pair.ET, pair.NT = draw("treated")
		pair.EC, pair.NC = draw("control")
		p := Default()
		h := p.Hypothesize(0, 1, 0, Ratio(pair.EC, pair.NC), rapid.Float64Range(1, 5).Draw(t, "phi"))
		l := NewLikelihood([]Pair{pair}, h)
		lo, hi := Interval(&l, 0.05)
		whole := h.Bounds(lo, hi)[0]
		require.Equal(t, whole, Lower(pair, h, 0.05, 0))
		enough := rapid.Float64Range(0.5, 3).Draw(t, "enough")
		if some := Lower(pair, h, 0.05, enough); whole >= enough {
			require.Equal(t, whole, some)
		} else {
			require.Less(t, some, enough)
		}
	})
}

package expect

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate/judge/evalue"
)

func TestWhatIsLearntOfEarlierRollouts(t *testing.T) {
	p := Default()
	const width, every = 300, 7200
	// Each rollout is a row of event counts among 1000 by cells of five minutes since its start; 10 is usual.
	learn := func(offset int64, rows ...[]int64) *WarmUp {
		var history []evalue.Tally
		var earlier []Rollout
		for i, row := range rows {
			at := int64(i+1) * every
			for cell := int64(0); cell < every/width; cell++ {
				events := int64(10)
				if cell < int64(len(row)) {
					events = row[cell]
				}
				history = append(history, evalue.Tally{At: at + cell*width, Events: events, Exposure: 1000})
			}
			earlier = append(earlier, Rollout{Start: at + offset, Finish: at + offset, Until: at + every})
		}
		return WarmUpOf(append([]evalue.Tally{{At: every - width, Events: 10, Exposure: 1000}}, history...), width, earlier, &p)
	}
	cold, fine := []int64{40, 30}, []int64{10}
	forGood := make([]int64, every/width)
	for i := range forGood {
		forGood[i] = 40
	}
	for name, c := range map[string]struct {
		got  *WarmUp
		want []float64
	}{
		"two rollouts are too few":                      {learn(0, cold, cold), nil},
		"three show it, by age":                         {learn(0, cold, cold, cold), []float64{3, 2.3}},
		"what one of three had is no habit":             {learn(0, cold, fine, fine), nil},
		"what lasted is no warm-up":                     {learn(0, fine, forGood, forGood, forGood), nil},
		"there is nothing to learn of healthy ones":     {learn(0, fine, fine, fine), nil},
		"a cell that begins before counts as all after": {learn(100, cold, cold, cold), []float64{3.57, 2.33}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.want == nil {
				require.Nil(t, c.got)
				return
			}
			require.InDeltaSlice(t, c.want, c.got.factor, 0.05)
			require.Equal(t, 1.0, c.got.At(int64(len(c.want))*width))
		})
	}
}

package judge

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/drawn"
)

func TestExcursionsThatComeAgain(t *testing.T) {
	for name, tc := range map[string]struct {
		at   []int64 // seconds after the start, of a minute of errors each
		want correlate.Outcome
	}{
		"one short excursion is a blip":           {[]int64{900}, correlate.Inconclusive},
		"two, half an hour apart, are a fault":    {[]int64{900, 2700}, correlate.Regressed},
		"three, like the teeth of a saw, are one": {[]int64{600, 1500, 2400}, correlate.Regressed},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(13)
			c := s.allAtOnce(3600, 1, 1)
			whole := c.Streams[0].Whole
			for i := range whole {
				for _, at := range tc.at {
					if since := whole[i].Start - drawn.Start - at; since >= 0 && since < 60 {
						whole[i].Errors += whole[i].Requests / 4
					}
				}
			}
			a := Assess(DefaultParams(), c)

			require.Equal(t, tc.want, a.Outcome, "%+v", a)
		})
	}
}

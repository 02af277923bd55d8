package judge

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/internal/drawn"
)

// withHours puts some hours before a case, in which the error ratio is another every half an hour.
func (s *sim) withHours(c Case, factors ...float64) Case {
	fine := s.Resolution
	s.Resolution = c.Coarse
	to := c.Streams[0].Whole[0].Start
	for i, f := range factors {
		from := to - int64(len(factors)-i)*1800
		c.Streams[0].History = append(c.Streams[0].History, s.Cells(from, from+1800, 1, f, 1)...)
	}
	s.Resolution = fine
	return c
}

func TestHoursThatWereRestlessWeakenTheEvidence(t *testing.T) {
	p := DefaultParams()
	even, restless := []float64{1, 1, 1, 1, 1, 1, 1, 1}, []float64{1, 4, 1, 6, 1, 3, 1, 5}
	for name, c := range map[string]struct {
		hours  []float64
		errors float64
		change bool // restless hours because of changes
		fault  bool
	}{
		"a fault after even hours is one":              {even, 4, false, true},
		"the same after restless hours isn't":          {restless, 4, false, false},
		"it is where changes made them restless":       {restless, 4, true, true},
		"a large one is, whatever the hours before":    {restless, 40, false, true},
		"without hours before, the baseline is enough": {nil, 4, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(3)
			k := s.withHours(s.allAtOnce(1800, c.errors, 1), c.hours...)
			if c.change {
				for _, hours := range []float64{4.5, 3.5, 2.5, 1.5} {
					at := drawn.Start - int64(hours*3600)
					k.Changed = append(k.Changed, at, at+600)
				}
			}
			after, _ := firstRegressed(p, k, 30)
			require.Equal(t, c.fault, after > 0)
		})
	}
}

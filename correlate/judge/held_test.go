package judge

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
	"github.com/shipwake/shipwake/internal/drawn"
)

// staged is a canary whose new version's part of the traffic is another in every stretch of some seconds.
func (s *sim) staged(seconds int64, errors float64, parts ...float64) Case {
	c := s.canary(seconds, parts[0], errors, 1)
	for i := 1; i < len(parts); i++ {
		next := s.canary(int64(i+1)*seconds, parts[i], errors, 1).Streams[0]
		begin := evalue.Span{From: drawn.Start + int64(i)*seconds, To: drawn.Start + int64(i+1)*seconds}
		of := &c.Streams[0]
		of.New, of.Old = append(of.New, evalue.CellsIn(next.New, begin)...), append(of.Old, evalue.CellsIn(next.Old, begin)...)
		of.Whole = append(of.Whole, evalue.CellsIn(next.Whole, begin)...)
	}
	c.Now, c.Finish = drawn.Start+int64(len(parts))*seconds, 0
	return c
}

func TestACanaryThatIsHeldBack(t *testing.T) {
	for name, tc := range map[string]struct {
		of   func(s *sim) Case
		want correlate.Outcome
	}{
		"one at a steady share, no worse than the old version, is healthy": {
			func(s *sim) Case { return s.staged(1200, 1, 0.3, 0.3, 0.3) }, correlate.Healthy,
		},
		"one with a share that grew long ago is healthy": {
			func(s *sim) Case { return s.staged(600, 1, 0.1, 0.3, 0.3, 0.3, 0.3, 0.3) }, correlate.Healthy,
		},
		"one whose share still grows isn't yet": {
			func(s *sim) Case { return s.staged(600, 1, 0.1, 0.2, 0.4, 0.6) }, correlate.Inconclusive,
		},
		"one at a steady share for ten minutes isn't yet": {
			func(s *sim) Case { return s.staged(600, 1, 0.3) }, correlate.Inconclusive,
		},
		"one that was taken back isn't": {
			func(s *sim) Case {
				c := s.staged(1200, 1, 0.3, 0.3, 0.3)
				of := &c.Streams[0]
				of.New = evalue.CellsIn(of.New, evalue.Span{From: drawn.Start, To: c.Now - 900})
				return c
			}, correlate.Inconclusive,
		},
		"one that got a few hundred requests isn't": {
			func(s *sim) Case { s.RPS, s.Errors = 0.5, 0; return s.staged(1200, 1, 0.3, 0.3, 0.3) }, correlate.Inconclusive,
		},
		"one with three times the errors is regressed": {
			func(s *sim) Case { return s.staged(1200, 3, 0.3, 0.3, 0.3) }, correlate.Regressed,
		},
		"a rollout of everything at once that never ends proves nothing": {
			func(s *sim) Case {
				c := s.withHistory(s.allAtOnce(3600, 1, 1), 4)
				c.Finish = 0
				return c
			}, correlate.Inconclusive,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(11)
			s.RPS = 40
			require.Equal(t, tc.want, Assess(DefaultParams(), tc.of(s)).Outcome)
		})
	}
}

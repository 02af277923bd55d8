package judge

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/drawn"
)

// histories are cases of every kind, some with a fault, some sparse.
func histories() map[string]Case {
	few, bursty := newSim(4), newSim(5)
	few.RPS, bursty.Burst = 0.05, 5
	late := newSim(6).canary(1800, 0.5, 1, 1)
	for i := range late.Streams[0].New {
		if c := &late.Streams[0].New[i]; c.Start > drawn.Start+900 {
			c.Errors += 10
		}
	}
	values := newSim(7).allAtOnce(1800, 1, 1)
	for i, c := range values.Streams[0].Whole {
		value := int64(100 + i%7)
		if c.Start > drawn.Start+600 {
			value *= 2
		}
		values.Streams[0].Whole[i].Sum, values.Streams[0].Whole[i].N = value*correlate.Fixed, 1
	}
	values.Streams = append(values.Streams, Stream{Kind: correlate.Gauge, Name: "queue", Bad: correlate.BadUp, Whole: values.Streams[0].Whole})
	unknown := newSim(8).canary(1800, 0.3, 1, 1)
	unknown.Streams[0].Whole = unknown.Streams[0].Whole[360:]
	edges := newSim(9).allAtOnce(1800, 3, 1)
	edges.Streams = append(edges.Streams, Stream{Kind: correlate.Edge, Whole: edges.Streams[0].Whole})
	return map[string]Case{
		"a healthy canary":          newSim(1).canary(1800, 0.3, 1, 1),
		"a canary with errors":      newSim(2).canary(1800, 0.3, 3, 1),
		"a slower canary":           newSim(2).canary(1800, 0.3, 1, 1.3),
		"all at once":               newSim(3).allAtOnce(1800, 1, 1),
		"all at once with errors":   newSim(3).allAtOnce(1800, 20, 1),
		"hardly any requests":       few.canary(1800, 0.5, 1, 1),
		"bursts":                    bursty.canary(1800, 0.5, 1, 1),
		"a late fault":              late,
		"with earlier days":         newSim(3).withHistory(newSim(3).allAtOnce(1800, 1.5, 1), 3),
		"a value that doubles":      values,
		"a service never seen":      unknown,
		"callers see it as well":    edges,
		"requests that stay away":   newSim(3).allAtOnce(1800, 1, 1).silent(drawn.Start+600, drawn.Start+1800),
		"nothing for a few minutes": newSim(3).canary(1800, 0.5, 1, 1).silent(drawn.Start+600, drawn.Start+900),
		"it calls others more":      newSim(3).calls(newSim(3).withHistory(newSim(3).allAtOnce(1800, 1, 1), 3), 1, 3),
	}
}

// silent is a case without the cells of a stretch of time.
func (c Case) silent(from, to int64) Case {
	for i := range c.Streams {
		s := &c.Streams[i]
		for _, cells := range []*[]correlate.Cell{&s.New, &s.Old, &s.Whole} {
			var kept []correlate.Cell
			for _, cell := range *cells {
				if cell.Start < from || cell.Start >= to {
					kept = append(kept, cell)
				}
			}
			*cells = kept
		}
	}
	return c
}

// TestMemoryDoesNotShow: looks with a memory say what looks without one say, also at an instant before the latest.
func TestMemoryDoesNotShow(t *testing.T) {
	p := DefaultParams()
	rng := rand.New(rand.NewPCG(1, 1))
	for name, c := range histories() {
		t.Run(name, func(t *testing.T) {
			var m Memory
			for now := drawn.Start + 10; now <= c.Now; now += 10 * rng.Int64N(20) {
				at := max(drawn.Start+10, now-10*max(0, rng.Int64N(10)-4))
				seen := upTo(c, at)
				if rng.IntN(2) == 0 {
					require.Equal(t, new(Memory).Quiet(&p, &seen), m.Quiet(&p, &seen))
					continue
				}
				require.Equal(t, Assess(p, seen), m.Assess(&p, &seen))
			}
		})
	}
}

// TestADecisionIsAnAssessmentWithoutItsEvidence: what is told later is what would have been told at once.
func TestADecisionIsAnAssessmentWithoutItsEvidence(t *testing.T) {
	p := DefaultParams()
	untold := 0
	for name, c := range histories() {
		t.Run(name, func(t *testing.T) {
			var m Memory
			for now := drawn.Start + 10; now <= c.Now; now += 170 {
				seen := upTo(c, now)
				is := m.Decide(&p, &seen)
				require.Equal(t, is.Outcome != correlate.Regressed, is.Untold)
				told := Assess(p, seen)
				if is.Untold {
					untold++
					require.Nil(t, is.Evidence)
					is.Evidence, is.Untold = told.Evidence, false
				}
				require.Equal(t, told, is, now-drawn.Start)
			}
		})
	}
	require.NotZero(t, untold)
}

// TestQuietMissesNothing: where it is said to be quiet, an assessment finds no fault.
func TestQuietMissesNothing(t *testing.T) {
	p := DefaultParams()
	for name, c := range histories() {
		t.Run(name, func(t *testing.T) {
			var m Memory
			quiet := 0
			for now := drawn.Start + 10; now <= c.Now; now += 30 {
				seen := upTo(c, now)
				if !m.Quiet(&p, &seen) {
					continue
				}
				quiet++
				a := m.Assess(&p, &seen)
				require.NotEqual(t, correlate.Regressed, a.Outcome, now-drawn.Start)
			}
			require.NotZero(t, quiet)
		})
	}
}

// TestDoubtsAreThoseOfAnAssessment: what is asked alone is what an assessment says of it.
func TestDoubtsAreThoseOfAnAssessment(t *testing.T) {
	p := DefaultParams()
	doubtful := 0
	for name, c := range histories() {
		t.Run(name, func(t *testing.T) {
			var m Memory
			for now := drawn.Start + 10; now <= c.Now; now += 130 {
				seen := upTo(c, now)
				is := Assess(p, seen).Doubtful
				require.Equal(t, is, m.Doubtful(&p, &seen), now-drawn.Start)
				if is {
					doubtful++
				}
			}
		})
	}
	require.NotZero(t, doubtful)
}

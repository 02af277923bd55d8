package judge

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/guard"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
	"github.com/shipwake/shipwake/internal/drawn"
)

// failing are cells of a service whose error ratio is multiplied in some spans of seconds since the change.
func failing(s *sim, seconds int64, errors float64, spans ...evalue.Span) (cells []correlate.Cell) {
	for at := int64(0); at < seconds; at += s.Resolution {
		factor := 1.0
		for _, in := range spans {
			if at >= in.From && at < in.To {
				factor = errors
			}
		}
		cells = append(cells, s.Cells(drawn.Start+at, drawn.Start+at+s.Resolution, 1, factor, 1)...)
	}
	return cells
}

// failed is a change of everything at once after which errors are more frequent in some spans.
func failed(s *sim, seconds int64, errors float64, spans ...evalue.Span) Case {
	c := s.allAtOnce(s.Resolution, 1, 1)
	of := &c.Streams[0]
	of.Whole = append(evalue.CellsIn(of.Whole, evalue.Span{From: 0, To: drawn.Start}), failing(s, seconds, errors, spans...)...)
	c.Now = drawn.Start + seconds
	return c
}

// logged are records of logs, so many of them errors, in cells after the change and before it.
func logged(before, after int64) Stream {
	s := Stream{Kind: correlate.Log}
	for at := drawn.Start - 3600; at < drawn.Start+1800; at += 10 {
		n := before
		if at >= drawn.Start {
			n = after
		}
		s.Whole = append(s.Whole, correlate.Cell{Start: at, Requests: 100, Errors: n})
	}
	return s
}

// thrown is an exception type that shows in cells so many seconds after the change.
func thrown(n int64, seconds ...int64) Stream {
	s := Stream{Kind: correlate.Exception, Name: "x"}
	for _, at := range seconds {
		s.Whole = append(s.Whole, correlate.Cell{Start: drawn.Start + at, Errors: n, Requests: n})
	}
	return s
}

// Each guard decides a case by itself: with it in force the outcome is another one than without.
func TestWhatEachGuardDecides(t *testing.T) {
	regressed, healthy, inconclusive := correlate.Regressed, correlate.Healthy, correlate.Inconclusive
	for name, tc := range map[string]struct {
		guard         string
		of            func(*sim) Case
		with, without correlate.Outcome
	}{
		"errors while instances start don't count": {
			guardGrace, func(s *sim) Case { return failed(s, 240, 30, evalue.Span{From: 0, To: 60}) }, inconclusive, regressed,
		},
		"a hundred times the errors aren't waited out": {
			guardCatastrophe, func(s *sim) Case { return failed(s, 50, 100, evalue.Span{From: 0, To: 50}) }, regressed, inconclusive,
		},
		"two minutes of errors that went away are forgiven": {
			guardTransient, func(s *sim) Case { return failed(s, 1200, 40, evalue.Span{From: 200, To: 290}) }, inconclusive, regressed,
		},
		"but not when they come again": {
			guardRepeated,
			func(s *sim) Case {
				return failed(s, 4500, 40, evalue.Span{From: 200, To: 290}, evalue.Span{From: 4000, To: 4090})
			}, regressed, inconclusive,
		},
		"a fault must show without its strongest cell too": {
			guardCells, func(s *sim) Case { return failed(s, 210, 100, evalue.Span{From: 190, To: 200}) }, inconclusive, regressed,
		},
		"before and after alone takes twice the errors": {
			guardBeforeAfter,
			func(s *sim) Case { s.RPS = 100; return failed(s, 3600, 1.7, evalue.Span{From: 0, To: 3600}) }, inconclusive, regressed,
		},
		"errors in the logs convict": {
			guardLogs, func(s *sim) Case { c := s.allAtOnce(1800, 1, 1); c.Streams = append(c.Streams, logged(1, 6)); return c }, regressed, inconclusive,
		},
		"a new exception convicts": {
			guardExceptions,
			func(s *sim) Case {
				c := s.allAtOnce(600, 1, 1)
				c.Streams = append(c.Streams, thrown(3, 100, 180, 260, 340, 420, 500))
				return c
			}, regressed, inconclusive,
		},
		"restarts out of a full memory convict": {
			guardRestarting,
			func(s *sim) Case {
				return instances(s.allAtOnce(1800, 1, 1), 25, sawtooth(300, 0), every(300, 300))
			}, regressed, inconclusive,
		},
		"more calls a request bar an acquittal": {
			guardCalls, func(s *sim) Case { return s.calls(s.withHistory(s.allAtOnce(1800, 1, 1), 3), 1, 3) }, inconclusive, healthy,
		},
		"lost requests convict": {
			guardThroughput,
			func(s *sim) Case {
				c := s.allAtOnce(1800, 1, 1)
				of := &c.Streams[0]
				of.Whole = append(evalue.CellsIn(of.Whole, evalue.Span{From: 0, To: drawn.Start}), s.Cells(drawn.Start, drawn.Start+1800, 0.05, 1, 1)...)
				return c
			}, regressed, inconclusive,
		},
		"silence of everything is lost telemetry": {
			guardHeartbeat,
			func(s *sim) Case {
				c := s.allAtOnce(1800, 1, 1)
				of := &c.Streams[0]
				of.Whole = evalue.CellsIn(of.Whole, evalue.Span{From: 0, To: drawn.Start + 300})
				return c
			}, inconclusive, regressed,
		},
		"a canary whose share still grows isn't acquitted": {
			guardHeld, func(s *sim) Case { return s.staged(600, 1, 0.1, 0.2, 0.4, 0.6) }, inconclusive, healthy,
		},
		"an acquittal takes twice the time of the rollout": {
			guardTwiceTheRollout,
			func(s *sim) Case { c := s.staged(600, 1, 0.1, 0.2, 0.4, 0.6); c.Finish = drawn.Start + 2300; return c }, inconclusive, healthy,
		},
		"zones that the change has reached are compared with the others": {
			guardZones, func(s *sim) Case { return s.inZones(1800, unequal(4, 1)...) }, regressed, inconclusive,
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := DefaultParams()
			require.Equal(t, tc.with, Assess(p, tc.of(newSim(7))).Outcome)
			p.Guards = guard.Without(tc.guard)
			require.Equal(t, tc.without, Assess(p, tc.of(newSim(7))).Outcome)
			require.Contains(t, p.Guards.Asked(), tc.guard)
		})
	}
}

func TestEveryGuardIsListedOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, g := range Guards() {
		require.NotEmpty(t, g.What, g.Name)
		require.False(t, seen[g.Name], g.Name)
		seen[g.Name] = true
	}
}

// With a set that switches nothing off, all comes out as without one.
func TestASetOfGuardsChangesNothingByItself(t *testing.T) {
	for name, of := range map[string]func(*sim) Case{
		"a canary":          func(s *sim) Case { return s.canary(1800, 0.3, 1, 1) },
		"a regressed one":   func(s *sim) Case { return s.canary(1800, 0.3, 5, 1) },
		"all at once, days": func(s *sim) Case { return s.withHistory(s.allAtOnce(1800, 1, 1), 3) },
		"a KPI that went up": func(s *sim) Case {
			return s.kpiCase(72, 1800, correlate.BadUp, func(at int64) float64 { return float64(40 * (at / (drawn.Start + 1))) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := DefaultParams()
			want := Assess(p, of(newSim(3)))
			p.Guards = guard.Without()
			require.Equal(t, want, Assess(p, of(newSim(3))))
			require.NotEmpty(t, p.Guards.Asked())
		})
	}
}

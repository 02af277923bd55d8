package judge

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/drawn"
)

// place is a zone of a simulated service: its part of the requests, how its errors and latencies usually compare with the
// others', when the change reaches it (seconds after the start, -1 for never), and what the change does there.
type place struct {
	part           float64
	errors, slower float64
	reached        int64
	bad, slow      float64
}

// inZones is a case of a service without versions, whose change goes on zone by zone.
func (s *sim) inZones(seconds int64, places ...place) Case {
	c := Case{Resolution: s.Resolution, Coarse: 300, Now: drawn.Start + seconds, Start: drawn.Start}
	whole := []correlate.Cell(nil)
	for i, p := range places {
		z := Zone{Name: fmt.Sprint("zone-", i)}
		changed := drawn.Start + seconds
		if p.reached >= 0 {
			changed = min(changed, drawn.Start+p.reached)
			z.Reached = drawn.Start + p.reached
		}
		z.Cells = s.Cells(drawn.Start-360*s.Resolution, changed, p.part, p.errors, p.slower)
		bad, slow := max(p.bad, 1), max(p.slow, 1)
		z.Cells = append(z.Cells, s.Cells(changed, drawn.Start+seconds, p.part, p.errors*bad, p.slower*slow)...)
		c.Zones = append(c.Zones, z)
		if whole == nil {
			whole = z.Cells
			continue
		}
		whole = added(whole, z.Cells)
	}
	c.Streams = []Stream{{Kind: correlate.Traffic, Whole: whole}}
	return c
}

// unequal are three zones of which one is changed; they differ by themselves.
func unequal(bad, slow float64) []place {
	return []place{
		{part: 0.3, errors: 2, slower: 1.3, bad: bad, slow: slow},
		{part: 0.5, errors: 1, slower: 1, reached: -1},
		{part: 0.2, errors: 0.5, slower: 0.8, reached: -1},
	}
}

func TestAFaultInTheChangedZoneIsSeenSoon(t *testing.T) {
	for name, tc := range map[string]struct {
		bad, slow float64
		rps       float64
		within    int64
	}{
		"three times the errors":       {bad: 3, rps: 50, within: 400},
		"ten times the errors":         {bad: 10, rps: 50, within: 120},
		"half as slow again":           {slow: 1.5, rps: 50, within: 120},
		"ten times, with few requests": {bad: 10, rps: 5, within: 400},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(7)
			s.RPS = tc.rps
			after, a := firstRegressed(DefaultParams(), s.inZones(1800, unequal(tc.bad, tc.slow)...), 10)
			require.NotZero(t, after, "%+v", a)
			require.LessOrEqual(t, after, tc.within)
			require.Equal(t, correlate.GradeB, a.Grade)
			require.Equal(t, correlate.GradeB, a.Evidence[0].Grade)
			require.Positive(t, a.Contrast)
		})
	}
}

func TestTheEvidenceOfZonesIsInRealNumbers(t *testing.T) {
	s := newSim(3)
	s.RPS = 100
	c := s.inZones(600, unequal(4, 1)...)
	a := Assess(DefaultParams(), c)
	require.Equal(t, correlate.Regressed, a.Outcome)
	e := a.Evidence[0]
	require.Equal(t, "error_ratio", e.Signal)
	require.InDelta(t, 0.01, e.Baseline, 0.003, "what this zone would have had")
	require.InDelta(t, 0.04, e.Observed, 0.006)
	require.InDelta(t, 30*float64(c.Now-a.Onset), float64(e.N), 0.1*float64(e.N))
	require.InDelta(t, e.Observed*float64(e.N), float64(e.Events), 1)
	slow := Assess(DefaultParams(), newSim(3).inZones(900, unequal(1, 2)...)).Evidence[0]
	require.InDelta(t, 2, slow.Ratio, 0.3)
	require.InDelta(t, 0.05*1.3*1.9, slow.Baseline, 0.05, "seconds")
}

func TestAnOutageOfAllZonesIsNotTheChanges(t *testing.T) {
	for name, tc := range map[string]struct {
		trouble  float64
		from, to int64
	}{
		"from the change on":     {5, 0, 1800},
		"some minutes later":     {3, 600, 1200},
		"a while before it, too": {4, -600, 900},
		"twentyfold, and short":  {20, 300, 500},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(10) {
				s := newSim(seed)
				s.RPS = 10 // the outage brings retries, too
				s.Shared = func(at int64) float64 {
					if at >= drawn.Start+tc.from && at < drawn.Start+tc.to {
						return tc.trouble
					}
					return 1
				}
				after, a := firstRegressed(DefaultParams(), s.inZones(1800, unequal(1, 1)...), 30)
				require.Zero(t, after, "%d: %+v", seed, a)
			}
		})
	}
}

// An outage that fails one request in twenty does that in every zone, however rare errors usually are there.
func TestAnOutageThatAddsErrorsIsNotTheChanges(t *testing.T) {
	for seed := range uint64(10) {
		s := newSim(seed)
		s.RPS = 50
		places := unequal(1, 1)
		c := s.inZones(1200, places[2], places[1], place{part: 0.5, errors: 4, slower: 1, reached: -1})
		c.Zones[0].Reached, c.Zones[1].Reached = drawn.Start, 0
		for i := range c.Zones {
			for j := range c.Zones[i].Cells {
				if cell := &c.Zones[i].Cells[j]; cell.Start >= drawn.Start+300 {
					cell.Errors += s.Poisson(0.05 * float64(cell.Requests))
				}
			}
		}
		c.Streams[0].Whole = added(added(c.Zones[0].Cells, c.Zones[1].Cells), c.Zones[2].Cells)
		after, a := firstRegressed(DefaultParams(), c, 30)
		require.Zero(t, after, "%d: %+v", seed, a)
	}
}

// TestHealthyZonesAreSeldomConvicted looks every half minute for half an hour, in zones that differ and stray.
func TestHealthyZonesAreSeldomConvicted(t *testing.T) {
	alarms, runs := 0, 300
	for seed := range uint64(runs) {
		s := newSim(seed)
		s.RPS = []float64{3, 20, 60}[seed%3]
		s.Burst = []float64{0, 1, 3}[seed/3%3]
		c := s.inZones(1800, unequal(1, 1)...)
		if seed%2 == 1 {
			c.Zones[2].Reached = drawn.Start + 900
		}
		if after, a := firstRegressed(DefaultParams(), c, 30); after > 0 {
			t.Logf("seed %d after %d s: %+v", seed, after, a.Evidence[0])
			alarms++
		}
	}
	require.LessOrEqual(t, alarms, runs/100)
}

func TestUnchangedZonesAcquit(t *testing.T) {
	s := newSim(5)
	s.RPS = 50
	c := s.inZones(1800, unequal(1, 1)...)
	early := c
	early.Now = drawn.Start + 600
	require.Equal(t, correlate.Inconclusive, Assess(DefaultParams(), early).Outcome)
	a := Assess(DefaultParams(), c)
	require.Equal(t, correlate.Healthy, a.Outcome, "%+v", a)
	require.Equal(t, correlate.GradeB, a.Grade)
	for i := range c.Zones { // the rollout goes on, and nothing is held
		c.Zones[i].Reached = drawn.Start + int64(i)*600
	}
	require.Equal(t, correlate.Inconclusive, Assess(DefaultParams(), c).Outcome)
}

func TestZonesOneAfterTheOther(t *testing.T) {
	s := newSim(5)
	s.RPS = 60
	places := []place{
		{part: 0.4, errors: 1, slower: 1, reached: 0}, {part: 0.3, errors: 2, slower: 1, reached: 600}, {part: 0.3, errors: 1, slower: 1, reached: 1200},
	}
	healthy := s.inZones(3600, places...)
	healthy.Finish = drawn.Start + 1200
	a := Assess(DefaultParams(), healthy)
	require.Equal(t, correlate.Healthy, a.Outcome, "%+v", a)
	for i := range places {
		places[i].bad = 3
	}
	after, a := firstRegressed(DefaultParams(), s.inZones(1800, places...), 30)
	require.Less(t, after, int64(600))
	require.Equal(t, correlate.GradeB, a.Grade)
}

func TestZonesWithAMemoryAndWithout(t *testing.T) {
	s := newSim(11)
	c := s.inZones(2400, place{part: 0.4, errors: 1, slower: 1, bad: 2}, place{part: 0.3, errors: 1, slower: 1, reached: 900}, place{part: 0.3, errors: 1, slower: 1, reached: -1})
	c.Finish = drawn.Start + 900
	var m Memory
	p := DefaultParams()
	for now := drawn.Start + 10; now <= c.Now; now += 70 {
		k := upTo(c, now)
		fresh := Assess(p, k)
		require.Equal(t, fresh, m.Assess(&p, &k))
		if fresh.Outcome == correlate.Regressed {
			require.False(t, new(Memory).Quiet(&p, &k))
		}
	}
}

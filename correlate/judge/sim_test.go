package judge

import (
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/drawn"
)

// sim makes cases of a service.
type sim struct{ drawn.Service }

func newSim(seed uint64) *sim { return &sim{drawn.New(seed)} }

// canary is a case in which the new version serves a part of the traffic for some seconds.
func (s *sim) canary(seconds int64, part, errors, slower float64) Case {
	new, old := s.Cells(drawn.Start, drawn.Start+seconds, part, errors, slower), s.Cells(drawn.Start, drawn.Start+seconds, 1-part, 1, 1)
	whole := append(s.Cells(drawn.Start-360*s.Resolution, drawn.Start, 1, 1, 1), added(new, old)...)
	return Case{
		Resolution: s.Resolution, Coarse: 300, Now: drawn.Start + seconds, Start: drawn.Start, Finish: drawn.Start + 60,
		Streams: []Stream{{Kind: correlate.Traffic, New: new, Old: old, Whole: whole}},
	}
}

// allAtOnce is a case in which every request is served by the new version from the start.
func (s *sim) allAtOnce(seconds int64, errors, slower float64) Case {
	whole := append(s.Cells(drawn.Start-360*s.Resolution, drawn.Start, 1, 1, 1), s.Cells(drawn.Start, drawn.Start+seconds, 1, errors, slower)...)
	return Case{
		Resolution: s.Resolution, Coarse: 300, Now: drawn.Start + seconds, Start: drawn.Start, Finish: drawn.Start,
		Streams: []Stream{{Kind: correlate.Traffic, Whole: whole}},
	}
}

// upTo is what was known of a case at an earlier instant.
func upTo(c Case, now int64) Case {
	c.Now = now
	c.Streams = append([]Stream(nil), c.Streams...)
	for i := range c.Streams {
		s := &c.Streams[i]
		s.New, s.Old, s.Whole = ended(s.New, now, c.Resolution), ended(s.Old, now, c.Resolution), ended(s.Whole, now, c.Resolution)
	}
	c.Zones = append([]Zone(nil), c.Zones...)
	for i := range c.Zones {
		z := &c.Zones[i]
		if z.Cells = ended(z.Cells, now, c.Resolution); z.Reached > now {
			z.Reached = 0
		}
	}
	if calls := c.Calls; calls != nil {
		c.Calls = func() []Calls {
			all := calls()
			for i := range all {
				all[i].Whole = ended(all[i].Whole, now, c.Resolution)
			}
			return all
		}
	}
	return c
}

func ended(cells []correlate.Cell, now, width int64) []correlate.Cell {
	n := len(cells)
	for n > 0 && cells[n-1].Start+width > now {
		n--
	}
	return cells[:n:n]
}

func added(a, b []correlate.Cell) []correlate.Cell {
	out := make([]correlate.Cell, len(a))
	for i := range a {
		out[i] = a[i]
		out[i].Latency = append(correlate.Histogram(nil), a[i].Latency...)
		out[i].Merge(b[i])
	}
	return out
}

// firstRegressed looks at a case after every so many seconds, and returns after how many it was first regressed, 0 when
// never, together with the last assessment.
func firstRegressed(p Params, c Case, every int64) (int64, Assessment) {
	var a Assessment
	for now := c.Start + every; now <= c.Now; now += every {
		if a = Assess(p, upTo(c, now)); a.Outcome == correlate.Regressed {
			return now - c.Start, a
		}
	}
	return 0, a
}

// withHistory puts days of coarse cells before a case.
func (s *sim) withHistory(c Case, days int64) Case {
	fine := s.Resolution
	s.Resolution = c.Coarse
	to := c.Streams[0].Whole[0].Start
	c.Streams[0].History = s.Cells(to-days*86400, to, 1, 1, 1)
	s.Resolution = fine
	return c
}

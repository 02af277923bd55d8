package points

import (
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// Miss is a scrape of a process that had requests of a service to tell and didn't answer, in Unix milliseconds.
type Miss struct {
	Namespace, Service, Environment string
	At                              int64
}

// scrape is what `up` says of an instant.
type scrape struct {
	at       int64
	answered bool
}

// scrapes is which scrapes of a process were missed:
//
//  1. It didn't answer, and answers again as the same process: what it counted meanwhile is known later, and in one piece.
//  2. It hasn't answered for longer than a restart takes.
//  3. It was scraped again after a hole: whoever scrapes was away.
//
// What was restarted had nothing to tell meanwhile, and what isn't scraped any more is gone.
type scrapes struct {
	ahead  []scrape // sorted
	last   scrape   // that was passed
	good   int64    // the last that was answered
	failed []int64  // since then
}

// longestRestart is how long a process may not answer while it is started again, in milliseconds, and longestHole is after how
// long a hole is none: the process is as new as at first.
const (
	longestRestart = 2 * 60_000
	longestHole    = 30 * 60_000
)

func (s *scrapes) note(at int64, answered bool) {
	if at <= s.last.at {
		return
	}
	i, known := slices.BinarySearchFunc(s.ahead, at, func(a scrape, at int64) int { return int(a.at - at) })
	if !known {
		s.ahead = slices.Insert(s.ahead, i, scrape{at: at})
	}
	s.ahead[i].answered = s.ahead[i].answered || answered
}

// pass goes on to an instant and returns which scrapes were missed. Every is how long it is from one to the next, 0 while that is
// unknown; began is when the process did that was scraped at an instant, 0 when that is unknown.
func (s *scrapes) pass(to, every int64, began func(at int64) int64) (missed []int64) {
	n := 0
	for ; n < len(s.ahead) && s.ahead[n].at <= to; n++ {
		now := s.ahead[n]
		missed = append(missed, s.hole(now.at, every)...)
		if now.answered {
			// Another replica that scraped it at about the same time had an answer.
			beside := len(s.failed) == 1 && now.at-s.failed[0] < every*3/4
			if !beside && began(now.at) <= s.good {
				missed = append(missed, s.failed...)
			}
			s.failed, s.good = s.failed[:0], now.at
		} else if s.good > 0 && now.at-s.good > every/2 {
			s.failed = append(s.failed, now.at)
		}
		s.last = now
	}
	s.ahead = slices.Delete(s.ahead, 0, n)
	if n := len(s.failed); n > 0 && s.failed[n-1]-s.good > longestRestart {
		missed = append(missed, s.failed...)
		s.failed = s.failed[:0]
	}
	return missed
}

// hole is the scrapes that there weren't before one.
func (s *scrapes) hole(at, every int64) (missed []int64) {
	if s.last.at == 0 || every <= 0 || at-s.last.at <= 2*every || at-s.last.at > longestHole {
		return nil
	}
	for t := s.last.at + every; t < at-every/2; t += every {
		missed = append(missed, t)
	}
	return missed
}

// tellsBy is which family of a service a process tells by.
type tellsBy struct {
	teller *teller
	row    int
}

// miss notes the scrapes that were missed up to an instant, after Since, for all services that their processes tell.
func (r *Reader) miss(to int64) {
	for _, t := range r.targets {
		for _, at := range t.scrapes.pass(to, t.Every(), t.Began) {
			for by, of := range t.tells {
				if at <= r.options.Since || by.teller.outdone(r.options.Table, by.row, at) {
					continue
				}
				res := r.resource(of, at)
				r.missed = append(r.missed, Miss{res.namespace, res.service, res.environment, at})
			}
		}
	}
}

// Missed is which scrapes were missed since the last call, in no order.
func (r *Reader) Missed() []Miss {
	missed := r.missed
	r.missed = nil
	return missed
}

// Tally counts what was missed as losses of the services, also under their names with a namespace.
func Tally(t *correlate.Tally, all []Miss) {
	for _, m := range all {
		p := correlate.Place{Service: m.Service, Environment: m.Environment}
		if p.Environment == "" {
			p.Environment = correlate.DefaultEnvironment
		}
		t.Miss(p, m.At/1000)
		if m.Namespace != "" {
			p.Service = m.Namespace + "/" + m.Service
			t.Miss(p, m.At/1000)
		}
	}
}

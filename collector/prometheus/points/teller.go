package points

import "github.com/shipwake/shipwake/collector/prometheus/families"

// service is whose requests are told, as the series name it.
type service struct{ namespace, name, environment string }

// teller is which families tell the requests of a service, and which do by a counter.
type teller struct {
	service
	rows, counters stretches
}

// stretches are, by the row of a family, from when until when it told, in milliseconds.
type stretches map[int]*[2]int64

func (all stretches) tell(row int, at int64) {
	s := all[row]
	if s == nil {
		all[row] = &[2]int64{at, at}
		return
	}
	s[0], s[1] = min(s[0], at), max(s[1], at)
}

// silentAfter is how long a family must be silent before the next one counts.
const silentAfter = 10 * 60 * 1000

func (all stretches) told(row int, at int64) bool {
	s := all[row]
	return s != nil && s[0] <= at && at-s[1] < silentAfter
}

func (r *Reader) teller(of service) *teller {
	t := r.services[of]
	if t == nil {
		t = &teller{service: of, rows: stretches{}, counters: stretches{}}
		r.services[of] = t
	}
	return t
}

// outdone says that a family that is preferred tells the same requests at an instant.
func (t *teller) outdone(table *families.Table, row int, at int64) bool {
	own := table.Row(row).Protocol
	for other := range row {
		if p := table.Row(other).Protocol; (p == own || p == families.Any || own == families.Any) && t.rows.told(other, at) {
			return true
		}
	}
	return false
}

// newest is when the service was told of last.
func (t *teller) newest() (at int64) {
	for _, s := range t.rows {
		at = max(at, s[1])
	}
	return at
}

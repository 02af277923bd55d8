package points

import (
	"cmp"
	"slices"

	"github.com/shipwake/shipwake/collector/prometheus/counts"
)

// Told is what is known of a service.
type Told struct {
	Namespace, Service, Environment string
	Families                        []string // that tell its requests, in the order of preference: the first one of a protocol counts
	Series                          int      // counters and histograms
	Processes                       int
	Versions                        []string // that are told of it; none when no process tells one
	Started                         bool     // its processes tell when they began
}

// Survey is what is known of every service, by name, as of an instant in milliseconds.
func (r *Reader) Survey(at int64) []Told {
	found := map[*teller]*surveyed{}
	for _, g := range r.groups {
		s := found[g.Of.teller]
		if s == nil {
			s = &surveyed{targets: map[*target]bool{}, rows: map[int]bool{}, versions: map[string]bool{}}
			found[g.Of.teller] = s
		}
		s.add(r, g, at)
	}
	all := make([]Told, 0, len(found))
	for of, s := range found {
		all = append(all, s.told(r, of))
	}
	slices.SortFunc(all, func(a, b Told) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Environment, b.Environment))
	})
	return all
}

// surveyed is what was found of a service.
type surveyed struct {
	series      int
	targets     map[*target]bool
	rows        map[int]bool
	versions    map[string]bool
	environment string
	started     bool
}

func (s *surveyed) add(r *Reader, g *counts.Group[*told], at int64) {
	s.series++
	s.targets[g.Of.target] = true
	s.rows[g.Of.row] = true
	res := r.resource(g.Of, at)
	s.environment = res.environment
	if res.version != "" {
		s.versions[res.version] = true
	}
	s.started = s.started || g.Of.family.Own && g.Of.target.Began(at) > 0
}

func (s *surveyed) told(r *Reader, of *teller) Told {
	t := Told{
		Namespace: of.namespace, Service: of.name, Environment: s.environment, Series: s.series, Processes: len(s.targets),
		Versions: sorted(s.versions), Started: s.started,
	}
	for _, row := range sorted(s.rows) {
		t.Families = append(t.Families, r.options.Table.Row(row).Name)
	}
	return t
}

func sorted[K cmp.Ordered](set map[K]bool) (all []K) {
	for k := range set {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

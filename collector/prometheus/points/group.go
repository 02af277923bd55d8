package points

import (
	"math"
	"strconv"

	"github.com/shipwake/shipwake/collector/prometheus/counts"
	"github.com/shipwake/shipwake/collector/prometheus/families"
)

// groupKey tells counters and histograms apart.
type groupKey struct {
	target *target
	metric string // without a histogram's suffix
	labels string // that all series of it share
}

// told is what is known of a group, whenever it is scraped.
type told struct {
	family *families.Family
	target *target
	teller *teller
	row    int
	unit   string // of a histogram; "" for a counter
	labels families.Labels
	ended  families.Ended
	known  bool // how its requests ended
	route  string
}

// group finds or makes the group of a series.
func (r *Reader) group(s *Series, as families.Told, l families.Labels) *Series {
	metric := l.Get(families.MetricName)
	part := counts.Part{Role: counts.Value}
	shared := l.Without(families.MetricName)
	switch as.Role {
	case families.Bucket:
		le, err := strconv.ParseFloat(l.Get("le"), 64)
		if err != nil || math.IsNaN(le) {
			r.lost++
			return nil
		}
		metric, part = metric[:len(metric)-len("_bucket")], counts.Part{Role: counts.Bucket, Le: le}
		shared = shared.Without("le")
	case families.Count:
		metric, part = metric[:len(metric)-len("_count")], counts.Part{Role: counts.Count}
	case families.Sum:
		metric, part = metric[:len(metric)-len("_sum")], counts.Part{Role: counts.Sum}
	case families.Native:
		if l.Get("quantile") != "" {
			return nil // a summary's
		}
		part, s.native = counts.Part{Role: counts.Native}, true
	}
	key := groupKey{s.target, metric, shared.Key()}
	g := r.groups[key]
	if g == nil || g.Gone() {
		of := r.read(s.target, as, shared)
		if of == nil {
			return nil
		}
		g = r.book.Group(of, &s.target.Target, s.target.metric(metric))
		r.groups[key] = g
	}
	var ok bool
	s.group = g
	if s.part, ok = r.book.Part(g, part); !ok {
		return nil
	}
	return s
}

// read is what the labels of a group say; nil when they name no service, or when its requests are none.
func (r *Reader) read(t *target, as families.Told, l families.Labels) *told {
	family := r.options.Table.Row(as.Row)
	of := &told{family: family, target: t, row: as.Row, unit: as.Unit, labels: l, route: family.RouteOf(l)}
	if of.ended, of.known = family.EndedOf(l); of.ended.Left {
		return nil
	}
	namespace, name := family.ServiceOf(l)
	if name == "" {
		return nil
	}
	of.teller = r.teller(service{namespace, name, l.First(families.EnvironmentLabels...)})
	t.tells[tellsBy{of.teller, of.row}] = of
	return of
}

// tells notes that the service's requests are told.
func (of *told) tells(at int64) {
	of.teller.rows.tell(of.row, at)
	if of.unit == "" {
		of.teller.counters.tell(of.row, at)
	}
}

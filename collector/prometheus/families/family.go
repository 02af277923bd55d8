package families

import (
	"regexp"
	"strings"
)

// Protocol is what is served. A service may serve both; a family that is of any protocol tells the requests of all.
type Protocol uint8

// The protocols.
const (
	Any Protocol = iota
	HTTP
	RPC
)

// Family is one row of the table. Names have underscores, also where Prometheus has dots.
type Family struct {
	Name      string // as the configuration and the pages call it
	Protocol  Protocol
	Own       bool       // the process that is scraped is the one that serves
	Counter   string     // the counter of requests; "" when the histogram is all there is
	Durations []Duration // of which a process exposes one at most; none when there is no histogram
	Status    []string   // labels that tell how a request ended; the first one that decides counts
	Service   []string   // labels that name the service, before those of all families
	Version   []string   // likewise
	Route     []string
	Only      map[string]*regexp.Regexp // the values of a label that count; others tell the same requests again, or none
	Failed    map[string]*regexp.Regexp // in place of Status, values of labels that each say that the requests failed
}

// Duration is a histogram, by its name without _bucket, and its unit, s or ms.
type Duration struct{ Name, Unit string }

// The labels that say whose requests they are, whoever exposes the metric.
var (
	serviceLabels     = []string{"service_name", "exported_service", "app_kubernetes_io_name", "app", "application", "workload", "job"}
	versionLabels     = []string{"service_version", "app_kubernetes_io_version", "app_version", "version"}
	EnvironmentLabels = []string{"deployment_environment_name", "deployment_environment", "environment", "env"}
	ZoneLabels        = []string{"cloud_availability_zone", "topology_kubernetes_io_zone", "zone", "availability_zone"}
)

// Role is what a series is to its family.
type Role uint8

// The roles.
const (
	Requests Role = iota + 1 // the counter
	Bucket                   // one of the histogram's
	Count
	Sum
	Native // a native histogram
)

// suffixes of a histogram's series.
var suffixes = []struct {
	text string
	role Role
}{{"_bucket", Bucket}, {"_count", Count}, {"_sum", Sum}}

// Table is the families that are read, in the order of preference.
type Table struct {
	rows   []Family
	byName map[string][]Told
}

// Told is what a metric is to a family.
type Told struct {
	Row  int
	Role Role
	Unit string // of a histogram
}

// NewTable makes a table of rows.
func NewTable(rows []Family) *Table {
	t := &Table{rows: rows, byName: map[string][]Told{}}
	for i := range rows {
		f := &rows[i]
		if f.Counter != "" {
			t.byName[f.Counter] = append(t.byName[f.Counter], Told{i, Requests, ""})
		}
		for _, d := range f.Durations {
			t.byName[d.Name] = append(t.byName[d.Name], Told{i, Native, d.Unit})
			for _, s := range suffixes {
				t.byName[d.Name+s.text] = append(t.byName[d.Name+s.text], Told{i, s.role, d.Unit})
			}
		}
	}
	return t
}

// Row is a family by its place.
func (t *Table) Row(i int) *Family { return &t.rows[i] }

// Rows are the families in their order.
func (t *Table) Rows() []Family { return t.rows }

// Find is what a series is, and to which family; not ok when it is of none.
func (t *Table) Find(l Labels) (told Told, ok bool) {
	for _, as := range t.byName[l.Get(MetricName)] {
		if t.rows[as.Row].counts(l) {
			return as, true
		}
	}
	return Told{}, false
}

// counts says that the series is of those whose requests count.
func (f *Family) counts(l Labels) bool {
	for name, only := range f.Only {
		if !only.MatchString(l.Get(name)) {
			return false
		}
	}
	return !probes.MatchString(f.RouteOf(l))
}

// probes are routes that tell nothing of users.
var probes = regexp.MustCompile(`(?i)^/?(actuator|healthz?|livez?|readyz?|metrics|ping|-/(healthy|ready))(/.*)?$`)

// ServiceOf is the name of the service and its namespace; OpenTelemetry's job is namespace/name.
func (f *Family) ServiceOf(l Labels) (namespace, name string) {
	name = l.First(f.Service...)
	if name == "" {
		name = l.First(serviceLabels...)
		if name == l.Get("job") {
			if space, rest, ok := strings.Cut(name, "/"); ok {
				return space, rest
			}
		}
		return l.Get("service_namespace"), name
	}
	name, _, _ = strings.Cut(name, "@") // Traefik's provider
	return "", name
}

// VersionOf is the version that the series' own labels tell, "" when they tell none.
func (f *Family) VersionOf(l Labels) string {
	return l.First(append(f.Version[:len(f.Version):len(f.Version)], versionLabels...)...)
}

// RouteOf is the operation, "" when it isn't told.
func (f *Family) RouteOf(l Labels) string { return l.First(f.Route...) }

package points

import (
	"cmp"
	"strings"

	"github.com/shipwake/shipwake/collector/prometheus/counts"
	"github.com/shipwake/shipwake/collector/prometheus/families"
	"github.com/shipwake/shipwake/collector/prometheus/kube"
	"github.com/shipwake/shipwake/collector/prometheus/native"
)

const (
	defaultMaxSeries = 200_000
	mostTargets      = 20_000
	forgetAfter      = 60 * 60 * 1000 // milliseconds; then a series, a target or a service that is silent is forgotten
)

// Options of a Reader.
type Options struct {
	Table *families.Table
	// Environment is that of services whose series don't tell one; "" leaves it open.
	Environment string
	// ReplicaLabels tell apart servers that scrape the same.
	ReplicaLabels []string
	// Born is the version of a process that tells none, by the service, its environment and when the process began, in
	// milliseconds; "" when that is unknown. Nil knows none.
	Born func(service, environment string, began int64) string
	// Since and Whole are those of counts.Options.
	Since int64
	Whole bool
	// Longest is how long an increment may have taken, in milliseconds: of a longer one it isn't known when it was. 0: any.
	Longest int64
	// MaxSeries bounds the series that are remembered; 0 is 200,000.
	MaxSeries int
}

// Reader makes points of samples. It serves one goroutine.
type Reader struct {
	options  Options
	book     *counts.Book[*told]
	series   map[string]*Series
	targets  map[targetKey]*target
	groups   map[groupKey]*counts.Group[*told]
	services map[service]*teller
	lost     int64
	missed   []Miss
	pods     kube.Pods
	swept    int64
}

// New makes a reader that knows nothing yet.
func New(o Options) *Reader {
	o.MaxSeries = cmp.Or(o.MaxSeries, defaultMaxSeries)
	return &Reader{
		options:  o,
		book:     counts.NewBook[*told](counts.Options{Since: o.Since, Whole: o.Whole, MaxSeries: o.MaxSeries}),
		series:   map[string]*Series{},
		targets:  map[targetKey]*target{},
		groups:   map[groupKey]*counts.Group[*told]{},
		services: map[service]*teller{},
	}
}

// Lost is how many samples were of no use since the last call that should have been: late ones, ones beyond the bounds, and
// those of histograms that became others.
func (r *Reader) Lost() int64 {
	l := &r.book.Losses
	n := r.lost + l.Late + l.Overflow + l.Torn + l.Replica
	r.lost, *l = 0, counts.Losses{}
	return n
}

// Live is how many targets answered a scrape since an instant in milliseconds, and the oldest of their newest scrapes.
func (r *Reader) Live(since int64) (n int, oldest int64) {
	for _, t := range r.targets {
		if at := t.Newest(); at >= since {
			n++
			if oldest == 0 || at < oldest {
				oldest = at
			}
		}
	}
	return n, oldest
}

// Every is the longest time between two scrapes of a live target, in milliseconds; 0 while that is unknown.
func (r *Reader) Every(since int64) (every int64) {
	for _, t := range r.targets {
		if t.Newest() >= since {
			every = max(every, t.Every())
		}
	}
	return every
}

// Series is a series that is read; its samples may be added in any order.
type Series struct {
	r       *Reader
	role    role
	target  *target
	replica string
	labels  families.Labels // of what tells of the target
	group   *counts.Group[*told]
	part    int
	native  bool // its samples are histograms
	newest  int64
}

// role is what a series is good for.
type role uint8

const (
	counted role = iota + 1
	up
	started
	about
	built
	cluster // kube-state-metrics tells of others
)

// Sample is one value of a series, or one native histogram, in Unix milliseconds; Start is when the count began, 0 when unknown.
type Sample = counts.Sample

// Series is the series with some labels; nil when nobody asks for it, or when there are too many.
func (r *Reader) Series(l families.Labels) *Series {
	key := l.Key()
	if s := r.series[key]; s != nil && !s.Gone() {
		return s
	}
	s := r.open(l)
	if s == nil {
		return nil
	}
	if len(r.series) >= 2*r.options.MaxSeries {
		r.lost++
		return nil
	}
	r.series[key] = s
	return s
}

func (r *Reader) open(l families.Labels) *Series {
	s := &Series{r: r, role: roleOf(l.Get(families.MetricName)), replica: l.First(r.options.ReplicaLabels...), labels: l}
	told, ok := r.options.Table.Find(l)
	switch {
	case ok:
		s.role = counted
	case s.role == 0:
		return nil
	case s.role == cluster:
		return s
	}
	l = l.Without(r.options.ReplicaLabels...)
	if s.target = r.target(l); s.target == nil {
		r.lost++
		return nil
	}
	if s.role != counted {
		return s
	}
	return r.group(s, told, l)
}

// Gone says that the series was forgotten: it must be asked for again.
func (s *Series) Gone() bool { return s.group != nil && s.group.Gone() }

func roleOf(metric string) role {
	switch {
	case metric == "up":
		return up
	case metric == "process_start_time_seconds":
		return started
	case metric == "target_info":
		return about
	case metric == "kube_pod_container_info", metric == "kube_pod_owner", metric == "kube_replicaset_created":
		return cluster
	case strings.HasSuffix(metric, "_build_info") && !strings.HasPrefix(metric, "go_"):
		return built
	}
	return 0
}

// Add takes a sample in.
func (s *Series) Add(sample Sample) {
	if sample.Value != sample.Value || (sample.Histogram != nil) != s.native {
		return // a marker that the series ended, or no number; or of another type than the metric is known to be
	}
	if s.native && sample.Histogram.Hint == native.Gauge {
		return
	}
	s.newest = max(s.newest, sample.At)
	if s.role == cluster {
		s.r.tellOf(s.labels, sample)
		return
	}
	if s.role == up {
		if s.target.scrapes.note(sample.At, sample.Value == 1); sample.Value != 1 {
			return
		}
	}
	if !s.r.options.Whole || s.role == up {
		s.target.Scraped(sample.At, s.replica)
	}
	switch s.role {
	case counted:
		sample.Replica = s.replica
		s.group.Of.tells(sample.At)
		s.r.book.Add(s.group, s.part, sample)
	case started:
		s.target.Started(sample.At, int64(sample.Value*1000))
	case about, built:
		s.target.note(s.role, sample.At, s.labels)
	}
}

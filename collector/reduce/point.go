package reduce

import (
	"hash/maphash"
	"strconv"

	"github.com/shipwake/shipwake/collector/reduce/convention"
	"github.com/shipwake/shipwake/correlate"
)

// MetricType is the shape of a metric's points.
type MetricType uint8

// The types of metric that can be read.
const (
	GaugeMetric MetricType = iota + 1
	SumMetric
	HistogramMetric
	ExponentialMetric
)

// Metric is what the points of one metric have in common.
type Metric struct {
	Scope     string // the instrumentation scope's name: two libraries may count under one metric name
	Name      string
	Unit      string
	Type      MetricType
	Delta     bool // delta temporality; a sum or histogram is cumulative otherwise
	Monotonic bool // sums only
}

// Attribute is one attribute of a point. Text is the value of a string, or of any other type as text; IsInt says that
// Int holds it instead.
type Attribute struct {
	Key   string
	Text  string
	Int   int64
	IsInt bool
}

// Point is one data point. Times are Unix nanoseconds, 0 when unknown.
type Point struct {
	Start, Time int64
	Attributes  []Attribute
	Labels      *Labels // what the attributes say, when that is known; then Attributes isn't looked at
	Missing     bool    // the sender says that there is no value
	Value       float64 // gauges and sums

	// Histograms. Buckets belong to Bounds, or to Scale and Offset with Zero beside them.
	Count         uint64
	Sum           float64 // 0 when unknown
	Buckets       []uint64
	Bounds        []float64
	Scale, Offset int32
	Zero          uint64 // includes the negative values of an exponential histogram
}

// namedMetric is what the name of a metric says, and its library's.
type namedMetric struct {
	scope, name string
	row         convention.Metric
	rules       []rule
	a, b        uint64 // hashes of the names
}

// namedMetric looks a name up, unless it was among the latest ones.
func (s *Sender) namedMetric(scope, name string) *namedMetric {
	m := &s.named[(len(scope)+len(name))%len(s.named)]
	if m.name != name || m.scope != scope || m.a == 0 {
		*m = namedMetric{
			scope: scope, name: name, row: convention.MetricNamed(name), rules: s.settings.signals[name],
			a: hash(streamSeeds[0], scope, name), b: hash(streamSeeds[1], scope, name),
		}
	}
	return m
}

// Reader takes the points of one metric of a Sender.
type Reader struct {
	s      *Sender
	metric Metric
	row    convention.Metric
	rules  []rule
	stream streamID
	unit   float64 // of a duration, in nanoseconds
	// silent, once known: what the metric tells is told by another one.
	known, silent bool
}

// Wanted is false when no point of any metric of a name would be read.
func (r *Reducer) Wanted(metric string) bool {
	return convention.MetricNamed(metric).Meaning != 0 || len(r.settings.Load().signals[metric]) > 0
}

// Metric begins the points of a metric.
func (s *Sender) Metric(m Metric) Reader {
	named := s.namedMetric(m.Scope, m.Name)
	r := Reader{s: s, metric: m, row: named.row, rules: named.rules, unit: convention.Nanoseconds(m.Unit, named.row.Unit)}
	if r.row.Count && len(r.rules) == 0 {
		r.metric.Type, r.metric.Monotonic = SumMetric, true // also where it is told as a gauge
	}
	if r.Wanted() {
		r.stream = s.identity().of(named, m.Type)
	}
	return r
}

// Wanted is false when no point of the metric would be read: all of them are Ignored.
func (r *Reader) Wanted() bool { return r.row.Meaning != 0 || len(r.rules) > 0 }

// Point counts a data point: a gauge's in the bucket of its time, an increment in the bucket that ends with it.
func (r *Reader) Point(p *Point) Result {
	s := r.s
	if !r.Wanted() || p.Missing {
		return Ignored
	}
	if result := s.timely(p.Time); result != Accepted {
		return result
	}
	var read labels
	labels := p.labels(&read)
	if r.row.Meaning.OfSpans() {
		read = *labels
		read.service = read.spansOf()
		labels = &read
	}
	owner := s.owner(labels, r.row.Meaning.Graph())
	if owner == nil {
		return Unusable
	}
	var change change
	if result := r.change(p, owner, &change); result != Accepted {
		return result
	}
	if change.absurd() {
		return Unusable
	}
	s.r.saw(p.Time)
	if change.nothing() && !r.row.Count {
		return Accepted
	}
	result := Ignored
	if !r.isSilent(p) {
		result = r.builtin(p, labels, owner, &change)
	}
	for i := range r.rules {
		result = better(result, r.custom(&r.rules[i], p, owner, &change))
	}
	return result
}

// labels is what the attributes say, read into the labels given when that isn't known.
func (p *Point) labels(into *labels) *labels {
	if p.Labels != nil {
		return &p.Labels.labels
	}
	*into = readLabels(p.Attributes)
	return into
}

func (p *Point) attributes() []Attribute {
	if p.Labels != nil {
		return p.Labels.attributes
	}
	return p.Attributes
}

// isSilent decides with the first point of the metric for all of them.
func (r *Reader) isSilent(p *Point) bool {
	if !r.known {
		r.known, r.silent = true, r.s.silent(r.row, &r.metric, r.stream, p.Time)
	}
	return r.silent
}

// better joins the results of several readings of one point: one that was of use outweighs one that wasn't, except
// that a loss is always told.
func better(a, b Result) Result {
	if a == Ignored || (a == Accepted && b == Overflow) {
		return b
	}
	return a
}

// owner is the scope that a point belongs to: the resource's, unless a connector put another service's name on the
// point itself. Nil when there is no name at all; a service graph names its services otherwise, so its owner may have
// none.
func (s *Sender) owner(l *labels, nameless bool) *scope {
	if s.scope != nil && l.service == "" && l.namespace == "" && l.version == "" && l.environment == "" {
		return s.scope
	}
	id := s.resource.identity()
	if l.service != "" && l.service != id.service {
		id.service, id.namespace, id.version = clip(l.service), "", ""
	}
	if l.namespace != "" {
		id.namespace = clip(l.namespace)
	}
	if l.version != "" {
		id.version = clip(l.version)
	}
	if l.environment != "" {
		id.environment = clip(l.environment)
	}
	if !names(id.service) && !nameless {
		return nil
	}
	return s.scopeOf(id)
}

func (s *Sender) scopeOf(id identity) *scope {
	if s.scope != nil && s.scope.identity == id {
		return s.scope
	}
	return s.r.scopes.at(id)
}

// change is what a point adds: the increase since the point before, or the value of a gauge.
func (r *Reader) change(p *Point, owner *scope, into *change) Result {
	m := &r.metric
	gauge := m.Type == GaugeMetric || (m.Type == SumMetric && !m.Monotonic && !m.Delta)
	switch {
	case !p.plausible(m):
		return Unusable
	case gauge:
		into.at, into.value, into.gauge = p.Time, p.Value, true
		return Accepted
	case m.Delta:
		into.whole(m, p)
		return Accepted
	}
	result := r.s.r.streams.increase(r.stream, m, p, owner, &r.s.cumulative, into)
	if result == Overflow {
		r.s.r.losses.lose(owner.place(), correlate.LostStreams, r.s.bucket(p.Time))
	}
	return result
}

// streamID tells cumulative streams apart: a sender's, a metric's and, in the end, a point's. Both halves are hashes
// under seeds of their own; process is the sender alone.
type streamID struct{ a, b, process uint64 }

// with adds the point's attributes, and its start: a process that starts again, or a second one that looks the same, is
// another stream.
func (id streamID) with(p *Point) streamID {
	m := p.mark()
	id.a += m.a
	id.b += m.b
	start := uint64(p.Start) * 0x94D049BB133111EB
	id.a, id.b, id.process = id.a^start, id.b+start, id.process^start
	return id
}

func (p *Point) mark() mark {
	if p.Labels != nil {
		return p.Labels.mark
	}
	return markOf(p.Attributes)
}

// mark tells attributes apart, in whatever order they come.
type mark struct{ a, b uint64 }

func markOf(attributes []Attribute) (m mark) {
	var h maphash.Hash
	h.SetSeed(attributeSeed)
	for _, at := range attributes {
		h.Reset()
		h.WriteString(at.Key)
		h.WriteByte(0)
		h.WriteString(at.Text)
		if at.IsInt {
			var digits [20]byte
			h.Write(strconv.AppendInt(digits[:0], at.Int, 10))
		}
		v := h.Sum64()
		m.a += v * 0x9E3779B97F4A7C15
		m.b += (v ^ v>>29) * 0xBF58476D1CE4E5B9
	}
	return m
}

var attributeSeed = maphash.MakeSeed()

// builtin counts a point of a metric that is understood without configuration.
func (r *Reader) builtin(p *Point, l *labels, owner *scope, c *change) Result {
	switch r.row.Meaning {
	case convention.HTTPServer:
		return r.served(owner, seriesKey{kind: correlate.Traffic, origin: correlate.OriginServerMetric}, l, c)
	case convention.RPCServer:
		return r.served(owner, seriesKey{kind: correlate.Traffic, origin: correlate.OriginRPCMetric}, l, c)
	case convention.HTTPClient, convention.RPCClient:
		return r.clientRequests(owner, l, c)
	case convention.SpanCalls, convention.SpanDuration:
		return r.spanMetrics(owner, l, c)
	case convention.GraphTotal, convention.GraphFailed, convention.GraphSeconds:
		return r.serviceGraph(l, owner, c)
	case convention.Saturation:
		return r.saturated(p, l, owner, c)
	}
	return Ignored
}

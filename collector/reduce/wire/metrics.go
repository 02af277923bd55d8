package wire

import "github.com/shipwake/shipwake/collector/reduce"

// Walk collects the points of a request of those metrics that are wanted. It is false when the request is odd. The error is
// the Room's.
func (b *Points) Walk(body []byte, known *Known, wanted func(metric string) bool) (bool, error) {
	b.wanted, b.known = wanted, known
	ok := walk(body, known, b)
	return ok, b.err
}

func (b *Points) scope(name string) {
	for ; b.named < len(b.metrics); b.named++ {
		b.metrics[b.named].Scope = name
	}
}

// resource ends the points of a resource. One without any says nothing.
func (b *Points) resource(of *reduce.Resource, _ int) bool {
	if b.n == b.before {
		b.metrics = b.metrics[:grouped(b.groups)]
		b.named = len(b.metrics)
		return true
	}
	b.before = b.n
	b.groups = append(b.groups, group{of, len(b.metrics)})
	return b.pay(groupBytes)
}

// The tags of a metric's fields.
const (
	metricName        = 1<<3 | wireLength
	metricDescription = 2<<3 | wireLength
	metricUnit        = 3<<3 | wireLength
	metricGauge       = 5<<3 | wireLength
	metricSum         = 7<<3 | wireLength
	metricHistogram   = 9<<3 | wireLength
	metricExponential = 10<<3 | wireLength
	metricSummary     = 11<<3 | wireLength
	metricMetadata    = 12<<3 | wireLength
)

// record reads a metric: its name, which may come last, decides whether its points are of use.
func (b *Points) record(m []byte) bool {
	var of metric
	var data []byte
	kind := byte(0)
	for at := 0; at < len(m); {
		from, to, ok := length(m, at+1)
		if !ok {
			return false
		}
		part := m[from:to]
		switch tag := m[at]; tag {
		case metricName:
			of.Name = str(part)
		case metricUnit:
			of.Unit = str(part)
		case metricDescription:
		case metricMetadata:
			ok = check(part, pairMessage, 0)
		case metricGauge, metricSum, metricHistogram, metricExponential, metricSummary:
			ok, kind, data = kind == 0, tag, part
		default:
			ok = false
		}
		if !ok {
			return false
		}
		at = to
	}
	if kind == 0 {
		return true
	}
	of.kind = kinds[kind]
	of.Type = of.kind.metric
	return b.data(&of, data)
}

// asked says whether a metric is wanted; many in a row have the same name.
func (b *Points) asked(name string) bool {
	if b.latest.name != name || name == "" {
		b.latest.name, b.latest.wanted = name, b.wanted(name)
	}
	return b.latest.wanted
}

// data reads the points of a metric, and what they have in common.
func (b *Points) data(of *metric, data []byte) bool {
	read := of.Type != 0 && b.asked(of.Name)
	for at := 0; at < len(data); {
		tag := data[at]
		if tag == tagBytes1 {
			from, to, ok := length(data, at+1)
			if !ok || !b.point(of, data[from:to], read) {
				return false
			}
			at = to
			continue
		}
		v, next, ok := varint(data, at+1)
		if !ok || v > 2 {
			return false
		}
		switch {
		case tag == temporality && of.kind.temporal:
			of.Delta = v == temporalityDelta
		case tag == monotonic && of.Type == reduce.SumMetric:
			of.Monotonic = v != 0
		default:
			return false
		}
		at = next
	}
	if !read {
		return true
	}
	of.to = b.points.n
	b.metrics = append(b.metrics, *of)
	return b.pay(metricBytes)
}

const (
	temporality = 2<<3 | wireVarint
	monotonic   = 3<<3 | wireVarint

	temporalityDelta = 1
)

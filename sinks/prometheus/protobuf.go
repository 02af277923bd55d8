package prometheus

import (
	"math"

	dto "github.com/prometheus/client_model/go"

	"github.com/shipwake/shipwake/sinks/prometheus/delimited"
)

// familyTypes are the types of metrics, as protobuf has them.
var familyTypes = map[Type]dto.MetricType{
	Counter: dto.MetricType_COUNTER, Gauge: dto.MetricType_GAUGE, Histogram: dto.MetricType_HISTOGRAM,
}

// familyHead is what goes before the metrics of a row, size bytes of them, in protobuf.
func familyHead(row *Metric, size int) []byte {
	return delimited.Family(nil, row.Name, row.Help, familyTypes[row.Type], size)
}

// putNumber writes a sample with the values of the row's labels.
func (l *lines) putNumber(value float64, values []string) {
	if !isNumber(value) {
		return
	}
	l.text = delimited.Metric(l.text, func(to []byte) []byte {
		for _, i := range l.order {
			to = delimited.Label(to, l.row.Labels[i], values[i])
		}
		return l.value(to, value)
	})
}

// sampleNumber writes a sample of a place or a change.
func (l *lines) sampleNumber(of *labels, before, after label, value float64) {
	if !isNumber(value) {
		return
	}
	l.text = delimited.Metric(l.text, func(to []byte) []byte { return l.value(of.appendTo(to, before, after), value) })
}

func (l *lines) value(to []byte, value float64) []byte {
	if l.row.Type == Counter {
		return delimited.Counter(to, value)
	}
	return delimited.Gauge(to, value)
}

// appendTo appends the same labels, in the same order, as text has.
func (of *labels) appendTo(to []byte, before, after label) []byte {
	if of.change != nil {
		to = delimited.Label(to, "change_id", of.change.id)
	}
	to = delimited.Label(to, "environment", of.environment)
	to = before.appendTo(to)
	if of.service != "" {
		to = delimited.Label(to, "service", of.service)
	}
	to = after.appendTo(to)
	if of.change != nil {
		to = delimited.Label(to, "version", of.change.version)
	}
	return to
}

func (of label) appendTo(to []byte) []byte {
	if of.name == "" {
		return to
	}
	return delimited.Label(to, of.name, of.value)
}

// sampleHistogram writes durations, by classic and by native buckets. The examples are with the classic ones, where whoever
// reads only native ones looks for them too.
func (l *lines) sampleHistogram(of *labels, r *histogram) {
	var total uint64
	for _, n := range r.counts {
		total += n
	}
	l.text = delimited.Metric(l.text, func(to []byte) []byte {
		return delimited.Histogram(of.appendTo(to, label{}, label{}), total, r.sum, r.appendTo, r.native)
	})
}

// appendTo appends the classic buckets; the last, which has no bound, when there is an example in it.
func (h *histogram) appendTo(to []byte) []byte {
	var total uint64
	for i, n := range h.counts {
		total += n
		bound := math.Inf(1)
		if i < len(h.bounds) {
			bound = h.bounds[i]
		} else if n == 0 {
			break
		}
		to = delimited.Bucket(to, total, bound, func(to []byte) []byte {
			if n == 0 {
				return to
			}
			e := h.examples[i]
			return delimited.Exemplar(to, "change_id", exemplarID(e.changeID), e.seconds, e.at)
		})
	}
	return to
}

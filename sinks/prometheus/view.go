package prometheus

import (
	"math"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/shipwake/shipwake/sinks"
)

// view is everything that one scrape shows.
type view struct {
	status      sinks.Status
	dora        doraStatus
	changes     map[changeKey]int64
	verdicts    map[verdictKey]int64
	judged      map[judgedKey]int64
	incidents   map[incidentKey]int64
	corrections map[correctionKey]int64
	regressions map[place]int64
	ongoing     map[place]int64
	recoveries  map[place]recoveries
	observed    []observation // at most maxShown
	hidden      int           // those under observation beyond
	newest      []observation
}

// writer writes the samples of one metric.
type writer struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	out  func(prometheus.Metric)
}

// put writes a sample. What isn't a number is no data, and no data is absent.
func (w *writer) put(value float64, labels ...string) {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return
	}
	if m, err := prometheus.NewConstMetric(w.desc, w.kind, value, labels...); err == nil {
		w.out(m)
	}
}

func (w *writer) count(value int64, labels ...string) { w.put(float64(value), labels...) }

// putIf writes a sample when there is one.
func (w *writer) putIf(value *float64, labels ...string) {
	if value != nil {
		w.put(*value, labels...)
	}
}

func (w *writer) flag(value bool, labels ...string) {
	if value {
		w.put(1, labels...)
	} else {
		w.put(0, labels...)
	}
}

func (w *writer) histogram(r recoveries, labels ...string) {
	buckets := make(map[float64]uint64, len(recoveryBounds))
	var total uint64
	var exemplars []prometheus.Exemplar
	for i, n := range r.counts {
		total += n
		if i < len(recoveryBounds) {
			buckets[recoveryBounds[i]] = total
		}
		if e := r.examples[i]; n > 0 {
			exemplars = append(exemplars, prometheus.Exemplar{
				Value: e.seconds, Labels: prometheus.Labels{"change_id": exemplarID(e.changeID)}, Timestamp: e.at,
			})
		}
	}
	m, err := prometheus.NewConstHistogram(w.desc, total, r.sum, buckets, labels...)
	if err != nil {
		return
	}
	if len(exemplars) > 0 {
		if with, err := prometheus.NewMetricWithExemplars(m, exemplars...); err == nil {
			m = with
		}
	}
	w.out(m)
}

// exemplarID cuts an id so that the labels of an exemplar stay within the 128 characters that OpenMetrics allows.
func exemplarID(id string) string {
	const most = prometheus.ExemplarMaxRunes - len("change_id")
	if runes := []rune(id); len(runes) > most {
		return string(runes[:most])
	}
	return id
}

// clean makes a label value of text from outside: valid UTF-8 of bounded length.
func clean(s string) string {
	if len(s) > maxLabel {
		s = s[:maxLabel]
	}
	return strings.ToValidUTF8(s, "")
}

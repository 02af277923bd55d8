package prometheus

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"strings"
)

// label is a label of one sample; the zero value is none.
type label struct{ name, value string }

// labels are those that all samples of a place or a change have, rendered once as text. A sample adds at most one label
// between head and body and one between body and end, so that the names are in order: head ends and end begins with a comma,
// unless they are empty.
type labels struct {
	head, body, end string
	place
	change *observation // nil for those of a place
}

// format is what an exposition is written in.
type format uint8

const (
	textFormat format = iota // Prometheus' own
	openMetrics
	protobuf
	formats = iota
)

// lines writes the samples of metrics.
type lines struct {
	text []byte
	format
	row *Metric
	// order is where the labels of the row stand when they are sorted by name.
	order []int
	begun bool // the row has a sample
}

// begin begins a metric. Nothing is written of one that gets no sample.
func (l *lines) begin(row *Metric) {
	l.row, l.begun, l.order = row, false, l.order[:0]
	for i := range row.Labels {
		l.order = append(l.order, i)
	}
	slices.SortFunc(l.order, func(a, b int) int { return strings.Compare(row.Labels[a], row.Labels[b]) })
}

// Write appends text.
func (l *lines) Write(text []byte) (int, error) {
	l.text = append(l.text, text...)
	return len(text), nil
}

// put writes a sample with the values of the row's labels. What isn't a number is no data, and no data is absent.
func (l *lines) put(value float64, values ...string) {
	if l.format == protobuf {
		l.putNumber(value, values)
		return
	}
	if !l.start(value, "") {
		return
	}
	opening := byte('{')
	for _, i := range l.order {
		l.text = append(l.text, opening)
		l.label(label{l.row.Labels[i], values[i]})
		opening = ','
	}
	if len(l.order) > 0 {
		l.text = append(l.text, '}')
	}
	l.end(value)
}

func (l *lines) count(value int64, values ...string) { l.put(float64(value), values...) }

func (l *lines) flag(value bool, values ...string) {
	if value {
		l.put(1, values...)
	} else {
		l.put(0, values...)
	}
}

// sample writes a sample of a place or a change.
func (l *lines) sample(of *labels, before, after label, value float64) {
	if l.format == protobuf {
		l.sampleNumber(of, before, after, value)
		return
	}
	if l.start(value, "") {
		l.labels(of, before, after)
		l.text = append(l.text, '}')
		l.end(value)
	}
}

// isNumber tells what is data: neither infinite nor no number.
func isNumber(value float64) bool { return !math.IsNaN(value) && !math.IsInf(value, 0) }

// start writes the head of the metric, if need be, and the name.
func (l *lines) start(value float64, suffix string) bool {
	if !isNumber(value) {
		return false
	}
	if !l.begun {
		l.begun = true
		l.head()
	}
	l.text = append(append(l.text, l.row.Name...), suffix...)
	return true
}

func (l *lines) head() {
	name, quote := l.row.Name, false
	if l.format == openMetrics {
		name, quote = strings.TrimSuffix(name, "_total"), true
	}
	l.text = append(append(append(l.text, "# HELP "...), name...), ' ')
	l.text = appendEscaped(l.text, l.row.Help, quote)
	l.text = append(append(append(l.text, "\n# TYPE "...), name...), ' ')
	l.text = append(append(l.text, l.row.Type...), '\n')
}

func (l *lines) labels(of *labels, before, after label) {
	l.text = append(append(l.text, '{'), of.head...)
	if before.name != "" {
		l.label(before)
		l.text = append(l.text, ',')
	}
	l.text = append(l.text, of.body...)
	if after.name != "" {
		l.text = append(l.text, ',')
		l.label(after)
	}
	l.text = append(l.text, of.end...)
}

func (l *lines) label(of label) { l.text = appendLabel(l.text, of) }

func appendLabel(to []byte, of label) []byte {
	to = append(append(to, of.name...), '=', '"')
	return append(appendEscaped(to, of.value, true), '"')
}

// appendEscaped appends a text with its backslashes, newlines and, if wanted, quotes escaped.
func appendEscaped(to []byte, s string, quote bool) []byte {
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\n':
			to = append(to, '\\', 'n')
		case c == '\\' || c == '"' && quote:
			to = append(to, '\\', c)
		default:
			to = append(to, c)
		}
	}
	return to
}

// end writes the value, and ends the line.
func (l *lines) end(value float64) {
	l.text = append(l.text, ' ')
	l.number(value)
	l.text = append(l.text, '\n')
}

// number writes the shortest form that is the same number; in OpenMetrics it shows that it is a float.
func (l *lines) number(value float64) {
	const short = 1e6 // from here on, exponents are written
	start := len(l.text)
	integer := -short < value && value < short && value == math.Trunc(value)
	if integer {
		l.text = strconv.AppendInt(l.text, int64(value), 10)
	} else {
		l.text = strconv.AppendFloat(l.text, value, 'g', -1, 64)
	}
	if l.format == openMetrics && (integer || !bytes.ContainsAny(l.text[start:], ".e")) {
		l.text = append(l.text, '.', '0')
	}
}

// histogram writes durations; nothing when there is none. Prometheus' text format shows no examples.
func (l *lines) histogram(of *labels, r *histogram) {
	if r == nil {
		return
	}
	if l.format == protobuf {
		l.sampleHistogram(of, r)
		return
	}
	var total uint64
	for i, n := range r.counts {
		total += n
		l.start(0, "_bucket")
		l.labels(of, label{}, label{})
		l.text = append(l.text, `,le="`...)
		if i < len(r.bounds) {
			l.number(r.bounds[i])
		} else {
			l.text = append(l.text, "+Inf"...)
		}
		l.text = strconv.AppendUint(append(l.text, `"} `...), total, 10)
		if n > 0 && l.format == openMetrics {
			l.example(r.examples[i])
		}
		l.text = append(l.text, '\n')
	}
	l.start(0, "_sum")
	l.labels(of, label{}, label{})
	l.text = append(l.text, '}')
	l.end(r.sum)
	l.start(0, "_count")
	l.labels(of, label{}, label{})
	l.text = append(strconv.AppendUint(append(l.text, "} "...), total, 10), '\n')
}

func (l *lines) example(e example) {
	l.text = append(l.text, " # {"...)
	l.label(label{"change_id", exemplarID(e.changeID)})
	l.text = append(l.text, "} "...)
	l.number(e.seconds)
	l.text = append(l.text, ' ')
	l.number(float64(e.at.UnixNano()) / 1e9)
}

func labelsOfPlace(p place) labels {
	environment := string(appendLabel(nil, label{"environment", p.environment}))
	if p.service == "" {
		return labels{body: environment, place: p}
	}
	return labels{head: environment + ",", body: string(appendLabel(nil, label{"service", p.service})), place: p}
}

func labelsOfChange(o *observation) labels {
	of := labelsOfPlace(o.place)
	of.head = string(appendLabel(nil, label{"change_id", o.id})) + "," + of.head
	of.end = string(appendLabel([]byte{','}, label{"version", o.version}))
	of.change = o
	return of
}

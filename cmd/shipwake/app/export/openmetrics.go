// Package export answers: how do years of changes get into a Prometheus that wasn't there?
package export

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks/prometheus/history"
)

// Options say what is exported.
type Options struct {
	From, To time.Time // whole steps since 1970
	Step     time.Duration
	Job      string // the label job of all series
}

// Steps is how many there are.
func (o Options) Steps() int { return int(o.To.Sub(o.From) / o.Step) }

// OpenMetrics writes the counters of package history for `promtool tsdb create-blocks-from openmetrics`: step by step, a sample
// for each series from the step before something is first counted in its place. Told is called after each step.
func OpenMetrics(ctx context.Context, out io.Writer, source history.Source, o Options, told func(steps int)) error {
	w := &writer{Writer: bufio.NewWriterSize(out, 1<<16), job: o.Job, known: map[correlate.Place]*[6][]byte{}}
	for _, m := range history.Metrics() {
		fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s counter\n", m.Name, m.Help, m.Name)
	}
	totals := history.New(source)
	for n := range o.Steps() {
		from := o.From.Add(time.Duration(n) * o.Step)
		if err := totals.Add(ctx, from, from.Add(o.Step)); err != nil {
			return err
		}
		for _, p := range totals.Places() {
			w.place(p, from, from.Add(o.Step))
		}
		told(n + 1)
	}
	if _, err := w.WriteString("# EOF\n"); err != nil {
		return err
	}
	return w.Flush()
}

// writer writes samples. An error stays, and Flush returns it.
type writer struct {
	*bufio.Writer
	job   string
	known map[correlate.Place]*[6][]byte // the series of a place, each with a space behind it
}

// place writes what was counted in a place at the end of a step. A place that is first heard of had nothing at the beginning.
func (w *writer) place(p *history.Place, from, to time.Time) {
	series := w.known[p.Place]
	if series == nil {
		series = w.series(p.Place)
		w.known[p.Place] = series
		for m := range series {
			w.sample(series[m], 0, from)
		}
	}
	for m := range series {
		w.sample(series[m], p.Counts[m], to)
	}
}

func (w *writer) series(p correlate.Place) *[6][]byte {
	labels := fmt.Sprintf("_total{environment=%s,job=%s,service=%s} ", quoted(p.Environment), quoted(w.job), quoted(p.Service))
	var all [6][]byte
	for i, m := range history.Metrics() {
		all[i] = []byte(m.Name + labels)
	}
	return &all
}

// escapes are those of a value of a label.
var escapes = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)

// quoted is the value of a label. Bytes that are no text are left out, since Prometheus takes none.
func quoted(value string) string {
	return `"` + escapes.Replace(strings.ToValidUTF8(value, "")) + `"`
}

func (w *writer) sample(series []byte, value int, at time.Time) {
	_, _ = w.Write(series)
	line := strconv.AppendInt(w.AvailableBuffer(), int64(value), 10)
	line = append(line, ' ')
	line = strconv.AppendInt(line, at.Unix(), 10)
	_, _ = w.Write(append(line, '\n'))
}

package judge

import (
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
	"github.com/shipwake/shipwake/correlate/judge/expect"
)

// The courses of a stream: its error ratio, and the logarithms of its latency's quantiles and mean.
const (
	ofErrorRatio = iota
	ofQuantiles
	ofMean  = ofQuantiles + len(quantiles)
	allOfIt = ofMean + 1
)

// courses is these, window by window: what earlier
// days say of them, and how far off that was without a change, shows whether they held still. Exceedances of a fixed
// threshold don't, because they swing with the hour by far more than the latency itself.
type courses struct {
	width   int64
	begin   int64 // of the windows since the change
	counted int   // windows since the change
	of      [allOfIt]expect.Course
	worst   [allOfIt]*expect.Worst // by everything counted; nil when there is no bound
}

// steady bounds by how much one of a stream's courses rose since the change; nil without a bound.
func (t *trial) steady(s *Stream, which int) *expect.Worst {
	r := t.m.record(t.p, t.c, s)
	if r.courses == nil || r.courses.begin != t.begin {
		r.courses = newCourses(t.p, t.c, s, t.begin)
	}
	r.courses.count(t.p, t.c, s)
	return r.courses.worst[which]
}

// course is the one that a question is about.
func (q *comparison) course() int {
	switch {
	case q.latency == nil:
		return ofErrorRatio
	case q.ofMean():
		return ofMean
	}
	return ofQuantiles + slices.Index(quantiles[:], q.quantile)
}

// newCourses counts the time before the change.
func newCourses(p *Params, c *Case, s *Stream, begin int64) *courses {
	k := &courses{width: max(p.Gauge.Smoothing, c.Coarse), begin: begin}
	before, _ := halves(c, s)
	first := c.Start
	for _, cells := range [...][]correlate.Cell{s.History, before} {
		if len(cells) > 0 {
			first = min(first, cells[0].Start)
		}
	}
	n := (c.Start - first + k.width - 1) / k.width
	k.add(func(o *expect.Course) *[]float64 { return &o.Before }, c.Start-n*k.width, n, s.History, before)
	return k
}

// count goes on with the windows since the change that have ended.
func (k *courses) count(p *Params, c *Case, s *Stream) {
	n := max(0, (c.Now-k.begin)/k.width)
	if int(n) == k.counted {
		return
	}
	for i := range k.of {
		k.of[i].After = k.of[i].After[:0]
	}
	_, after := halves(c, s)
	k.add(func(o *expect.Course) *[]float64 { return &o.After }, k.begin, n, after)
	k.counted = int(n)
	for i := range k.of {
		k.worst[i] = nil
		if w, ok := k.of[i].Worst(&p.Params, p.AlphaHealthy/waysToBeHarmless); ok {
			k.worst[i] = &w
		}
	}
}

// add appends n windows of some cells, which are sorted, from an instant on.
func (k *courses) add(to func(*expect.Course) *[]float64, from, n int64, parts ...[]correlate.Cell) {
	for i := range k.of {
		k.of[i].Width = k.width
		out := to(&k.of[i])
		for range n {
			*out = append(*out, math.NaN())
		}
	}
	var w servedWindow
	for _, cells := range parts {
		for i := range cells {
			at := cells[i].Start - from
			if at < 0 || at >= n*k.width {
				continue
			}
			if at/k.width != w.at {
				k.put(to, &w)
				w = servedWindow{at: at / k.width}
			}
			e, served := evalue.ErrorsOfRequests(&cells[i])
			w.errors, w.requests = w.errors+e, w.requests+served
			w.took.Add(cells[i : i+1])
		}
	}
	k.put(to, &w)
}

// servedWindow is the requests of one window.
type servedWindow struct {
	at               int64
	errors, requests int64
	took             evalue.Durations
}

// put sets what is known of a window.
func (k *courses) put(to func(*expect.Course) *[]float64, w *servedWindow) {
	if w.requests > 0 {
		(*to(&k.of[ofErrorRatio]))[w.at] = float64(w.errors) / float64(w.requests)
	}
	for i, q := range quantiles {
		if w.took.Total > 0 {
			(*to(&k.of[ofQuantiles+i]))[w.at] = math.Log(w.took.Seconds(q))
		}
	}
	if mean, _, _ := w.took.Mean(); mean > 0 {
		(*to(&k.of[ofMean]))[w.at] = math.Log(mean)
	}
}

package dora

import (
	"maps"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate/dora/calendar"
	"github.com/shipwake/shipwake/correlate/dora/stats"
)

// counter is a report while it is counted.
type counter struct {
	Query
	whole     counts
	spans     []calendar.Span // of the series, cut to the window
	ends      []instant       // of the spans
	periods   []counts        // one for each span
	cells     int
	left      tally    // what there was no room for
	elsewhere []string // environments of rollouts that the query leaves out, and doesn't name another
}

// counts are those of a stretch of time.
type counts struct {
	total  tally
	groups map[group]*tally
}

func newCounter(q Query) *counter {
	c := &counter{Query: q, whole: counts{groups: map[group]*tally{}}}
	if q.Series == "" {
		return c
	}
	for _, s := range q.Series.Split(q.From, q.To, q.zone(), MostInSeries) {
		c.spans = append(c.spans, s)
		c.ends = append(c.ends, instantOf(s.To))
		c.periods = append(c.periods, counts{groups: map[group]*tally{}})
	}
	return c
}

// zone is whose clocks the periods go by.
func (q Query) zone() *time.Location {
	if q.Zone == nil {
		return time.UTC
	}
	return q.Zone
}

// tallies are the counts that what was at some places at an instant of the window goes into, each once.
func (c *counter) tallies(at instant, places ...place) (all []*tally) {
	var groups []group
	covered := false
	for _, p := range places {
		if c.covers(p) {
			covered = true
			for _, g := range c.Query.groups(p) {
				groups = appendNew(groups, g)
			}
		}
	}
	if !covered {
		return nil
	}
	all = c.of(&c.whole, groups, all)
	if n := c.period(at); n < len(c.periods) {
		all = c.of(&c.periods[n], groups, all)
	}
	return all
}

// period is the number of the period of an instant.
func (c *counter) period(at instant) int {
	n, found := slices.BinarySearch(c.ends, at)
	if found {
		n++
	}
	return n
}

// of adds the total and some groups.
func (c *counter) of(counts *counts, groups []group, to []*tally) []*tally {
	to = append(to, &counts.total)
	for _, g := range groups {
		t := counts.groups[g]
		switch {
		case t == nil && c.cells == MostCells:
			t = &c.left
		case t == nil:
			c.cells++
			t = &tally{}
			counts.groups[g] = t
		}
		to = append(to, t)
	}
	return to
}

// report counts a window, and the one before where the trend is asked for.
func (q Query) report(asOf time.Time, count func(*counter)) Report {
	c := newCounter(q)
	count(c)
	r := c.report(asOf)
	if q.Trend {
		before := newCounter(q.Before())
		count(before)
		r.Over = r.Over || before.over()
		r.Before = &Window{
			From: before.From, To: before.To, Total: before.numbers(&before.whole.total, before.Query.days(asOf)),
			Groups: before.listed(before.whole.groups, before.Query.days(asOf)),
		}
	}
	return r
}

func (c *counter) report(asOf time.Time) Report {
	days := c.days(asOf)
	slices.Sort(c.elsewhere)
	r := Report{
		Policy: c.Policy.known(), PolicyVersion: c.Policy.Version(), Environment: c.environment(),
		OtherEnvironments: slices.Compact(c.elsewhere), From: c.From, To: c.To, AsOf: asOf, By: c.By, BucketBounds: stats.Bounds(),
		Total: c.numbers(&c.whole.total, days), Groups: c.listed(c.whole.groups, days), Over: c.over(),
	}
	if c.Series != "" {
		r.Series, r.Zone = c.Series, c.zone().String()
	}
	for i := range c.periods {
		r.Periods = append(r.Periods, c.periodReport(i, asOf))
	}
	return r
}

// over says whether there was no room for something.
func (c *counter) over() bool { return !c.left.empty() }

// periodReport is the numbers of a period. What there was nothing to count of has none.
func (c *counter) periodReport(i int, asOf time.Time) Period {
	span, counts := c.spans[i], &c.periods[i]
	window := Query{From: later(span.From, c.From), To: earlier(span.To, c.To)}
	p := Period{
		Name: span.Name, From: window.From.UTC(), To: window.To.UTC(),
		Partial: span.From.Before(c.From) || span.To.After(c.To) || span.To.After(asOf),
	}
	days := window.days(asOf)
	if !counts.total.empty() {
		total := c.numbers(&counts.total, days)
		p.Total = &total
	}
	maps.DeleteFunc(counts.groups, func(_ group, t *tally) bool { return t.empty() })
	p.Groups = c.listed(counts.groups, days)
	return p
}

// numbers is what counts come to over some days.
func (c *counter) numbers(t *tally, days float64) Numbers { return c.Policy.numbers(t, days) }

// listed is what groups come to, by name.
func (c *counter) listed(groups map[group]*tally, days float64) []Numbers {
	if len(groups) == 0 {
		return nil
	}
	all := make([]Numbers, 0, len(groups))
	for _, g := range slices.SortedFunc(maps.Keys(groups), group.compare) {
		n := c.numbers(groups[g], days)
		n.Group, n.Service, n.Environment = g.name, g.service, g.environment
		all = append(all, n)
	}
	return all
}

// Before asks for the window before: of a series that begins with a period, for as many periods before it, and of the last of
// these for as much as the window has of its own; else for one of the same length.
func (q Query) Before() Query {
	before := q
	before.Series, before.Trend = "", false
	before.From, before.To = q.From.Add(-q.To.Sub(q.From)), q.From
	if q.Series == "" || !q.From.Before(q.To) || !q.Series.At(q.From, q.zone()).From.Equal(q.From) {
		return before
	}
	spans := q.Series.Split(q.From, q.To, q.zone(), MostInSeries)
	before.From = q.Series.Back(q.From, len(spans), q.zone()).UTC()
	if last := spans[len(spans)-1]; last.To.After(q.To) {
		then := q.Series.Back(last.From, len(spans), q.zone())
		before.To = earlier(then.Add(q.To.Sub(last.From)), q.From).UTC()
	}
	return before
}

// Begin is where all begins that a report counts.
func (q Query) Begin() time.Time {
	if q.Trend {
		return q.Before().From
	}
	return q.From
}

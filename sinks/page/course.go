package page

import (
	"cmp"
	"context"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/internal/chart"
)

// How tall the parts of charts are in which lines are drawn, in pixels: of the signal that decided, and of the others.
const courseTall, asideTall = 150, 64

// atOnce is how short a rollout is that has no end to speak of.
const atOnce = 10 * time.Second

// course is what was measured around a change, drawn.
type course struct {
	Main   drawnSignal
	Aside  []drawnSignal
	Notes  []string // what else is to be known of it
	Table  [][]string
	Header []string
}

// drawnSignal is one signal over time.
type drawnSignal struct {
	Title    string
	Sentence string
	Legend   []key
	Drawn    template.HTML // made by package chart, which escapes what it is told
}

// key says which line is what.
type key struct{ Class, Means string }

// course draws what was measured around a change as it was known with its verdict, or is now while it is observed; nil when there
// is nothing. Ahead is how its judging stands, nil when it isn't asked for.
func (s *sink) course(ctx context.Context, c correlate.ChangeRecord, ahead *correlate.Outlook, at time.Time) (*course, error) {
	revision, evidence := 0, []correlate.Evidence(nil)
	if ahead != nil {
		evidence = ahead.Evidence
	}
	switch {
	case c.Verdict != nil:
		revision, evidence = c.Verdict.Revision, c.Verdict.Evidence
	case !at.IsZero():
		return nil, nil
	}
	if c.Phase == correlate.PhaseObserving && at.IsZero() {
		revision = 0
	}
	of, err := s.reader.Series(ctx, c.ID, revision)
	if err != nil || of == nil || of.Points < 1 || len(of.Signals) == 0 {
		return nil, err
	}
	return newCourse(c, evidence, *of), nil
}

// sketch puts instants into the places of a chart.
type sketch struct {
	change   correlate.ChangeRecord
	evidence []correlate.Evidence // of its verdict, or what is known while there is none
	of       correlate.Series
	to       time.Time // the end of the last point
}

func newCourse(c correlate.ChangeRecord, evidence []correlate.Evidence, of correlate.Series) *course {
	k := sketch{c, evidence, of, of.From.Add(time.Duration(of.Step*int64(of.Points)) * time.Second)}
	out := &course{Notes: k.notes()}
	for i := range of.Signals {
		drawn := k.signal(i)
		if i == 0 {
			out.Main = drawn
			continue
		}
		out.Aside = append(out.Aside, drawn)
	}
	out.Header, out.Table = k.table()
	return out
}

// place is where an instant is, as a share of the width; ok is false for one that lies outside.
func (k sketch) place(t time.Time) (at float64, ok bool) {
	at = t.Sub(k.of.From).Seconds() / k.to.Sub(k.of.From).Seconds()
	return at, at >= 0 && at <= 1
}

func (k sketch) signal(i int) drawnSignal {
	s := &k.of.Signals[i]
	name := strings.TrimSpace(s.Service + " " + s.Signal)
	d := drawnSignal{Title: name, Sentence: k.sentence(s), Legend: legend(k.change, s)}
	drawn := chart.Course{
		ID: fmt.Sprintf("course-%d", i), Title: name, Said: d.Sentence, Tall: asideTall, Points: k.of.Points,
		Lines: k.lines(s), Low: s.Line(correlate.RoleLow), High: s.Line(correlate.RoleHigh),
		Say: func(v float64) string { return level(s.Signal, v) }, Bands: k.rollout(), Gaps: k.gaps(), Times: k.times(3),
	}
	if i == 0 {
		drawn.Tall, drawn.Times, drawn.Marks = courseTall, k.times(5), k.marks()
	}
	d.Drawn = template.HTML(drawn.SVG())
	return d
}

// level is a value of a signal; of what is counted over time, so many a second.
func level(signal string, v float64) string {
	if signal == "throughput" || correlate.OfException(signal) {
		return words.Figure(v) + "/s"
	}
	return words.Level(signal, v)
}

// lines are those of a signal. Where the service is seen as a whole, what it was before the change is old.
func (k sketch) lines(s *correlate.SignalSeries) (all []chart.CourseLine) {
	if whole := s.Line(correlate.RoleAll); whole != nil && s.Line(correlate.RoleNew) == nil {
		before, since := slices.Clone(whole), slices.Clone(whole)
		start := int(k.of.Start.Sub(k.of.From) / time.Second / time.Duration(k.of.Step))
		for i := range whole {
			if i > start {
				before[i] = math.NaN()
			}
			if i < start {
				since[i] = math.NaN()
			}
		}
		return []chart.CourseLine{{Class: "old", Values: before}, {Class: "new", Values: since}}
	}
	for _, l := range s.Lines {
		switch l.Role {
		case correlate.RoleAll, correlate.RoleOld:
			all = append(all, chart.CourseLine{Class: "old", Values: l.Values})
		case correlate.RoleNew:
			all = append(all, chart.CourseLine{Class: "new", Values: l.Values})
		}
	}
	return all
}

// legend says what the lines of a signal are.
func legend(c correlate.ChangeRecord, s *correlate.SignalSeries) (all []key) {
	version := strings.TrimSpace("the new version " + c.Version)
	switch {
	case s.Line(correlate.RoleAll) != nil && s.Line(correlate.RoleNew) != nil:
		all = []key{{"new", version}, {"old", "all together"}}
	case s.Line(correlate.RoleAll) != nil:
		all = []key{{"old", "before the change"}, {"new", "since"}}
	case s.Grade == correlate.GradeB:
		all = []key{{"new", "zones that it reached"}, {"old", "the others, at the same time"}}
	default:
		all = []key{{"new", version}, {"old", "the old one, at the same time"}}
	}
	switch s.Expected {
	case correlate.BasisDays:
		all = append(all, key{"expected", "as expected by earlier days"})
	case correlate.BasisBefore:
		all = append(all, key{"expected", "usual in the time before"})
	}
	return all
}

// sentence says what a signal did, as the evidence has it.
func (k sketch) sentence(s *correlate.SignalSeries) string {
	for _, e := range k.evidence {
		if e.Signal == s.Signal && e.Service == s.Service {
			return words.NewFinding(e).Text() + "."
		}
	}
	before, since := k.means(s)
	if math.IsNaN(before) || math.IsNaN(since) {
		return ""
	}
	return fmt.Sprintf("%s before the change, %s since.", level(s.Signal, before), level(s.Signal, since))
}

// means are what a signal was about before and since the change, point by point.
func (k sketch) means(s *correlate.SignalSeries) (before, since float64) {
	first := int(k.of.Start.Sub(k.of.From) / time.Second / time.Duration(k.of.Step))
	old, fresh := s.Line(correlate.RoleOld), s.Line(correlate.RoleNew)
	if all := s.Line(correlate.RoleAll); all != nil {
		old, fresh = all, all
	}
	return mean(old[:min(max(first, 0), len(old))]), mean(fresh[min(max(first, 0), len(fresh)):])
}

// mean is that of the values that are known, NaN without any.
func mean(values correlate.Values) float64 {
	sum, n := 0.0, 0.0
	for _, v := range values {
		if !math.IsNaN(v) {
			sum, n = sum+v, n+1
		}
	}
	return sum / n
}

func (k sketch) rollout() []chart.Band {
	finish := k.of.Finish
	if finish.IsZero() {
		finish = k.to
	}
	from, _ := k.place(k.of.Start)
	to, _ := k.place(finish)
	return []chart.Band{{From: from, To: max(to, from)}}
}

func (k sketch) gaps() (all []chart.Band) {
	for _, g := range k.of.Gaps {
		from, _ := k.place(g.From)
		to, _ := k.place(g.To)
		all = append(all, chart.Band{From: from, To: to})
	}
	return all
}

// times are the words of the axis: so many instants, the first and the last among them.
func (k sketch) times(n int) (all []chart.At) {
	format := "15:04"
	if k.to.Sub(k.of.From) > 20*time.Hour {
		format = "Jan 2 15:04"
	}
	for i := range n {
		place := float64(i) / float64(n-1)
		t := k.of.From.Add(time.Duration(place * float64(k.to.Sub(k.of.From))))
		all = append(all, chart.At{Place: place, Words: t.UTC().Format(format)})
	}
	return all
}

// marks are the rollout with its steps, when it began to hurt and when that was over, and when that was decided.
func (k sketch) marks() (all []chart.Mark) {
	add := func(class, name string, t time.Time) {
		if place, ok := k.place(t); ok {
			all = append(all, chart.Mark{At: chart.At{Place: place, Words: name + " " + clock(t)}, Class: class})
		}
	}
	add("start", "change", k.of.Start)
	if len(all) > 0 {
		k.roll(&all[0])
	}
	v := k.change.Verdict
	if v == nil {
		return all
	}
	if v.OnsetAt != nil {
		add("onset", "onset", *v.OnsetAt)
	}
	if v.DetectedAt != nil {
		add("decided", "decided", *v.DetectedAt)
	} else {
		add("decided", "decided", v.DecidedAt)
	}
	if v.RecoveredAt != nil {
		add("over", "over", *v.RecoveredAt)
	}
	return all
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05") }

// roll makes the mark of a change that of its rollout, with a tick for each zone, when that took some time.
func (k sketch) roll(m *chart.Mark) {
	switch {
	case k.of.Finish.IsZero():
		m.To, m.Words = 1, "rolling out since "+clock(k.of.Start)
	case k.of.Finish.Sub(k.of.Start) < atOnce:
		return
	default:
		m.To, _ = k.place(k.of.Finish)
		m.Words = "rollout " + clock(k.of.Start) + " – " + clock(k.of.Finish)
	}
	for _, z := range k.of.Steps {
		if place, ok := k.place(z.ReachedAt); ok && z.Name != correlate.Everywhere {
			m.Ticks = append(m.Ticks, chart.At{Place: place, Words: "reached " + z.Name + " " + clock(z.ReachedAt)})
		}
	}
}

// notes are what is to be known of all charts.
func (k sketch) notes() (all []string) {
	if len(k.of.Gaps) > 0 {
		var lost time.Duration
		for _, g := range k.of.Gaps {
			lost += g.To.Sub(g.From)
		}
		all = append(all, "Not covered by telemetry for "+words.Span(lost.Seconds())+" (hatched).")
	}
	if n := len(k.of.Steps); n > 0 {
		var steps []string
		for _, z := range k.of.Steps[:min(n, 6)] {
			steps = append(steps, z.Name+" "+z.ReachedAt.UTC().Format("15:04"))
		}
		if n > len(steps) {
			steps = append(steps, fmt.Sprintf("%d more", n-len(steps)))
		}
		all = append(all, "Reached: "+strings.Join(steps, ", ")+".")
	}
	return all
}

// table is every point of every line, in words.
func (k sketch) table() (header []string, rows [][]string) {
	header = []string{"From"}
	type column struct {
		signal string
		values correlate.Values
	}
	var columns []column
	means := map[correlate.Role]string{correlate.RoleAll: "all", correlate.RoleOld: "old", correlate.RoleNew: "new", correlate.RoleLow: "expected from", correlate.RoleHigh: "to"}
	for i := range k.of.Signals {
		s := &k.of.Signals[i]
		for _, l := range s.Lines {
			if i > 0 && (l.Role == correlate.RoleLow || l.Role == correlate.RoleHigh) {
				continue
			}
			header = append(header, strings.TrimSpace(s.Service+" "+s.Signal)+", "+cmp.Or(means[l.Role], string(l.Role)))
			columns = append(columns, column{s.Signal, l.Values})
		}
	}
	for i := range k.of.Points {
		row := []string{k.of.From.Add(time.Duration(int64(i)*k.of.Step) * time.Second).UTC().Format("15:04:05")}
		for _, c := range columns {
			if i >= len(c.values) || math.IsNaN(c.values[i]) {
				row = append(row, words.None)
				continue
			}
			row = append(row, level(c.signal, c.values[i]))
		}
		rows = append(rows, row)
	}
	return header, rows
}

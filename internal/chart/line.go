package chart

import (
	"cmp"
	"fmt"
	"html"
	"math"
	"strings"
)

// Point is a value of a period, and the bounds of its interval where it has one; nil is no data.
type Point struct {
	Period           string
	Said             string // the value in words
	Value, Low, High *float64
	Partial          bool // the period isn't over, or not all of it is told
}

// Line is a chart of one number over time, from zero.
type Line struct {
	ID     string // of the elements that name it, unlike that of any other chart of a page
	Title  string
	Points []Point
	Say    func(float64) string // a value of the axis in words
	Top    []float64            // round values that the axis may end with, the least first; beyond them it ends where it has to
	// Reference is a value from elsewhere, drawn as a line with a name; nil for none.
	Reference     *float64
	ReferenceName string
}

// The room of a chart, in the units of its viewBox.
const (
	wide, tall                = 340.0, 168.0
	left, right, top, beneath = 52.0, 12.0, 24.0, 24.0
)

// Style is the CSS of lines. It takes the colours of the page's variables, and has its own where there are none.
const Style = `.chart{color:var(--ink,#1b1f24);font:11px system-ui,sans-serif}
.chart text{fill:var(--muted,#57606a)}.chart .now{fill:var(--ink,#1b1f24);font-weight:600}
.chart .grid{stroke:var(--rule,#d0d7de);stroke-width:1}.chart .band{fill:var(--accent,#0a58ca);opacity:.16}
.chart .line{fill:none;stroke:var(--accent,#0a58ca);stroke-width:2;stroke-linejoin:round}
.chart .dot{fill:var(--accent,#0a58ca);stroke:var(--accent,#0a58ca);stroke-width:1.5}.chart .part{fill:var(--paper,#ffffff)}
.chart .reference{stroke:var(--reference,#8a4b00);stroke-width:1.5;stroke-dasharray:5 4}.chart text.reference{fill:var(--reference,#8a4b00);stroke:none}`

// Alternative says in words what the chart shows.
func (l Line) Alternative() string {
	var parts []string
	for _, p := range l.Points {
		said := p.Said
		if p.Value == nil {
			said = "no data"
		}
		if p.Partial {
			said += " so far"
		}
		parts = append(parts, p.Period+": "+said)
	}
	text := strings.Join(parts, "; ") + "."
	if l.Reference != nil {
		text += fmt.Sprintf(" The dashed line is %s.", l.ReferenceName)
	}
	return text
}

// SVG draws the chart as an element of a page.
func (l Line) SVG() string { return l.draw("") }

// File draws the chart as a file of its own, light or dark as its reader has it.
func (l Line) File() string {
	return l.draw("<style>" + Style + `@media(prefers-color-scheme:dark){.chart{--ink:#e6edf3;--muted:#9da7b1;--rule:#30363d;--accent:#79b0ff;--paper:#0d1117;--reference:#ffb86b}}</style>`)
}

func (l Line) draw(style string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 %g %g" role="img" aria-labelledby="%s-t %s-d"><title id="%s-t">%s</title><desc id="%s-d">%s</desc>%s`,
		wide, tall, l.ID, l.ID, l.ID, html.EscapeString(l.Title), l.ID, html.EscapeString(l.Alternative()), style)
	most := l.most()
	for _, v := range []float64{0, most / 2, most} {
		fmt.Fprintf(&b, `<line class="grid" x1="%g" x2="%g" y1="%.1f" y2="%.1f"/><text x="%g" y="%.1f" text-anchor="end">%s</text>`,
			left, wide-right, y(v, most), y(v, most), left-6, y(v, most)+4, html.EscapeString(l.Say(v)))
	}
	for _, run := range l.runs() {
		b.WriteString(l.band(run, most))
		b.WriteString(l.path(run, most))
	}
	if l.Reference != nil {
		at := y(*l.Reference, most)
		fmt.Fprintf(&b, `<line class="reference" x1="%g" x2="%g" y1="%.1f" y2="%.1f"/><text class="reference" x="%g" y="%.1f">%s</text>`,
			left, wide-right, at, at, left+4, at-4, html.EscapeString(l.ReferenceName))
	}
	l.dots(&b, most)
	if n := len(l.Points); n > 0 {
		fmt.Fprintf(&b, `<text x="%g" y="%g">%s</text>`, left, tall-6, html.EscapeString(l.Points[0].Period))
		fmt.Fprintf(&b, `<text x="%g" y="%g" text-anchor="end">%s</text>`, wide-right, tall-6, html.EscapeString(l.Points[n-1].Period))
	}
	b.WriteString("</svg>")
	return b.String()
}

// most is the top of the axis: above all values, and above intervals as far as these leave the values room.
func (l Line) most() float64 {
	values, bounds := 0.0, 0.0
	for _, p := range l.Points {
		if p.Value != nil {
			values = max(values, *p.Value)
		}
		if p.High != nil {
			bounds = max(bounds, *p.High)
		}
	}
	if l.Reference != nil {
		values = max(values, *l.Reference)
	}
	const room = 2
	most := max(values*1.1, min(bounds, room*values))
	for _, top := range l.Top {
		if top >= most {
			return top
		}
	}
	return cmp.Or(most, 1)
}

// runs are the stretches of points with data.
func (l Line) runs() (all [][]int) {
	open := false
	for i, p := range l.Points {
		switch {
		case p.Value == nil:
			open = false
		case open:
			all[len(all)-1] = append(all[len(all)-1], i)
		default:
			all, open = append(all, []int{i}), true
		}
	}
	return all
}

func (l Line) x(i int) float64 {
	const inset = 6
	if len(l.Points) == 1 {
		return (left + wide - right) / 2
	}
	return left + inset + (wide-right-left-2*inset)*float64(i)/float64(len(l.Points)-1)
}

func y(v, most float64) float64 {
	return tall - beneath - (tall-top-beneath)*math.Min(v/most, 1)
}

func (l Line) path(run []int, most float64) string {
	var b strings.Builder
	for n, i := range run {
		step := "L"
		if n == 0 {
			step = "M"
		}
		fmt.Fprintf(&b, "%s%.1f %.1f", step, l.x(i), y(*l.Points[i].Value, most))
	}
	return `<path class="line" d="` + b.String() + `"/>`
}

// band is the interval of a run; a point alone has a bar.
func (l Line) band(run []int, most float64) string {
	var over, under []string
	for _, i := range run {
		p := l.Points[i]
		if p.Low == nil || p.High == nil {
			return ""
		}
		for _, aside := range l.aside(run) {
			over = append(over, fmt.Sprintf("%.1f,%.1f", l.x(i)+aside, y(*p.High, most)))
			under = append([]string{fmt.Sprintf("%.1f,%.1f", l.x(i)+aside, y(*p.Low, most))}, under...)
		}
	}
	return `<polygon class="band" points="` + strings.Join(append(over, under...), " ") + `"/>`
}

func (l Line) aside(run []int) []float64 {
	if len(run) == 1 {
		return []float64{-4, 4}
	}
	return []float64{0}
}

// dots are the values, and the newest of them in words.
func (l Line) dots(b *strings.Builder, most float64) {
	newest := -1
	for i, p := range l.Points {
		if p.Value == nil {
			continue
		}
		class := "dot"
		if p.Partial {
			class = "dot part"
		}
		fmt.Fprintf(b, `<circle class="%s" cx="%.1f" cy="%.1f" r="3"/>`, class, l.x(i), y(*p.Value, most))
		newest = i
	}
	if newest >= 0 {
		fmt.Fprintf(b, `<text class="now" x="%g" y="14" text-anchor="end">%s</text>`, wide-right,
			html.EscapeString(l.Points[newest].Period+": "+l.Points[newest].Said))
	}
}

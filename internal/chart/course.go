package chart

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// Course is a chart of what was measured in the course of a few hours, in points of equal width: it is as wide as its place,
// and its text has the same size in any.
type Course struct {
	ID    string // of the elements that name it, unlike that of any other chart of a page
	Title string
	Said  string // what it shows, in words
	Tall  int    // of the part that lines are in, in pixels
	// Points is how many values each line has; NaN is no data.
	Points    int
	Lines     []CourseLine
	Low, High []float64 // the range that was expected; nil for none
	// Times are for the axis below: words at a share of the width.
	Times []At
	// Bands are stretches that are marked over the whole height, Gaps those of which there are no data.
	Bands, Gaps []Band
	Marks       []Mark
	Say         func(float64) string // a value of the axis in words
}

// CourseLine is a line, with the class that it is drawn in: "old", "new".
type CourseLine struct {
	Class  string
	Values []float64
}

// At is words at a place, which is a share of the width.
type At struct {
	Place float64
	Words string
}

// Band is a stretch between two places.
type Band struct{ From, To float64 }

// Mark is an instant with its name, on a row of its own above the lines. Ticks are places on that row.
type Mark struct {
	At
	Class string
	To    float64 // where a bar on the row ends that begins at Place; 0 for none
	Ticks []At
}

// row is how tall the row of a mark is, foot what is below the lines, and inside the units of the drawing of the lines.
const row, foot, inside = 15, 18, 1000.0

// SVG draws the chart as an element of a page.
func (c Course) SVG() string {
	var b strings.Builder
	head := max(len(c.Marks), 1)*row + 2
	fmt.Fprintf(&b, `<svg class="course" width="100%%" height="%d" role="img" aria-labelledby="%s-t %s-d"><title id="%s-t">%s</title><desc id="%s-d">%s</desc>`,
		head+c.Tall+foot, c.ID, c.ID, c.ID, html.EscapeString(c.Title), c.ID, html.EscapeString(c.Said))
	c.hatch(&b, head)
	low, high := c.extent()
	for _, v := range []float64{low, (low + high) / 2, high} {
		y := float64(head) + float64(c.Tall)*(1-share(v, low, high))
		fmt.Fprintf(&b, `<line class="grid" x1="0" x2="100%%" y1="%.1f" y2="%.1f"/>`, y, y)
	}
	fmt.Fprintf(&b, `<svg x="0" y="%d" width="100%%" height="%d" viewBox="0 0 %g %g" preserveAspectRatio="none">`, head, c.Tall, inside, inside)
	c.expected(&b, low, high)
	for _, l := range c.Lines {
		c.line(&b, l, low, high)
	}
	b.WriteString("</svg>")
	for _, v := range []float64{high, (low + high) / 2} {
		y := float64(head) + float64(c.Tall)*(1-share(v, low, high))
		fmt.Fprintf(&b, `<text class="level" x="0" y="%.1f">%s</text>`, y-3, html.EscapeString(c.Say(v)))
	}
	for n, m := range c.Marks {
		c.mark(&b, m, n, head)
	}
	for _, t := range c.Times {
		fmt.Fprintf(&b, `<text x="%s" y="%d" text-anchor="%s">%s</text>`, percent(t.Place), head+c.Tall+14, anchor(t.Place), html.EscapeString(t.Words))
	}
	b.WriteString("</svg>")
	return b.String()
}

// hatch marks where there are no data, and the bands.
func (c Course) hatch(b *strings.Builder, head int) {
	for _, s := range c.Bands {
		fmt.Fprintf(b, `<rect class="rollout" x="%s" y="%d" width="%s" height="%d"/>`, percent(s.From), head, percent(s.To-s.From), c.Tall)
	}
	if len(c.Gaps) == 0 {
		return
	}
	fmt.Fprintf(b, `<defs><pattern id="%s-h" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch" d="M0 0V6"/></pattern></defs>`, c.ID)
	for _, s := range c.Gaps {
		fmt.Fprintf(b, `<rect class="gap" x="%s" y="%d" width="%s" height="%d" fill="url(#%s-h)"/>`, percent(s.From), head, percent(s.To-s.From), c.Tall, c.ID)
		if s.To-s.From > 0.12 {
			fmt.Fprintf(b, `<text class="level" x="%s" y="%d" text-anchor="middle">not covered</text>`, percent((s.From+s.To)/2), head+c.Tall-6)
		}
	}
}

func (c Course) mark(b *strings.Builder, m Mark, n, head int) {
	x, y := percent(m.Place), n*row+row-3
	fmt.Fprintf(b, `<line class="mark %s" x1="%s" x2="%s" y1="%d" y2="%d"/>`, m.Class, x, x, y-8, head+c.Tall)
	beside, left := m.Place, m.Place >= 0.6
	if m.To > m.Place {
		fmt.Fprintf(b, `<line class="bar %s" x1="%s" x2="%s" y1="%d" y2="%d"/>`, m.Class, x, percent(m.To), y-4, y-4)
		const narrow = 0.55 // what follows must have room on a telephone
		left = m.To > narrow && m.Place > 1-narrow-0.05
		if m.To <= narrow {
			beside = m.To
		}
	}
	for _, t := range m.Ticks {
		fmt.Fprintf(b, `<line class="bar tick %s" x1="%s" x2="%s" y1="%d" y2="%d"><title>%s</title></line>`, m.Class, percent(t.Place), percent(t.Place), y-9, y+1, html.EscapeString(t.Words))
	}
	side, aside := "start", 5
	if left {
		side, aside = "end", -5
	}
	fmt.Fprintf(b, `<text class="name %s" x="%s" dx="%d" y="%d" text-anchor="%s">%s</text>`, m.Class, percent(beside), aside, y, side, html.EscapeString(m.Words))
}

// extent is what the axis reaches from and to: from zero, where nothing is below, to a round number above all lines, and above
// the range that was expected as far as that leaves the lines room.
func (c Course) extent() (low, high float64) {
	lines, usual := 0.0, 0.0
	for _, l := range c.Lines {
		for _, v := range l.Values {
			if !math.IsNaN(v) {
				low, lines = min(low, v), max(lines, v)
			}
		}
	}
	for _, v := range c.High {
		if !math.IsNaN(v) {
			usual = max(usual, v)
		}
	}
	const room = 2
	if lines == 0 {
		lines = usual
	}
	high = round(max(lines*1.05, min(usual, room*lines)))
	if low < 0 {
		low = -round(-low)
	}
	if high == low {
		high = low + 1
	}
	return low, high
}

// round is the least round number that isn't below a positive one.
func round(v float64) float64 {
	if v <= 0 {
		return 0
	}
	unit := math.Pow(10, math.Floor(math.Log10(v)))
	for _, times := range []float64{1, 2, 3, 4, 5, 6, 8} {
		if times*unit >= v {
			return times * unit
		}
	}
	return 10 * unit
}

func share(v, low, high float64) float64 { return min(max((v-low)/(high-low), 0), 1) }

// expected is the range that was expected, as far as it is known.
func (c Course) expected(b *strings.Builder, low, high float64) {
	if len(c.Low) != c.Points || len(c.High) != c.Points {
		return
	}
	for _, r := range c.runs(c.Low) {
		var over, under []string
		for i := r.from; i < r.to; i++ {
			for _, x := range [2]float64{float64(i), float64(i + 1)} {
				over = append(over, point(x/float64(c.Points), share(c.High[i], low, high)))
				under = append(under, point(x/float64(c.Points), share(c.Low[i], low, high)))
			}
		}
		for i := len(under) - 1; i >= 0; i-- {
			over = append(over, under[i])
		}
		fmt.Fprintf(b, `<path class="expected" d="M%sZ"/>`, strings.Join(over, "L"))
	}
}

// run is a stretch of points with data.
type run struct{ from, to int }

func (c Course) runs(values []float64) (all []run) {
	for i, v := range values {
		switch n := len(all); {
		case math.IsNaN(v):
		case n > 0 && all[n-1].to == i:
			all[n-1].to++
		default:
			all = append(all, run{i, i + 1})
		}
	}
	return all
}

// line leads through the middles of points that follow one another. A point alone is a dot.
func (c Course) line(b *strings.Builder, l CourseLine, low, high float64) {
	var d strings.Builder
	for _, r := range c.runs(l.Values) {
		for i := r.from; i < r.to; i++ {
			step := "L"
			if i == r.from {
				step = "M"
			}
			d.WriteString(step + point((float64(i)+0.5)/float64(c.Points), share(l.Values[i], low, high)))
		}
		if r.to == r.from+1 {
			d.WriteString("h.1")
		}
	}
	if d.Len() > 0 {
		fmt.Fprintf(b, `<path class="run %s" d="%s"/>`, html.EscapeString(l.Class), d.String())
	}
}

func point(x, up float64) string { return fmt.Sprintf("%.1f %.1f", inside*x, inside*(1-up)) }

func percent(place float64) string { return fmt.Sprintf("%.2f%%", 100*min(max(place, 0), 1)) }

// anchor keeps words at the ends within the chart.
func anchor(place float64) string {
	switch {
	case place < 0.05:
		return "start"
	case place > 0.95:
		return "end"
	}
	return "middle"
}

// CourseStyle is the CSS of courses, beside Style.
const CourseStyle = `.course{display:block;overflow:hidden;font:12px system-ui,sans-serif}
.course text{fill:var(--muted,#57606a)}.course .grid{stroke:var(--rule,#d0d7de);stroke-width:1}
.course .level,.course .name{paint-order:stroke;stroke:var(--paper,#fff);stroke-width:3px;stroke-linejoin:round}
.course .run{fill:none;stroke-width:2.25;stroke-linejoin:round;stroke-linecap:round;vector-effect:non-scaling-stroke}
.course .run.old{stroke:var(--muted,#57606a);stroke-width:1.75}.course .run.new{stroke:var(--accent,#0a58ca)}
.bad .course .run.new{stroke:var(--reference,#8a4b00)}
.course .expected{fill:var(--muted,#57606a);opacity:.17}.course .rollout{fill:var(--accent,#0a58ca);opacity:.1}
.course .hatch{stroke:var(--muted,#57606a);stroke-width:1.5;opacity:.55}
.course .mark{stroke:var(--muted,#57606a);stroke-width:1;stroke-dasharray:3 3}.course .mark.onset{stroke:var(--reference,#8a4b00);stroke-width:1.5;stroke-dasharray:none}
.course .mark.decided{stroke:var(--ink,#1b1f24);stroke-dasharray:none}
.course .bar{stroke:var(--accent,#0a58ca);stroke-width:5}.course .bar.tick{stroke:var(--ink,#1b1f24);stroke-width:2}
.course .name{fill:var(--ink,#1b1f24)}.course .name.onset{fill:var(--reference,#8a4b00);font-weight:600}`

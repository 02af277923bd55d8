package chart_test

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/internal/chart"
)

var none = math.NaN()

func course(values ...float64) chart.Course {
	return chart.Course{
		ID: "c", Title: "error_ratio <of> checkout", Said: "0.4 % → 3 %", Tall: 100, Points: len(values),
		Lines: []chart.CourseLine{{Class: "new", Values: values}}, Say: func(v float64) string { return fmt.Sprintf("%g<", v) },
	}
}

func TestNoLineLeadsThroughAGap(t *testing.T) {
	for name, c := range map[string]struct {
		values []float64
		moves  int // stretches that a line begins anew in
		dots   int
	}{
		"one run":              {[]float64{1, 2, 3}, 1, 0},
		"two runs":             {[]float64{1, 2, none, 3, 4}, 2, 0},
		"a point alone":        {[]float64{1, 2, none, 3}, 2, 1},
		"nothing known at all": {[]float64{none, none}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			svg := course(c.values...).SVG()
			parsed(t, svg)
			path := regexp.MustCompile(`class="run new" d="([^"]*)"`).FindStringSubmatch(svg)
			if c.moves == 0 {
				require.Nil(t, path)
				return
			}
			require.Equal(t, c.moves, strings.Count(path[1], "M"))
			require.Equal(t, c.dots, strings.Count(path[1], "h.1"))
		})
	}
}

func TestACourseIsToldInWordsAndItsMarksHaveNames(t *testing.T) {
	c := course(1, 2, 3, 4)
	c.Marks = []chart.Mark{
		{At: chart.At{Place: 0.25, Words: "rollout 10:00 – 10:05"}, Class: "start", To: 0.5, Ticks: []chart.At{{Place: 0.3, Words: "reached east"}}},
		{At: chart.At{Place: 0.9, Words: "onset <10:06>"}, Class: "onset"},
	}
	c.Gaps = []chart.Band{{From: 0.5, To: 0.75}}
	c.Times = []chart.At{{Place: 0, Words: "09:00"}, {Place: 1, Words: "11:00"}}
	svg := c.SVG()
	parsed(t, svg)
	for _, want := range []string{
		`role="img" aria-labelledby="c-t c-d"`, `<title id="c-t">error_ratio &lt;of&gt; checkout</title>`, `<desc id="c-d">0.4 % → 3 %</desc>`,
		`>rollout 10:00 – 10:05</text>`, `<title>reached east</title>`, `text-anchor="end">onset &lt;10:06&gt;</text>`,
		`url(#c-h)`, `>not covered</text>`, `text-anchor="start">09:00</text>`, `text-anchor="end">11:00</text>`, `>5&lt;</text>`,
	} {
		require.Contains(t, svg, want)
	}
	require.NotContains(t, svg, "style=", "the page's policy forbids it")
}

var places = regexp.MustCompile(`(?:\bx|x1|x2|width)="(-?[0-9.]+)%"|[ML](-?[0-9.]+) (-?[0-9.]+)`)

// TestACourseStaysWithinItsPlace: whatever the values are, and wherever marks lie.
func TestACourseStaysWithinItsPlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.SampledFrom([]float64{none, 0, -5, 1e-9, 0.3, 7, 1e12})
		n := rapid.IntRange(1, 30).Draw(t, "points")
		draw := func(label string) []float64 { return rapid.SliceOfN(value, n, n).Draw(t, label) }
		c := course(draw("values")...)
		c.Low = draw("low")
		c.High = append([]float64(nil), c.Low...)
		place := rapid.Float64Range(-1, 2)
		for range rapid.IntRange(0, 3).Draw(t, "marks") {
			c.Marks = append(c.Marks, chart.Mark{At: chart.At{Place: place.Draw(t, "place")}, To: place.Draw(t, "to")})
		}
		svg := c.SVG()
		parsed(t, svg)
		require.NotContains(t, svg, "NaN")
		for _, m := range places.FindAllStringSubmatch(svg, -1) {
			most := 1000.0
			if m[1] != "" {
				most = 100
			}
			for _, text := range m[1:] {
				if text == "" {
					continue
				}
				at, err := strconv.ParseFloat(text, 64)
				require.NoError(t, err)
				require.GreaterOrEqual(t, at, 0.0)
				require.LessOrEqual(t, at, most)
			}
		}
	})
}

package chart_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/internal/chart"
)

func rate(values ...*float64) chart.Line {
	l := chart.Line{ID: "rate", Title: "Change <fail> rate", Say: func(v float64) string { return fmt.Sprintf("%.0f %%", 100*v) }}
	for i, v := range values {
		p := chart.Point{Period: fmt.Sprintf("2026-W%d", 40+i), Value: v, Said: "–"}
		if v != nil {
			low, high := *v/2, min(1, *v*2)
			p.Low, p.High, p.Said = &low, &high, fmt.Sprintf("%.1f %%", 100**v)
		}
		l.Points = append(l.Points, p)
	}
	return l
}

// parsed are the names of the elements of an image, which must be well-formed XML.
func parsed(t require.TestingT, text string) (names []string) {
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return names
		}
		require.NoError(t, err, text)
		if e, ok := token.(xml.StartElement); ok {
			names = append(names, e.Name.Local)
		}
	}
}

func TestAChartIsToldInWords(t *testing.T) {
	half, reference := 0.5, 0.19
	l := rate(&half, nil, &half)
	l.Points[2].Partial = true
	l.Reference, l.ReferenceName = &reference, "19 %, the mean of 2025"
	require.Equal(t, "2026-W40: 50.0 %; 2026-W41: no data; 2026-W42: 50.0 % so far. The dashed line is 19 %, the mean of 2025.", l.Alternative())
	svg := l.SVG()
	require.Contains(t, svg, `role="img" aria-labelledby="rate-t rate-d"`)
	require.Contains(t, svg, `<title id="rate-t">Change &lt;fail&gt; rate</title>`)
	require.Contains(t, svg, l.Alternative())
	require.NotContains(t, svg, "<style>", "the page has it")
	require.Contains(t, l.File(), "prefers-color-scheme:dark")
}

func TestNoDataIsAGap(t *testing.T) {
	half := 0.5
	count := func(l chart.Line, what string) int { return strings.Count(l.SVG(), what) }
	for name, c := range map[string]struct {
		line        chart.Line
		paths, dots int
	}{
		"one run":   {rate(&half, &half), 1, 2},
		"two runs":  {rate(&half, nil, &half, &half), 2, 3},
		"one point": {rate(&half), 1, 1},
		"no data":   {rate(nil, nil), 0, 0},
		"nothing":   {rate(), 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.paths, count(c.line, "<path"))
			require.Equal(t, c.paths, count(c.line, "<polygon"))
			require.Equal(t, c.dots, count(c.line, "<circle"))
		})
	}
}

var position = regexp.MustCompile(`(?:cx|cy|x1|x2|y1|y2)="([^"]*)"`)

func TestAChartStaysWithinItsImage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var values []*float64
		for range rapid.IntRange(0, 60).Draw(t, "periods") {
			v := rapid.SampledFrom([]float64{0, 1e-9, 0.1, 1, 1e9}).Draw(t, "value")
			values = append(values, &v)
			if rapid.Bool().Draw(t, "gap") {
				values = append(values, nil)
			}
		}
		svg := rate(values...).File()
		parsed(t, svg)
		for _, m := range position.FindAllStringSubmatch(svg, -1) {
			at, err := strconv.ParseFloat(m[1], 64)
			require.NoError(t, err, "no NaN and no infinity")
			require.GreaterOrEqual(t, at, 0.0)
			require.LessOrEqual(t, at, 340.0)
		}
	})
}

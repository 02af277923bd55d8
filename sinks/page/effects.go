package page

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
)

// The chart of effects is drawn in units of its own: factors from a tenth to tenfold, by their logarithm.
const (
	chartWide   = 360
	chartEdge   = 16 // left and right, so that nothing is cut
	mostFactor  = 10.0
	mostEffects = 8
)

// effects are what became of each signal: by which factor, and between which factors it is, at the confidence of the verdict.
type effects struct {
	Rows     []effect
	Sentence string
	One      int // where the factor 1 is
	Wide     int
	Grid     []tick
}

// effect is one signal. X is the estimate, From and To the ends of its interval; an end beyond the chart is cut.
type effect struct {
	Signal, Text string
	X, From, To  int
	Worse        bool   // the interval lies beyond 1 on one side
	Beyond       string // the arrow in the place of an estimate that lies beyond the chart
	Grade        correlate.Grade
	Finding      words.Finding
	Routes       []correlate.RouteEffect
}

// newEffects draws the evidence of a verdict, what decided first; nil when there is none.
func newEffects(evidence []correlate.Evidence) *effects {
	evidence = slices.DeleteFunc(slices.Clone(evidence), func(e correlate.Evidence) bool {
		return strings.HasPrefix(e.Signal, correlate.CheckSignal) // told beside
	})
	if len(evidence) == 0 {
		return nil
	}
	e := &effects{One: x(1), Wide: chartWide}
	for _, factor := range []float64{0.1, 0.25, 0.5, 1, 2, 4, 10} {
		e.Grid = append(e.Grid, tick{x(factor), fmt.Sprintf("×%g", factor)})
	}
	for _, v := range evidence[:min(len(evidence), mostEffects)] {
		f := words.NewFinding(v)
		apart := v.Interval[0] > 1 || (v.Interval[1] > 0 && v.Interval[1] < 1)
		e.Rows = append(e.Rows, effect{
			Signal: f.Name(), Text: f.Text(), X: x(v.Ratio), From: x(v.Interval[0]), To: x(upper(v.Interval[1])), Worse: apart,
			Beyond: beyond(v.Ratio), Grade: v.Grade, Finding: f, Routes: v.Routes,
		})
	}
	e.Sentence = fmt.Sprintf("By which factor each signal is what it was expected to be. %s: %s.", e.Rows[0].Signal, e.Rows[0].Text)
	return e
}

// upper is the upper end of an interval, which 0 leaves open.
func upper(end float64) float64 {
	if end == 0 {
		return mostFactor
	}
	return end
}

// beyond is an arrow at the end of the chart that an estimate lies beyond; "" for one that lies within.
func beyond(factor float64) string {
	switch {
	case factor > mostFactor:
		return fmt.Sprintf("M%d 5v12l10 -6z", chartWide-chartEdge)
	case factor < 1/mostFactor:
		return fmt.Sprintf("M%d 5v12l-10 -6z", chartEdge)
	}
	return ""
}

// x is where a factor is in the chart.
func x(factor float64) int {
	if factor <= 0 || math.IsNaN(factor) {
		return chartEdge
	}
	share := (math.Log(factor)/math.Log(mostFactor) + 1) / 2
	return chartEdge + int((chartWide-2*chartEdge)*min(max(share, 0), 1))
}

package figures

import (
	"fmt"
	"strings"

	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/internal/chart"
)

// Trend is the chart of a metric of a group over the periods of a report, with the reference from elsewhere where there is one.
func Trend(r dora.Report, m Metric, of dora.Numbers) chart.Line {
	line := chart.Line{ID: strings.ReplaceAll(m.Name, " ", "-"), Title: m.Name + " by " + string(r.Series), Say: axis(m.Unit), Top: tops(m.Unit)}
	if ref := references[m.Name]; ref.share != 0 {
		line.Reference, line.ReferenceName = &ref.share, ref.name
	}
	for i, f := range Past(r, m, of) {
		line.Points = append(line.Points, chart.Point{
			Period: r.Periods[i].Name, Said: f.Said, Value: f.Value, Low: f.Low, High: f.High, Partial: r.Periods[i].Partial,
		})
	}
	return line
}

// Reference is the reference from elsewhere for a metric, in words; "" where there is none.
func (m Metric) Reference() string { return references[m.Name].said }

// reference is what DORA's survey of 2025 found, https://dora.dev: the mean answer, on a scale from 0 to 10.
type reference struct {
	said  string
	share float64 // what that comes to, where the scale is one of shares
	name  string
}

var references = map[string]reference{
	"lead time":           {said: "mean answer 5.5 of 10"},
	"deployments per day": {said: "mean answer 4.8 of 10"},
	"recovery time":       {said: "mean answer 7.4 of 10"},
	"change fail rate":    {"mean answer 1.9 of 10, about 19 %", 0.19, "2025 survey mean 19 %"},
	"rework rate":         {"mean answer 2.2 of 10, about 22 %", 0.22, "2025 survey mean 22 %"},
}

// tops are the values that an axis of the unit may end with, least first.
func tops(u Unit) []float64 {
	if u == Seconds {
		const minute, hour, day = 60, 3600, 86400
		return []float64{
			20, minute, 2 * minute, 6 * minute, 10 * minute, 20 * minute, 30 * minute, hour, 2 * hour, 4 * hour, 6 * hour, 12 * hour, 20 * hour,
			day, 2 * day, 4 * day, 6 * day, 10 * day, 20 * day, 40 * day, 60 * day, 100 * day, 200 * day, 400 * day,
		}
	}
	return []float64{0.02, 0.04, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1, 2, 4, 6, 10, 20, 30, 40, 60, 100, 200, 400, 600, 1000, 2000, 4000, 10000}
}

// axis says values of an axis.
func axis(u Unit) func(float64) string {
	switch u {
	case Seconds:
		return short
	case Share:
		return func(v float64) string { return fmt.Sprintf("%.0f %%", 100*v) }
	}
	return func(v float64) string { return words.Figure(v) }
}

// short is a duration in its largest unit.
func short(seconds float64) string {
	for _, u := range []struct {
		name   string
		length float64
	}{{"d", 86400}, {"h", 3600}, {"m", 60}} {
		if seconds >= u.length {
			return words.Figure(seconds/u.length) + u.name
		}
	}
	return words.Figure(seconds) + "s"
}

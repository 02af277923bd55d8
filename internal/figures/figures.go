// Package figures answers: which DORA numbers are shown, in what order, and how is each of them said?
//
// Terminal, spreadsheet and page show the same figures. A figure never comes without what it was counted from, and no data
// is words.None, which is not zero.
package figures

import (
	"fmt"
	"strings"

	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/correlate/words"
)

// Unit says what a figure is a number of.
type Unit string

// The units.
const (
	Seconds Unit = "seconds"
	Share   Unit = "share"   // of one
	PerDay  Unit = "per_day" // deployments a day
)

// Metric is one of the DORA numbers.
type Metric struct {
	Name  string
	Unit  Unit
	Means string // its definition, in a sentence
	of    func(dora.Policy, dora.Numbers) Figure
}

// Of is the metric's figure in some numbers; nil numbers are no data.
func (m Metric) Of(p dora.Policy, n *dora.Numbers) Figure {
	if n == nil {
		return Figure{Said: words.None}
	}
	return m.of(p, *n)
}

// Figure is a number with what it was counted from.
type Figure struct {
	Said     string // the value: "12.5 %", "1 of 1", "1d 2h"; words.None without data
	Interval string // 95 % of a share: "5.5–26.1 %"; "" where there is none
	From     string // what it was counted from: "5 of 40, 1 pending"
	// Value is what Said says, in the metric's unit; nil without data. Low and High bound its interval, where there is one.
	Value, Low, High *float64
}

// Whole is the value with what it was counted from: "12.5 % (5 of 40)".
func (f Figure) Whole() string {
	switch {
	case f.From == "":
		return f.Said
	case strings.HasPrefix(f.From, f.Said):
		return f.From
	}
	return f.Said + " (" + f.From + ")"
}

// Five are the metrics of DORA's model, throughput first.
func Five() []Metric {
	return []Metric{
		{"lead time", Seconds, "From a commit being authored to its first arrival in production; the median.",
			func(_ dora.Policy, n dora.Numbers) Figure {
				return duration(n.LeadTime).and(n.NegativeLeadTimes, "negative left out")
			}},
		{"deployments per day", PerDay, "Successful rollouts to production, over the days of the window.", frequency},
		{"recovery time", Seconds, "From the completion of a failed deployment to its first proven recovery; the median.", recovery},
		{"change fail rate", Share, "Deployments that were judged regressed, caused an incident, or were rolled back or hot-fixed, each once, over the deployments whose observation window has closed.",
			func(_ dora.Policy, n dora.Numbers) Figure {
				return share(n.ChangeFailRate).and(n.Pending, "pending").and(n.Inconclusive, "inconclusive").and(n.Unjudged, "unjudged")
			}},
		{"rework rate", Share, "Deployments that are a rollback, a hotfix or driven by an incident, over all deployments.",
			func(_ dora.Policy, n dora.Numbers) Figure { return share(n.ReworkRate) }},
	}
}

// Further are the metrics beside the five.
func Further() []Metric {
	return []Metric{
		ratio("change success rate", "Deployments that didn't fail, over those whose window has closed and the rollouts that failed before they reached users.",
			func(n dora.Numbers) *dora.Ratio { return n.SuccessRate }),
		ratio("failed rollouts", "Rollouts that failed before they reached users, over all that came to an end.",
			func(n dora.Numbers) *dora.Ratio { return n.FailedRolloutRate }),
		ratio("rollbacks", "Rollbacks over deployments.", func(n dora.Numbers) *dora.Ratio { return n.RollbackRate }),
		span("detection delay", "From the completion of a failed deployment to the first sign that somebody noticed; the median.",
			func(n dora.Numbers) *dora.Duration { return n.DetectionDelay }),
		span("detection to recovery", "From that sign to the recovery; the median.",
			func(n dora.Numbers) *dora.Duration { return n.DetectionRecovery }),
		span("incident duration", "From an incident being opened to its resolution; the median.",
			func(n dora.Numbers) *dora.Duration { return n.IncidentRecovery }),
		ratio("found by people first", "Failed deployments that people noticed before telemetry did, or alone, over those that anybody noticed.",
			func(n dora.Numbers) *dora.Ratio { return n.DefectEscapeRate }),
		span("approved to begun", "From the approval of a deployment to its begin, where told; the median.",
			func(n dora.Numbers) *dora.Duration { return n.QueueTime }),
	}
}

func ratio(name, means string, of func(dora.Numbers) *dora.Ratio) Metric {
	return Metric{name, Share, means, func(_ dora.Policy, n dora.Numbers) Figure { return share(of(n)) }}
}

func span(name, means string, of func(dora.Numbers) *dora.Duration) Metric {
	return Metric{name, Seconds, means, func(_ dora.Policy, n dora.Numbers) Figure { return duration(of(n)) }}
}

func frequency(_ dora.Policy, n dora.Numbers) Figure {
	if n.DeploymentsPerDay == nil {
		return Figure{Said: words.None}
	}
	f := Figure{Said: words.Rate(n.DeploymentsPerDay), Value: n.DeploymentsPerDay, From: counted(n.Deployments, "deployment")}
	if n.Redeployments > 0 {
		f = f.with(counted(n.Redeployments, "redeployment") + " apart")
	}
	return f
}

func recovery(p dora.Policy, n dora.Numbers) Figure {
	f := duration(n.Recovery)
	switch {
	case n.Recovery == nil:
	case p == dora.PolicyDevLake:
		f.From = "lower " + f.From
	case p.Averages():
		f.Said, f.Value = words.Span(n.Recovery.Mean), &n.Recovery.Mean
		f.From = fmt.Sprintf("mean of %d", n.Recovery.N)
	}
	open := fmt.Sprint(n.OpenFailures, " open")
	if n.OldestOpenFailure != nil {
		open += ", oldest " + words.Span(*n.OldestOpenFailure)
	}
	if n.OpenFailures > 0 {
		f = f.with(open)
	}
	return f
}

func share(r *dora.Ratio) Figure {
	if r == nil {
		return Figure{Said: words.None}
	}
	f := Figure{Said: words.Share(r), Value: &r.Value, From: fmt.Sprintf("%d of %d", r.Numerator, r.Denominator)}
	if r.Interval != [2]float64{} {
		f.Interval, f.Low, f.High = words.Interval(r), &r.Interval[0], &r.Interval[1]
	}
	return f
}

func duration(d *dora.Duration) Figure {
	if d == nil {
		return Figure{Said: words.None}
	}
	return Figure{Said: words.Span(d.Median), Value: &d.Median, From: fmt.Sprintf("median of %d, p90 %s", d.N, words.Span(d.P90))}
}

// and adds a count to what a figure was counted from, unless it is zero.
func (f Figure) and(n int, what string) Figure {
	if n == 0 {
		return f
	}
	return f.with(fmt.Sprint(n, " ", what))
}

func (f Figure) with(text string) Figure {
	f.From = strings.TrimPrefix(f.From+", "+text, ", ")
	return f
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return words.Count(int64(n)) + " " + what + "s"
}

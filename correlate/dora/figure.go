package dora

import "fmt"

// Metric is a number of a report that can be restated, by its name in Numbers.
type Metric string

// The metrics.
const (
	MetricDeployments      Metric = "deployments"
	MetricChangeFailRate   Metric = "change_fail_rate"
	MetricRecovery         Metric = "failed_deployment_recovery_time"
	MetricLeadTime         Metric = "change_lead_time"
	MetricReworkRate       Metric = "deployment_rework_rate"
	MetricIncidentRecovery Metric = "incident_time_to_restore"
)

// Metrics lists every Metric.
func Metrics() []Metric {
	return []Metric{
		MetricDeployments, MetricChangeFailRate, MetricRecovery, MetricLeadTime, MetricReworkRate, MetricIncidentRecovery,
	}
}

// Figure is a number with what it was counted from. A nil Value is no data.
type Figure struct {
	Value     *float64 `json:"value"`     // a count, a ratio, or a median in seconds
	Numerator int      `json:"numerator"` // of a ratio
	N         int      `json:"n"`         // its denominator, or the number of durations
}

// of is the metric's figure.
func (m Metric) of(n Numbers) Figure {
	switch m {
	case MetricDeployments:
		v := float64(n.Deployments)
		return Figure{Value: &v, N: n.Deployments}
	case MetricChangeFailRate:
		return ratioFigure(n.ChangeFailRate)
	case MetricReworkRate:
		return ratioFigure(n.ReworkRate)
	case MetricRecovery:
		return medianFigure(n.Recovery)
	case MetricLeadTime:
		return medianFigure(n.LeadTime)
	case MetricIncidentRecovery:
		return medianFigure(n.IncidentRecovery)
	}
	return Figure{}
}

func ratioFigure(r *Ratio) Figure {
	if r == nil {
		return Figure{}
	}
	return Figure{&r.Value, r.Numerator, r.Denominator}
}

func medianFigure(d *Duration) Figure {
	if d == nil {
		return Figure{}
	}
	return Figure{Value: &d.Median, N: d.N}
}

func (f Figure) equal(o Figure) bool {
	return (f.Value == nil) == (o.Value == nil) && (f.Value == nil || *f.Value == *o.Value) && f.Numerator == o.Numerator && f.N == o.N
}

func (m Metric) words(f Figure) string {
	switch {
	case f.Value == nil:
		return "no data"
	case m == MetricDeployments:
		return fmt.Sprint(f.N)
	case m == MetricChangeFailRate || m == MetricReworkRate:
		return fmt.Sprintf("%.3g %% (%d of %d)", 100**f.Value, f.Numerator, f.N)
	}
	return fmt.Sprintf("%s (n %d)", span(int64(*f.Value)), f.N)
}

// span is a number of seconds in the two largest units that it has.
func span(s int64) string {
	switch {
	case s >= 86_400:
		return fmt.Sprintf("%dd %dh", s/86_400, s%86_400/3600)
	case s >= 3600:
		return fmt.Sprintf("%dh %dm", s/3600, s%3600/60)
	}
	return fmt.Sprintf("%dm %ds", s/60, s%60)
}

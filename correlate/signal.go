package correlate

import "fmt"

// Direction says which movement of a custom signal hurts.
type Direction string

// The directions of a signal.
const (
	BadUp   Direction = "up"
	BadDown Direction = "down"
	BadBoth Direction = "both"
)

// SignalType is how the points of a custom signal are read.
type SignalType string

// The types of a custom signal.
const (
	SignalGauge     SignalType = "gauge"
	SignalRate      SignalType = "rate"
	SignalRatio     SignalType = "ratio"
	SignalHistogram SignalType = "histogram"
)

// MetricSelector picks the points of one OTLP metric, all of them or those with the given attribute values.
type MetricSelector struct {
	// Metric is the name of the metric.
	Metric string `mapstructure:"metric" yaml:"metric"`
	// Attributes are those that a point must have, with their values; none: all points.
	Attributes map[string]string `mapstructure:"attributes" yaml:"attributes"`
}

// Signal is a custom signal: a metric of the user's own that is judged like the rest. The same keys are used in the
// daemon's configuration and in a replay case's signals.yaml.
type Signal struct {
	// Name is what the signal is called in verdicts.
	Name string `mapstructure:"name" yaml:"name"`
	// Metric is the metric that is read; of a ratio, Numerator and Denominator are.
	Metric string `mapstructure:"metric" yaml:"metric"`
	// Type is how its points are read: gauge, rate, ratio or histogram.
	Type SignalType `mapstructure:"type" yaml:"type"`
	// Bad is the direction that hurts: up, down or both.
	Bad Direction `mapstructure:"bad" yaml:"bad"`
	// Numerator and Denominator are the points that a ratio is made of.
	Numerator   MetricSelector `mapstructure:"numerator" yaml:"numerator"`
	Denominator MetricSelector `mapstructure:"denominator" yaml:"denominator"`
	// Tolerance is by which share of what is expected the signal may be off without harm: 0.1 lets it rise or fall by a
	// tenth. 0 tolerates only what is usual without a change.
	Tolerance float64 `mapstructure:"tolerance" yaml:"tolerance"`
	// Margin is by which share of what is expected the signal must be shown to be off at most before a change is healthy; 0
	// leaves it to the default. It is no less than the tolerance.
	Margin float64 `mapstructure:"margin" yaml:"margin"`
}

// mostTolerated is the largest tolerance and margin: ten times what is expected.
const mostTolerated = 10.0

// Validate returns a *FieldError that names what is wrong with the signal.
func (s Signal) Validate() error {
	switch {
	case s.Name == "":
		return &FieldError{"name", "required: the name of the signal in verdicts and metrics"}
	case !known(s.Type, []SignalType{SignalGauge, SignalRate, SignalRatio, SignalHistogram}):
		return &FieldError{"type", fmt.Sprintf("%q is unknown; use gauge, rate, ratio or histogram", s.Type)}
	case !known(s.Bad, []Direction{BadUp, BadDown, BadBoth}):
		return &FieldError{"bad", fmt.Sprintf("%q is unknown; use up, down or both: the direction that hurts", s.Bad)}
	case s.Type == SignalRatio && (s.Numerator.Metric == "" || s.Denominator.Metric == ""):
		return &FieldError{"numerator", "a ratio needs numerator.metric and denominator.metric"}
	case s.Type != SignalRatio && s.Metric == "":
		return &FieldError{"metric", "required: the OTLP metric name"}
	case !(s.Tolerance >= 0 && s.Tolerance <= mostTolerated):
		return &FieldError{"tolerance", fmt.Sprintf("%g is not between 0 and %g: the share of what is expected that the signal may be off, 0.1 for a tenth", s.Tolerance, mostTolerated)}
	case !(s.Margin >= 0 && s.Margin <= mostTolerated):
		return &FieldError{"margin", fmt.Sprintf("%g is not between 0 and %g: the share of what is expected that a healthy change may move the signal, 0.1 for a tenth", s.Margin, mostTolerated)}
	case s.Margin > 0 && s.Margin < s.Tolerance:
		return &FieldError{"margin", fmt.Sprintf("%g is less than the tolerance of %g: what is tolerated would never be healthy", s.Margin, s.Tolerance)}
	}
	return nil
}

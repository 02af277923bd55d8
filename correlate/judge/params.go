package judge

import (
	"math"

	"github.com/shipwake/shipwake/correlate/guard"
)

// Floor is how much of a rise matters, and how much of one can be tolerated. All four are compared with the ratio of
// the treated side's event ratio to the control's, or with their difference.
type Floor struct {
	Ratio    float64 // a rise up to this factor is no regression
	Absolute float64 // nor is a rise up to this difference of event ratios
	// BeforeAfter replaces Ratio where the control is only the time before the change.
	BeforeAfter float64
	// A change is healthy when the rise is proven to lie below the factor Margin or the difference MarginAbsolute.
	Margin, MarginAbsolute float64
}

// Params is the calibration of the judge. Durations are in seconds and scale with the resolution, see Scale.
type Params struct {
	// Guards are the safeguards that are in force: all of them when nil. See Guards.
	Guards *guard.Set `json:"-"`
	// Alpha is the chance that a change without any effect is ever called regressed, over its whole window.
	Alpha float64
	// AlphaHealthy is the chance that a change whose rise is just beyond the margin is ever called healthy.
	AlphaHealthy float64
	// Grace is how long after the start nothing is counted: caches fill, pools connect. A catastrophe is not waited out.
	Grace int64
	// MinHealthy is the shortest observation that can end healthy; twice the rollout is the other limit.
	MinHealthy int64
	// Recovery is how long a signal must be back inside its floor to have recovered.
	Recovery int64
	// Transient is the longest excursion that is forgiven when it went away by itself.
	Transient int64
	// Restart is the distance of the instants from which evidence is also collected afresh, so that a fault with a
	// late onset is not drowned in the clean time before it.
	Restart int64
	// MinBuckets is in how many cells a fault must show.
	MinBuckets int
	// Catastrophe is the factor that the lower bound must exceed to be called within the grace time, and
	// CatastropheEvents the number of events it takes.
	Catastrophe       float64
	CatastropheEvents int64

	Errors    Floor
	LogErrors Floor
	// Latency holds the floors of the exceedance of the baseline's q50, q90 and q99.
	Latency [3]Floor
	// LatencySlack is by how many histogram bins (9 % each) a threshold lies above the baseline's quantile: slower by
	// less than that is not slower.
	LatencySlack int16
	// LatencyMargin is by how many more bins a quantile may be shown to have moved at most for the latency to be
	// harmless, however many requests that carries beyond the threshold.
	LatencyMargin int16
	// KnownBeyond is how many requests of the baseline must lie beyond a quantile for it to be known.
	KnownBeyond float64
	// Traffic is the floor of a loss of requests: Ratio 1.5 means that losing up to a third is no regression.
	Traffic Floor
	// LostTraffic is the loss of requests, as a factor like Traffic's, that bars an acquittal.
	LostTraffic float64

	// Weights is the share of Alpha that each family of signals may spend.
	Weights Weights

	// Dispersion estimates shrink to FleetDispersion as if it had been seen in DispersionWeight windows.
	FleetDispersion  float64
	DispersionWeight float64
	// RehearsalWeight is the same for pseudo-changes in a short history.
	RehearsalWeight float64

	// Day is the period of the load's season, History the least history that makes a season known.
	Day     int64
	History int64
	// WarmUps is how many earlier rollouts it takes to know how a service warms up.
	WarmUps int
	// MinPlacebos is how many change-free windows it takes to calibrate a statistic.
	MinPlacebos int
	// Gauge calibrates custom signals.
	Gauge GaugeParams
	// NewException is how many records of a new exception type, in how many cells, are a fault.
	NewException, NewExceptionBuckets int64
}

// Weights is the share of Alpha by family; together they are at most 1.
type Weights struct{ Errors, Latency, Logs, Exceptions, Traffic, Custom float64 }

// GaugeParams calibrates signals that are values, not counts.
type GaugeParams struct {
	Smoothing   int64   // width of the moving average, seconds; two and four times as wide ones are looked at as well
	Baseline    int64   // how much time before the change sets its level, seconds
	Unrest      int64   // how much time before the change says how much the signal deviates on its own, seconds
	Horizon     int64   // placebo windows are at least so long, so that early looks are as strict as late ones
	Threshold   float64 // largest deviation over what it is without a change, with a season known
	BeforeAfter float64 // the same without a season
	Placebos    int     // at most so many placebo windows
}

// DefaultParams is the calibration for cells of 10 seconds.
func DefaultParams() Params {
	return Params{
		Alpha: 0.01, AlphaHealthy: 0.05,
		Grace:       60,
		MinHealthy:  900,
		Recovery:    300,
		Transient:   120,
		Restart:     300,
		MinBuckets:  3,
		Catastrophe: 10, CatastropheEvents: 20,
		Errors:    Floor{Ratio: 1.25, Absolute: 0.001, BeforeAfter: 2, Margin: 1.5, MarginAbsolute: 0.005},
		LogErrors: Floor{Ratio: 1.5, Absolute: 0.001, BeforeAfter: 3, Margin: 1.5, MarginAbsolute: 0.005},
		Latency: [3]Floor{
			{Ratio: 1.25, BeforeAfter: 1.5, Margin: 1.25, MarginAbsolute: 0.05},
			{Ratio: 1.25, BeforeAfter: 2, Margin: 1.25, MarginAbsolute: 0.025},
			{Ratio: 1.5, BeforeAfter: 3, Margin: 1.5, MarginAbsolute: 0.01},
		},
		LatencySlack:        1,
		LatencyMargin:       2,
		KnownBeyond:         5,
		Traffic:             Floor{Ratio: 1.5, BeforeAfter: 3},
		LostTraffic:         1.4,
		Weights:             Weights{Errors: 0.3, Latency: 0.3, Logs: 0.1, Exceptions: 0.05, Traffic: 0.1, Custom: 0.15},
		FleetDispersion:     1,
		DispersionWeight:    10,
		RehearsalWeight:     3,
		Day:                 86400,
		History:             86400,
		WarmUps:             3,
		MinPlacebos:         20,
		Gauge:               GaugeParams{Smoothing: 300, Baseline: 7200, Unrest: 3600, Horizon: 3600, Threshold: 3.75, BeforeAfter: 8, Placebos: 120},
		NewException:        3,
		NewExceptionBuckets: 2,
	}
}

// Scale is the same calibration for cells of another resolution (in seconds): every duration except the day shrinks
// or grows with it.
func (p Params) Scale(resolution int64) Params {
	const calibrated = 10
	for _, d := range []*int64{&p.Grace, &p.MinHealthy, &p.Recovery, &p.Transient, &p.Restart, &p.Gauge.Smoothing, &p.Gauge.Baseline, &p.Gauge.Unrest, &p.Gauge.Horizon} {
		*d = max(resolution, *d*resolution/calibrated)
	}
	return p
}

// beforeAfter is the floor of a rise where the control is only the time before the change.
func (p *Params) beforeAfter(of Floor) float64 {
	if !p.Guards.On(guardBeforeAfter) {
		return of.Ratio
	}
	return of.BeforeAfter
}

// need is the ln e-value at which a family convicts: its share of Alpha, inverted.
func (p *Params) need(weight float64) float64 { return -math.Log(p.Alpha * weight) }

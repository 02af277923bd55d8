package judge

import (
	"math"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/expect"
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
	expect.Params
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
	// CatastropheEvents is the number of events that a catastrophe takes.
	CatastropheEvents int64

	Errors    Floor
	LogErrors Floor
	// Latency holds the floors of the exceedance of the baseline's q50, q90 and q99.
	Latency [3]Floor
	// LatencyMean holds those of the mean, which is asked about where buckets are too wide to show how far a quantile moved.
	LatencyMean Floor
	// LatencySlack is by how many histogram bins (9 % each) a threshold lies above the baseline's quantile: slower by
	// less than that is not slower.
	LatencySlack int16
	// LatencyMargin is by how many more bins a quantile may be shown to have moved at most for the latency to be
	// harmless, and must be shown to have moved at least for it to be worse, however many requests that carries beyond the
	// threshold.
	LatencyMargin int16
	// KnownBeyond is how many requests of the baseline must lie beyond a quantile for it to be known.
	KnownBeyond float64
	// Traffic is the floor of a loss of requests: Ratio 1.5 means that losing up to a third is no regression.
	Traffic Floor
	// LostTraffic is the loss of requests, as a factor like Traffic's, that bars an acquittal.
	LostTraffic float64

	// CallsMargin is the factor by which a request may make more calls of another service and be harmless.
	CallsMargin float64

	// ValueMargin is by which share of what is expected a custom signal may be off and be harmless, where the configuration
	// says none.
	ValueMargin float64

	// Weights is the share of Alpha that each family of signals may spend.
	Weights Weights
}

// Weights is the share of Alpha by family; together they are at most 1.
type Weights struct{ Errors, Latency, Logs, Exceptions, Traffic, Custom, Saturation float64 }

// DefaultParams is the calibration for cells of 10 seconds.
func DefaultParams() Params {
	return Params{
		Params: expect.Default(),
		Alpha:  0.01, AlphaHealthy: 0.05,
		Grace:             60,
		MinHealthy:        900,
		Recovery:          300,
		Transient:         120,
		CatastropheEvents: 20,
		Errors:            Floor{Ratio: 1.25, Absolute: 0.001, BeforeAfter: 2, Margin: 1.5, MarginAbsolute: 0.005},
		LogErrors:         Floor{Ratio: 1.5, Absolute: 0.001, BeforeAfter: 3, Margin: 1.5, MarginAbsolute: 0.005},
		Latency: [3]Floor{
			{Ratio: 1.25, BeforeAfter: 1.5, Margin: 1.25, MarginAbsolute: 0.05},
			{Ratio: 1.25, BeforeAfter: 2, Margin: 1.25, MarginAbsolute: 0.025},
			{Ratio: 1.5, BeforeAfter: 3, Margin: 1.5, MarginAbsolute: 0.01},
		},
		LatencyMean:   Floor{Ratio: 1.25, BeforeAfter: 1.5, Margin: 1.25},
		LatencySlack:  1,
		LatencyMargin: 2,
		KnownBeyond:   5,
		Traffic:       Floor{Ratio: 1.5, BeforeAfter: 3},
		LostTraffic:   1.4,
		CallsMargin:   1.5,
		ValueMargin:   0.1667,
		Weights:       Weights{Errors: 0.29, Latency: 0.29, Logs: 0.1, Exceptions: 0.05, Traffic: 0.1, Custom: 0.15, Saturation: 0.02},
	}
}

// Scale is the same calibration for cells of another resolution (in seconds): every duration except the day shrinks
// or grows with it.
func (p Params) Scale(resolution int64) Params {
	const calibrated = 10
	for _, d := range []*int64{&p.Grace, &p.MinHealthy, &p.Recovery, &p.Transient, &p.Restart, &p.Gauge.Smoothing, &p.Gauge.Baseline, &p.Gauge.BaselineNoise, &p.Gauge.Early, &p.Gauge.Horizon} {
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

// latencyMargin is ln of the factor by which a quantile may be shown to have moved at most.
func (p *Params) latencyMargin() float64 {
	return float64(p.LatencyMargin) / correlate.BinsPerOctave * math.Ln2
}

// need is the ln e-value at which a family convicts: its share of Alpha, inverted.
func (p *Params) need(weight float64) float64 { return -math.Log(p.Alpha * weight) }

package blame

import (
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/guard"
)

// Params is the calibration of the score. All weights are natural log-odds, all durations seconds.
type Params struct {
	// Guards are the parts of the score that are in force: all of them when nil. See Guards.
	Guards *guard.Set `json:"-"`
	// Lag is the time in which the odds of a rollout step fall by a factor e, LagLong the same from LagKnee on: a leak
	// takes its time.
	Lag, LagKnee, LagLong float64
	// TooLate is how long after the onset a change may have started: onsets are only known to a bucket or two.
	TooLate int64
	// Together is how much later the fault of a changed service may have been seen to begin than the one it caused:
	// where there is little traffic, it takes a while to show.
	Together int64
	// Hop is the factor by which the odds fall with each call between the fault and the change, Upstream the log-odds
	// that it came from a caller, Unreachable those of a change that no chain of calls connects with the fault.
	Hop, Upstream, Unreachable float64
	// ContrastMin and ContrastMax bound what the comparison of new and old instances may say, ContrastElsewhere replaces
	// the first for a fault of another service.
	ContrastMin, ContrastMax, ContrastElsewhere float64
	// Anomalous is what it says for a change that its own service regressed too, with AnomalousStrength times the ln
	// e-value (at most AnomalousMax) on top, Quiet what it says against one whose service is fine, Deeper what each
	// call says that leads from the fault down to a service that regressed itself.
	Anomalous, AnomalousStrength, AnomalousMax, Quiet, Deeper float64
	// Shared is what it says against a change that a fault of its own service shows on its old instances as well.
	Shared float64
	// Cured is what it says for a change that the fault went away when it was rolled back, Outlived what it says against
	// one that the fault stayed.
	Cured, Outlived float64
	// DoseMin and DoseMax bound what the course of the fault may say about a rollout, DoseVaries is by how much the share
	// of the new version must vary since the onset for that, and DoseEvents the least number of events since then.
	DoseMin, DoseMax, DoseVaries, DoseEvents float64
	// TracesMin and TracesMax bound what it may say which version the failing requests touched.
	TracesMin, TracesMax float64
	// Unseen is what it says for a change that its new version should have been seen and was not.
	Unseen float64
	// ShockAlike is what it says against a change that services it can't have reached got worse at the same time and as
	// much, ShockOther that they are at fault in another way.
	ShockAlike, ShockOther float64
	// Prior is what the kind of a change says before anything was looked at.
	Prior map[correlate.Kind]float64
	// Background is the log-odds that no known change did it, against one without any evidence for or against it.
	Background float64
	// Outage is added to Background where a service that nobody changed is at fault, or explains the fault, or where the load
	// surged just before it.
	Outage float64
}

// DefaultParams is the calibration for cells of 10 seconds. What isn't a bound was fitted by maximum likelihood of the truth;
// bench/results/blame.md tells on what and how.
func DefaultParams() Params {
	return Params{
		Lag: 300, LagKnee: 900, LagLong: 1800, TooLate: 30, Together: 120,
		Hop: 0.8, Upstream: -1, Unreachable: -6,
		ContrastMin: -4, ContrastMax: 8, ContrastElsewhere: -1,
		Anomalous: 1, AnomalousStrength: 1.0 / 3, AnomalousMax: 2, Quiet: -0.5, Deeper: 0.5,
		Shared: -3,
		Cured:  2, Outlived: -3,
		DoseMin: -3, DoseMax: 2, DoseVaries: 0.1, DoseEvents: 20,
		TracesMin: -4, TracesMax: 6,
		Unseen:     2,
		ShockAlike: -4, ShockOther: -2,
		Prior: map[correlate.Kind]float64{
			correlate.KindRollback: -0.7, correlate.KindFeatureFlag: -0.1, correlate.KindOther: -0.3,
		},
		Background: -2.5, Outage: 2,
	}
}

// Scale is the same calibration for cells of another resolution, in seconds.
func (p Params) Scale(resolution int64) Params {
	const calibrated = 10
	for _, d := range []*float64{&p.Lag, &p.LagKnee, &p.LagLong} {
		*d = *d * float64(resolution) / calibrated
	}
	p.TooLate = max(resolution, p.TooLate*resolution/calibrated)
	p.Together = max(resolution, p.Together*resolution/calibrated)
	return p
}

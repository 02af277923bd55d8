package expect

import (
	"github.com/shipwake/shipwake/correlate/judge/evalue"
)

// Params is the calibration of what is expected. Durations are in seconds.
type Params struct {
	evalue.Params
	// Restart is the distance of the instants from which evidence is also collected afresh, so that a fault with a late
	// onset is not drowned in the clean time before it. Windows of the past have lengths of multiples of it.
	Restart int64
	// Catastrophe is the factor from which no warm-up explains a rise.
	Catastrophe float64
	// ShortHistoryWeight is the weight of the fleet's dispersion, in windows, where history is too short for days.
	ShortHistoryWeight float64
	// Day is the period of the load's season, History the least history that makes a season known.
	Day     int64
	History int64
	// WarmUps is how many earlier rollouts it takes to know how a service warms up.
	WarmUps int
	// MinPlacebos is how many change-free windows it takes to calibrate a statistic.
	MinPlacebos int
	// Gauge calibrates custom signals.
	Gauge GaugeParams
}

// GaugeParams calibrates signals that are values, not counts. All are in seconds.
type GaugeParams struct {
	Smoothing     int64 // width of the moving average; two and four times as wide ones are looked at as well
	Baseline      int64 // how much time before the change sets its level
	BaselineNoise int64 // how much time before the change says how much the signal deviates on its own
	Early         int64 // how long after the change a fault that came with it shows at the latest
	Horizon       int64 // placebo windows for other faults are at least so long, so that early looks are as strict as late ones
}

// Default is the calibration for cells of 10 seconds.
func Default() Params {
	return Params{
		Params:             evalue.Default(),
		Restart:            300,
		Catastrophe:        10,
		ShortHistoryWeight: 3,
		Day:                86400,
		History:            86400,
		WarmUps:            3,
		MinPlacebos:        20,
		Gauge: GaugeParams{
			Smoothing: 300, Baseline: 7200, BaselineNoise: 3600, Early: 900, Horizon: 3600,
		},
	}
}

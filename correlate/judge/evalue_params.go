package judge

import "github.com/shipwake/shipwake/correlate/guard"

// statistics is the calibration of the statistics.
type statistics struct {
	// Guards are the safeguards that are in force: all of them when nil.
	Guards *guard.Set `json:"-"`
	// Estimates of dispersion shrink to FleetDispersion as if that had been seen in DispersionWeight windows.
	FleetDispersion  float64
	DispersionWeight float64
}

// statisticsByDefault is the calibration for any resolution.
func statisticsByDefault() statistics { return statistics{FleetDispersion: 1, DispersionWeight: 10} }

// shrunk is φ of some χ² with its degrees of freedom, shrunk to the fleet's.
func (p *statistics) shrunk(chi2, df float64) float64 {
	return (chi2 + p.DispersionWeight*p.FleetDispersion) / (df + p.DispersionWeight)
}

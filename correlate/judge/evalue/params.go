package evalue

import "github.com/shipwake/shipwake/correlate/guard"

// Params is the calibration of the statistics.
type Params struct {
	// Guards are the safeguards that are in force: all of them when nil.
	Guards *guard.Set `json:"-"`
	// Estimates of dispersion shrink to FleetDispersion as if that had been seen in DispersionWeight windows.
	FleetDispersion  float64
	DispersionWeight float64
}

// Default is the calibration for any resolution.
func Default() Params { return Params{FleetDispersion: 1, DispersionWeight: 10} }

// Shrunk is φ of some χ² with its degrees of freedom, shrunk to the fleet's.
func (p *Params) Shrunk(chi2, df float64) float64 {
	return (chi2 + p.DispersionWeight*p.FleetDispersion) / (df + p.DispersionWeight)
}

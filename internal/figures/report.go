package figures

import (
	"slices"

	"github.com/shipwake/shipwake/correlate/dora"
)

// Group are the numbers of a group in a period: of the whole those of the period; nil when there was nothing to count.
func Group(p dora.Period, of dora.Numbers) *dora.Numbers {
	if of.Group == "" {
		return p.Total
	}
	i := slices.IndexFunc(p.Groups, func(n dora.Numbers) bool {
		return n.Group == of.Group && n.Service == of.Service && n.Environment == of.Environment
	})
	if i < 0 {
		return nil
	}
	return &p.Groups[i]
}

// Past are a metric's figures of a group in each period of a report, oldest first.
func Past(r dora.Report, m Metric, of dora.Numbers) []Figure {
	all := make([]Figure, 0, len(r.Periods))
	for _, p := range r.Periods {
		all = append(all, m.Of(r.Policy, Group(p, of)))
	}
	return all
}

// Values are the values of figures; nil is no data.
func Values(all []Figure) []*float64 {
	values := make([]*float64, 0, len(all))
	for _, f := range all {
		values = append(values, f.Value)
	}
	return values
}

// Whole names the numbers of all groups together.
const Whole = "all"

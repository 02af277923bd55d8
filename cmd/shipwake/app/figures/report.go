package figures

import (
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate/dora"
)

// Report is a report with the periods of a series.
type Report struct {
	dora.Report
	Series  string   `json:"series,omitempty"`
	Zone    string   `json:"zone,omitempty"`
	Periods []Period `json:"periods,omitempty"`
}

// Period is the numbers of one period of a series.
type Period struct {
	Name    string         `json:"period"`
	From    time.Time      `json:"from"`
	To      time.Time      `json:"to"`
	Partial bool           `json:"partial,omitempty"`
	Total   *dora.Numbers  `json:"total"`
	Groups  []dora.Numbers `json:"groups,omitempty"`
}

// Group are the numbers of a group in a period: of the whole those of the period; nil when there was nothing to count.
func (p Period) Group(of dora.Numbers) *dora.Numbers {
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

// Past are the figures of a group in each period, oldest first.
func (r Report) Past(m Metric, of dora.Numbers) []Figure {
	all := make([]Figure, 0, len(r.Periods))
	for _, p := range r.Periods {
		all = append(all, m.Of(r.Policy, p.Group(of)))
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

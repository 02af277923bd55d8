package judge

import (
	"strings"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
)

// Share says of one signal, seen on the new version and the old one at the same time, whose a rise is.
type Share struct {
	Signal string
	// LogLR is ln of how much more likely the new version alone is worse than before than both alike; see evalue.Share.
	LogLR float64
}

// shares are what the versions' contests say of their signals since the onset, or since the change where nothing regressed.
func (t ruling) shares(a *Assessment) (all []Share) {
	in := evalue.Span{From: max(t.begin, a.Onset), To: t.c.Now}
	if a.Recovered > 0 {
		in.To = a.Recovered
	}
	for i := range t.findings {
		f := &t.findings[i]
		c := f.contest
		if c == nil || c.before != nil || c.zones != nil || f.Grade != correlate.GradeA {
			continue
		}
		usual := evalue.Ratio(c.control.EC, c.control.NC)
		phi := c.dispersion(t.c.Resolution, true, t.p)
		if s := evalue.Share(evalue.PairsIn(c.pairs, in), usual, phi); s != 0 {
			all = append(all, Share{Signal: f.Signal, LogLR: round(s)})
		}
	}
	return all
}

// ShareOf is what is known of whose a fault is that shows in a signal, as the service or its callers see it: 0 when nothing.
func (a *Assessment) ShareOf(signal string) float64 {
	signal = strings.TrimPrefix(signal, "client_")
	for _, s := range a.Shares {
		if s.Signal == signal {
			return s.LogLR
		}
	}
	return 0
}

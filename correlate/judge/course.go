package judge

import (
	"strings"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
)

// Window is what a stretch of time says of a signal: so many events among so many exposures.
type Window struct {
	At               int64 // Unix seconds
	Events, Exposure float64
}

// Course is how a signal went in [from, to), in windows of the given width on a grid of it, and φ of its baseline. It is
// nil for signals that aren't counted in events. New exceptions go as the errors do in which they end.
func (m *Memory) Course(p *Params, c *Case, signal string, from, to, width int64) (windows []Window, phi float64) {
	if strings.HasPrefix(signal, "exception") {
		signal = "error_ratio"
	}
	for i := range c.Streams {
		s := &c.Streams[i]
		switch s.Kind {
		case correlate.Traffic, correlate.Edge, correlate.Log:
		default:
			continue
		}
		qs := m.record(p, c, s).count(p, c, s, true)
		for j := range qs {
			if q := &qs[j]; q.signal == signal {
				for _, part := range [...][]evalue.Tally{q.base, q.after} {
					windows = addWindows(windows, evalue.Before(evalue.Since(part, from), to), width)
				}
				return windows, q.dispersion(c.Resolution, false, p)
			}
		}
	}
	return nil, 0
}

func addWindows(windows []Window, ts []evalue.Tally, width int64) []Window {
	for _, t := range ts {
		at := t.At - evalue.Mod(t.At, width)
		if n := len(windows); n == 0 || windows[n-1].At != at {
			windows = append(windows, Window{At: at})
		}
		w := &windows[len(windows)-1]
		w.Events += float64(t.Events)
		w.Exposure += float64(t.Exposure)
	}
	return windows
}

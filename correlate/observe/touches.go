package observe

import (
	"strings"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/blame"
	"github.com/shipwake/shipwake/correlate/window"
)

// Touches are the requests of a faulty service since the onset, by the version of a changed service that served in the
// same trace. They are nil for faults that no failing requests are, where traces don't tell, and for the changed service
// itself, of which its own versions tell more.
func (o *Observer) Touches(c *Subject, f Fault, t int64) []blame.Touch {
	fails := strings.Contains(f.Signal, "error") || correlate.OfException(f.Signal)
	s := o.cells.Service(f.Place)
	if !fails || s == nil || f.Place == c.Place {
		return nil
	}
	version := o.ServedVersion(c, t)
	if version == "" {
		return nil
	}
	end, width := f.until(t), o.doseWidth()
	first := window.Floor(f.Onset, width)
	var touches []blame.Touch
	for _, k := range s.Keys() {
		if k.Kind != correlate.Trace || k.Peer != c.Place.Service {
			continue
		}
		for _, cell := range s.Stream(k).Total().Between(max(f.Onset, c.Start), end) {
			at := int((cell.Start - first) / width)
			for len(touches) <= at {
				touches = append(touches, blame.Touch{})
			}
			requests, errors := float64(cell.Requests), float64(min(cell.Errors, cell.Requests))
			if w := &touches[at]; k.Name == version {
				w.New, w.NewErrors = w.New+requests, w.NewErrors+errors
			} else {
				w.Old, w.OldErrors = w.Old+requests, w.OldErrors+errors
			}
		}
	}
	return touches
}

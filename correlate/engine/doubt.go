package engine

import (
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// doubtFor is how late a change may be reported that still casts doubt on what was judged without it, in seconds.
const doubtFor = 7 * 24 * 3600

// doubt takes a conviction back that a change which is reported now, when nothing is left to judge by, makes uncertain: it
// was of the same service, and began before the fault did. Which of the two it was can't be found out any more, unless the
// late one is to be judged from what is on disk.
func (e *Engine) doubt(late *change) {
	if late.rec.Phase != correlate.PhaseHistory || late.rec.Rejudging || !late.live() || late.rec.Rollback ||
		late.rec.ReceivedAt.Unix()-late.start() > doubtFor {
		return
	}
	for _, c := range e.lineup(late.place()) {
		v := c.verdict()
		if c == late || v == nil || !v.Final || v.Outcome != correlate.Regressed || v.Reason == correlate.ReasonDownstream || v.OnsetAt == nil {
			continue
		}
		if from := late.start(); from > v.OnsetAt.Unix() || from < c.start()-e.cfg.Watch {
			continue
		}
		doubted := *v
		doubted.Outcome, doubted.Reason, doubted.Blame = correlate.Inconclusive, correlate.ReasonConfounded, v.Blame/2
		e.setCourse(c, append(slices.Clone(c.course[:len(c.course)-1]), doubted), late.rec.ID)
	}
}

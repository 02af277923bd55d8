package engine

import (
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/cells"
	"github.com/shipwake/shipwake/correlate/judge"
)

// watch is what is remembered of a place from look to look, for a change of one version that began at one instant. Cells
// before the watermark don't change any more, so each is counted once. It may be dropped at any time.
type watch struct {
	version string
	start   int64
	atOnce  bool
	past    *before              // what is known of the time before
	steps   []correlate.ZoneStep // as they are known now
	earlier []judge.Rollout      // that say how the place warms up
	memory  judge.Memory
	tracks  map[*cells.Stream]*track
	apart   bool      // the versions of the latest case are told apart by zone alone
	whole   cells.Sum // the accounts of callers
	history cells.Sum
	rolled  cells.Sum      // around the earlier rollouts
	streams []judge.Stream // of the latest case, to be overwritten by the next
}

// track is what is remembered of a stream: how many requests it saw before the change and since, up to an instant, and
// the versions that the change doesn't bring. Of a zone, old is every version.
type track struct {
	counted              bool
	before, after, until int64
	old                  cells.Sum
}

func (w *watch) track(s *cells.Stream) *track {
	t := w.tracks[s]
	if t == nil {
		t = &track{}
		w.tracks[s] = t
	}
	return t
}

// observe is the watch for a change of a place, a new one when its version, its start or what it may be compared with is
// another than before.
func (e *Engine) observe(w *watch, p place, version string, start int64, atOnce bool, earlier []judge.Rollout) *watch {
	past := e.before(p, start)
	if w != nil && w.version == version && w.start == start && w.atOnce == atOnce && w.past.same(past) &&
		slices.Equal(w.earlier, earlier) {
		return w
	}
	return &watch{version: version, start: start, atOnce: atOnce, past: past, earlier: earlier, tracks: map[*cells.Stream]*track{}}
}

// requests are those that a stream saw from an instant to the change, and since.
func (w *watch) requests(s *cells.Stream, from, now int64) (before, after int64) {
	t := w.track(s)
	if !t.counted {
		*t = track{counted: true, before: cells.Requests(s.Total().Between(from, w.start)), until: w.start, old: t.old}
	}
	if now < t.until {
		return t.before, t.after - cells.Requests(s.Total().Between(now, t.until))
	}
	t.after += cells.Requests(s.Total().Between(t.until, now))
	t.until = now
	return t.before, t.after
}

package cells

import (
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/window"
)

// manner is how the cells of some series are packed.
type manner struct {
	span  int64 // of the stretch of time that a block holds, in seconds
	looks *looks
	slab  correlate.Slab // of the histograms of cells that aren't packed
	encoder
}

// stretch is when the stretch of time began that an instant lies in.
func (m *manner) stretch(t int64) int64 { return window.Floor(t, m.span) }

// looks keeps at hand what is asked for at each look at the store: packed cells are unpacked when they are asked for, and
// stay so until a look doesn't ask for the series any more. What they take then is bounded; beyond, they are unpacked anew.
type looks struct {
	now        int64 // the number of the look
	warm, most int64 // bytes of cells that are at hand and packed as well, and how many may be, 0 for no bound
	series     []*Series
}

// firstLook is the number of the first look: what was never asked for was not asked for by the two before.
const firstLook = 2

// next begins another look, with room for so many bytes at hand.
func (l *looks) next(most int64) {
	l.cool(func(s *Series) bool { return s.read < l.now })
	l.now++
	l.most = most
}

// keep notes that packed cells of a series are at hand.
func (l *looks) keep(s *Series) {
	was := s.warm
	s.warm = s.cells.before(s.packed).weigh().bytes
	if l.warm += s.warm - was; was == 0 && s.warm > 0 {
		l.series = append(l.series, s)
	}
	if l.isFull() {
		l.cool(func(o *Series) bool { return o != s && o.read < l.now })
	}
	if l.isFull() {
		l.cool(func(o *Series) bool { return o != s })
	}
}

func (l *looks) isFull() bool { return l.most > 0 && l.warm > l.most }

func (l *looks) cool(which func(*Series) bool) {
	kept := l.series[:0]
	for _, s := range l.series {
		if which(s) {
			s.cool()
		} else {
			kept = append(kept, s)
		}
	}
	clear(l.series[len(kept):])
	l.series = kept
}

package observe

import (
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// View is the changes as they were known at an instant.
type View struct {
	At int64
	// Watched are the changes whose time has not passed, or not for long, by start and id. Sight are those of them that may
	// have caused what is seen at the instant.
	Watched, Sight []*Subject
	// Begun are the changes that began at another instant than they are told to have, by id; Never those that wait. See
	// the function Began.
	Begun  map[string]int64
	of     func(correlate.Place) *Lineup
	places map[correlate.Place]*lineup

	sighted map[correlate.Place]bool // the places of the first of Sight
	counted int                      // so many of them
}

// lineup is the changes of a place as they were known at an instant, by their completion.
type lineup struct {
	all     []*Subject
	hash    uint64
	ordered *bygone // of all, nil until it is asked for
}

// order is the changes in the order in which they are asked for the time before an instant.
func (l *lineup) order() *bygone {
	if l.ordered == nil {
		l.ordered = bygoneOf(l.all)
	}
	return l.ordered
}

// Lineup is the changes of a place by their completion, in full.
type Lineup struct {
	All   []*Known
	last  int64  // from here on all of it is known
	whole lineup // what is known then

	lately *lineup // what is known for some instants before
	during within  // these
}

// Line puts changes, sorted by their completion, into a lineup.
func Line(all []*Known) *Lineup {
	l := &Lineup{All: all}
	for _, k := range all {
		l.last = max(l.last, k.last)
	}
	l.whole = *l.by(l.last)
	return l
}

// With is the lineup with what is known of one of its changes in the place of what was; nil where that isn't in it.
func (l *Lineup) With(was, is *Known) *Lineup {
	at := slices.Index(l.All, was)
	if at < 0 {
		return nil
	}
	all := slices.Clone(l.All)
	all[at] = is
	return Line(all)
}

// by is the lineup as it was known at an instant.
func (l *Lineup) by(t int64) *lineup {
	if l.lately != nil && l.during.has(t) {
		return l.lately
	}
	known := &lineup{all: make([]*Subject, 0, len(l.All))}
	l.lately, l.during = known, within{math.MinInt64, math.MaxInt64}
	for _, k := range l.All {
		s, hash, during := k.by(t)
		l.during = l.during.and(during)
		if k.Start < t {
			known.all = append(known.all, s)
			known.hash = (known.hash ^ hash) * 0x100000001b3 // as FNV-1a does with bytes
		}
	}
	return known
}

// moved says that some of the changes began at another instant than they are told to have.
func (l *lineup) moved(began map[string]int64) bool {
	return len(began) > 0 && slices.ContainsFunc(l.all, func(s *Subject) bool { _, moved := began[s.ID]; return moved })
}

// begun is the lineup with the changes as they began, without those that wait.
func (l *lineup) begun(began map[string]int64) *lineup {
	if !l.moved(began) {
		return l
	}
	is := &lineup{hash: l.hash}
	for _, s := range l.all {
		at, moved := began[s.ID]
		if !moved {
			is.all = append(is.all, s)
			continue
		}
		is.hash = (is.hash ^ uint64(at)) * 0x100000001b3
		if at != Never {
			is.all = append(is.all, s.begunAt(at))
		}
	}
	return is
}

// begunAt is the subject of a change that began at another instant.
func (s *Subject) begunAt(at int64) *Subject {
	begun := *s
	begun.Start, begun.reported = at, 0
	return &begun
}

// NewView is the view at an instant. Of yields all changes of a place by their completion, in full; it is asked for those
// places alone that are looked at.
func NewView(at int64, of func(correlate.Place) *Lineup) *View {
	return &View{At: at, of: of, Begun: map[string]int64{}, places: map[correlate.Place]*lineup{}}
}

// Of are the changes of a place that had begun, by their completion.
func (v *View) Of(p correlate.Place) []*Subject { return v.lineup(p).all }

func (v *View) lineup(p correlate.Place) *lineup {
	l := v.places[p]
	if l == nil {
		l = v.of(p).at(v.At).begun(v.Begun)
		v.places[p] = l
	}
	return l
}

// at is the lineup as it was known at an instant. It is the same one as long as the same is known.
func (l *Lineup) at(t int64) *lineup {
	if t >= l.last {
		return &l.whole
	}
	return l.by(t)
}

// Add lists a watched change by when it began, behind those that began with it, and returns where.
func (v *View) Add(s *Subject, began int64) (n int) {
	if began != s.Start {
		v.Begun[s.ID] = began
		s = s.begunAt(began)
	}
	n = len(v.Watched)
	for n > 0 && v.Watched[n-1].Start > s.Start {
		n--
	}
	v.Watched = slices.Insert(v.Watched, n, s)
	return n
}

// Waits notes that a change waits: it is neither watched nor has it begun.
func (v *View) Waits(s *Subject) { v.Begun[s.ID] = Never }

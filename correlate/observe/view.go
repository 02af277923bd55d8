package observe

import (
	"hash/fnv"

	"github.com/shipwake/shipwake/correlate"
)

// View is the changes as they were known at an instant.
type View struct {
	At int64
	// Watched are the changes whose time has not passed, or not for long, by start and id. Sight are those of them that may
	// have caused what is seen at the instant.
	Watched, Sight []*Subject
	of             func(correlate.Place) []*Known
	places         map[correlate.Place]*lineup
}

// lineup is the changes of a place as they were known at an instant, by their completion.
type lineup struct {
	all  []*Subject
	hash uint64
}

// NewView is the view at an instant. Of yields all changes of a place by their completion, in full; it is asked for those
// places alone that are looked at.
func NewView(at int64, of func(correlate.Place) []*Known) *View {
	return &View{At: at, of: of, places: map[correlate.Place]*lineup{}}
}

// Of are the changes of a place that had begun, by their completion.
func (v *View) Of(p correlate.Place) []*Subject { return v.lineup(p).all }

func (v *View) lineup(p correlate.Place) *lineup {
	l := v.places[p]
	if l == nil {
		l = &lineup{}
		h := fnv.New64a()
		for _, k := range v.of(p) {
			if k.Start < v.At {
				s, hash := k.By(v.At)
				l.all = append(l.all, s)
				Digest{h}.Ints(int64(hash))
			}
		}
		l.hash = h.Sum64()
		v.places[p] = l
	}
	return l
}

package engine

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// faultBook is what is known of the faults of each place, in the order in which it was decided.
type faultBook struct {
	known  map[place][]correlate.Regression
	issued map[place][]correlate.Regression // as it was issued, while some of it is derived again; nil otherwise
}

func (b *faultBook) add(r correlate.Regression) {
	b.known[placeOf(&r)] = append(b.known[placeOf(&r)], r)
}

// note takes down a fault that was found at an instant when it is new, or when who is suspected changed by more than a
// little.
func (b *faultBook) note(f fault, t int64) (d decision, ok bool) {
	r := correlate.Regression{
		Service: f.place.Service, Environment: f.Environment, Signal: f.Signal,
		OnsetAt: at(f.Onset), DecidedAt: at(t), RecoveredAt: instant(f.recover), Suspects: f.suspects,
	}
	switch last := b.last(f.place); {
	case last == nil || (last.RecoveredAt != nil && r.OnsetAt.After(*last.RecoveredAt)):
		r.ID = fmt.Sprintf("%s/%s/%d", f.Environment, f.place.Service, f.Onset)
	case sameSuspects(last.Suspects, r.Suspects) && (last.RecoveredAt != nil || last.Signal == r.Signal && r.RecoveredAt == nil):
		return decision{}, false // the same fault, and if it is over that is known
	default:
		r.ID = last.ID
	}
	b.add(r)
	return decision{fault: &r, at: len(b.known[f.place]) - 1}, true
}

// last is what is known of the latest fault of a place, nil when there never was one.
func (b *faultBook) last(p place) *correlate.Regression {
	all := b.known[p]
	if len(all) == 0 {
		return nil
	}
	return &all[len(all)-1]
}

// suspects says that a change was suspected, at an instant, of a fault that had begun by an earlier one and lasted.
func (b *faultBook) suspects(id string, begun, t int64) bool {
	for _, all := range b.known {
		for _, r := range slices.Backward(all) {
			if r.DecidedAt.Unix() > t {
				continue
			}
			if r.RecoveredAt == nil && r.OnsetAt.Unix() <= begun && slices.ContainsFunc(r.Suspects, func(s correlate.Suspect) bool {
				return s.ChangeID == id && s.Probability >= mayBe
			}) {
				return true
			}
			break
		}
	}
	return false
}

// cutAt takes the faults back to where they stood at an instant. Those that were decided and not issued yet are not known
// to anybody.
func (b *faultBook) cutAt(from int64, decided []decision) {
	if b.issued == nil {
		b.issued = maps.Clone(b.known)
		for _, d := range slices.Backward(decided) {
			if d.fault != nil {
				b.issued[placeOf(d.fault)] = b.issued[placeOf(d.fault)][:d.at]
			}
		}
	}
	for p, all := range b.known {
		n := 0
		for n < len(all) && all[n].DecidedAt.Unix() <= from {
			n++
		}
		b.known[p] = all[:n:n]
	}
}

// isNews says that a fault is not what was issued in its place.
func (b *faultBook) isNews(d decision) bool {
	issued := b.issued[placeOf(d.fault)]
	return d.at >= len(issued) || !sameJSON(issued[d.at], *d.fault)
}

// withdrawn are the faults that were issued and no longer show, to be withdrawn. It ends deriving them again.
func (b *faultBook) withdrawn() (gone []correlate.Regression) {
	issued := b.issued
	b.issued = nil
	for _, p := range slices.SortedFunc(maps.Keys(issued), place.Compare) {
		seen := map[string]bool{}
		for _, r := range b.known[p] {
			seen[r.ID] = true
		}
		for _, r := range issued[p] {
			if !seen[r.ID] {
				seen[r.ID] = true
				r.Suspects, r.Withdrawn = []correlate.Suspect{}, true
				gone = append(gone, r)
			}
		}
	}
	return gone
}

// sweep forgets what was known of faults long ago, but the last of each place.
func (b *faultBook) sweep(before int64) {
	for p, all := range b.known {
		n := 0
		for n < len(all)-1 && all[n].DecidedAt.Unix() < before {
			n++
		}
		b.known[p] = slices.Clone(all[n:])
	}
}

func sameSuspects(a, b []correlate.Suspect) bool {
	return slices.EqualFunc(a, b, func(x, y correlate.Suspect) bool {
		return x.ChangeID == y.ChangeID && sameProbability(x.Probability, y.Probability)
	})
}

func sameProbability(p, q float64) bool { return math.Abs(p-q) < 0.05 }

func placeOf(r *correlate.Regression) place {
	return place{Service: r.Service, Environment: r.Environment}
}

package prometheus

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// Bounds on what has not ended.
const (
	standsFor   = 7 * 24 * time.Hour // then it is forgotten
	maxStanding = 2000
	maxSuspects = 5
	// thinksSo is how probable it is, at least, that a change caused a regression that counts as its own.
	thinksSo = 0.5
)

// conviction is a change that was judged regressed and isn't proven to have recovered, whether or not its window is open.
type conviction struct {
	*observation
	record correlate.ChangeRecord
	// mended: what it broke is back, although incidents that are held against it may still be open.
	mended bool
}

func (c *conviction) began() time.Time { return c.start }
func (c *conviction) where() place     { return c.place }

// convict keeps a change as long as it stands convicted.
func (s *state) convict(c correlate.ChangeRecord, at *site) {
	s.mend(c, at)
	if !stands(c) {
		s.convicted.remove(c.ID)
		return
	}
	now := &conviction{observation: observe(c, at.place), record: c}
	if before := s.convicted.all[c.ID]; before != nil && before.record.RolledBackBy == c.RolledBackBy {
		now.mended = before.mended
	} else if by := s.observed[c.RolledBackBy]; by != nil {
		now.mended = mended(&c, by.record)
	}
	s.convicted.put(c.ID, now)
}

// revised is a change with another verdict.
func revised(c *correlate.ChangeRecord, v *correlate.Verdict) correlate.ChangeRecord {
	now := *c
	now.Verdict = v
	return now
}

// stands says that a change is judged regressed and not proven to have recovered.
func stands(c correlate.ChangeRecord) bool {
	return (c.Phase == correlate.PhaseObserving || c.Phase == correlate.PhaseClosed) && c.RecoveredAt.IsZero() &&
		c.Regressed() && c.Verdict.RecoveredAt == nil
}

// mend looks what a change, and the verdict on it, says of those before it: a rollback brings back what it takes back, and
// the verdict on any later change may show that it is back. Open incidents prove nothing else, since an alert on the
// conviction itself may be one.
func (s *state) mend(c correlate.ChangeRecord, at *site) {
	for id, broken := range s.convicted.at[at.place] {
		switch {
		case id == c.ID:
		case broken.record.RolledBackBy == c.ID:
			broken.mended = mended(&broken.record, &c)
		case c.Verdict != nil && c.Start().After(broken.start) && broken.record.Verdict.Over(c.Verdict):
			broken.mended = true
		}
	}
}

func mended(broken, repair *correlate.ChangeRecord) bool {
	return !correlate.Mended(broken, repair, nil).IsZero()
}

// ongoing is a regression that has not recovered.
type ongoing struct {
	place
	id, signal string
	onset      time.Time
	suspects   []correlate.Suspect // the most probable first, at most maxSuspects
}

func (o *ongoing) began() time.Time { return o.onset }
func (o *ongoing) where() place     { return o.place }

// standing is what has begun and not ended, by id.
type standing[T interface {
	began() time.Time
	where() place
}] struct {
	all map[string]T
	at  map[place]map[string]T
}

func newStanding[T interface {
	began() time.Time
	where() place
}]() *standing[T] {
	return &standing[T]{map[string]T{}, map[place]map[string]T{}}
}

// put adds or replaces one. When there are too many, the oldest tenth is forgotten.
func (s *standing[T]) put(id string, item T) {
	s.remove(id)
	s.all[id] = item
	if s.at[item.where()] == nil {
		s.at[item.where()] = map[string]T{}
	}
	s.at[item.where()][id] = item
	if len(s.all) <= maxStanding {
		return
	}
	oldestFirst := slices.SortedFunc(maps.Keys(s.all), func(a, b string) int {
		return cmp.Or(s.all[a].began().Compare(s.all[b].began()), cmp.Compare(a, b))
	})
	for _, id := range oldestFirst[:maxStanding/10] {
		s.remove(id)
	}
}

func (s *standing[T]) remove(id string) {
	item, there := s.all[id]
	if !there {
		return
	}
	delete(s.all, id)
	here := s.at[item.where()]
	delete(here, id)
	if len(here) == 0 {
		delete(s.at, item.where())
	}
}

// forgetOld forgets what began too long ago.
func (s *standing[T]) forgetOld(now time.Time) {
	for id, item := range s.all {
		if now.Sub(item.began()) > standsFor {
			s.remove(id)
		}
	}
}

// affected is how many services each change is thought to have hurt: its own, and those that show a regression which it
// most probably caused.
func affected(convicted []*observation, regressions []ongoing) map[string]int {
	hurt := map[string]map[string]bool{}
	mark := func(id, service string) {
		if hurt[id] == nil {
			hurt[id] = map[string]bool{}
		}
		hurt[id][service] = true
	}
	for _, o := range convicted {
		if o.verdict.Reason != correlate.ReasonDownstream {
			mark(o.id, o.service)
		}
	}
	for _, r := range regressions {
		if len(r.suspects) > 0 && r.suspects[0].Probability >= thinksSo {
			mark(clean(r.suspects[0].ChangeID), r.service)
		}
	}
	counts := make(map[string]int, len(hurt))
	for id, services := range hurt {
		counts[id] = len(services)
	}
	return counts
}

// suspected are the newest ongoing regressions, one for each place and signal.
func (s *snapshot) suspected() []ongoing {
	newest := slices.Clone(s.regressions)
	slices.SortFunc(newest, func(a, b ongoing) int { return cmp.Or(b.onset.Compare(a.onset), cmp.Compare(a.id, b.id)) })
	type shown struct {
		place
		signal string
	}
	seen := map[shown]bool{}
	newest = slices.DeleteFunc(newest, func(o ongoing) bool {
		of := shown{o.place, o.signal}
		again := seen[of]
		seen[of] = true
		return again
	})
	newest = newest[:min(len(newest), maxShown)]
	slices.SortFunc(newest, func(a, b ongoing) int { return cmp.Or(a.compare(b.place), cmp.Compare(a.signal, b.signal)) })
	return newest
}

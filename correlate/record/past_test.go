package record

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

// shelf is the records as a ledger keeps them.
type shelf struct {
	changes   map[string]correlate.ChangeRecord
	incidents map[string]correlate.IncidentRecord
}

func newShelf() *shelf {
	return &shelf{map[string]correlate.ChangeRecord{}, map[string]correlate.IncidentRecord{}}
}

func (s *shelf) keep(d Difference) {
	for _, c := range d.Changes {
		s.changes[c.Record.ID] = c.Record
	}
	for _, i := range d.Incidents {
		s.incidents[i.Record.ID] = i.Record
	}
}

// run is so many changes before and after an instant.
func (s *shelf) run(p correlate.Place, t time.Time, most int) Run {
	var all []correlate.ChangeRecord
	for _, c := range s.changes {
		if c.Service == p.Service && c.Environment == p.Environment {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b correlate.ChangeRecord) int { return positionOf(&a).compare(positionOf(&b)) })
	n, _ := slices.BinarySearchFunc(all, t, func(c correlate.ChangeRecord, t time.Time) int { return positionOf(&c).at.Compare(t) })
	from := max(0, n-most)
	return Run{Changes: all[from:min(len(all), n+most)], Whole: from == 0}
}

// recall brings back what a fact is about, as the host does.
func (s *shelf) recall(b *Book, f fact) {
	var runs []Run
	incidents := map[string]correlate.IncidentRecord{}
	var others []correlate.IncidentRecord
	one := func(id string) (correlate.ChangeRecord, bool) {
		c, ok := s.changes[id]
		if ok && b.Change(id) == nil {
			runs = append(runs, Run{Changes: []correlate.ChangeRecord{c}})
		}
		return c, ok
	}
	nearby := func(p correlate.Place, t time.Time) {
		if !Remembers(b, p, t) {
			runs = append(runs, s.run(p, t, b.limits.nearby()))
		}
		for id, i := range s.incidents {
			if i.IsAbout(p.Service) && i.Environment == p.Environment && !i.OpenedAt.Before(t.Add(-b.cfg.reach())) {
				incidents[id] = i
				others = append(others, i)
			}
		}
	}
	around := func(is, was correlate.PlaceTime) {
		for _, service := range []string{is.Service, was.Service} {
			for _, environment := range []string{is.Environment, was.Environment} {
				nearby(correlate.Place{Service: service, Environment: environment}, is.At)
				nearby(correlate.Place{Service: service, Environment: environment}, was.At)
			}
		}
	}
	switch f.Fact = f.WithDefaults(); {
	case f.Change != nil:
		is := correlate.PlaceTime{Place: correlate.Place{Service: f.Change.Service, Environment: f.Change.Environment}, At: f.Change.Start()}
		around(is, is)
		if c, ok := one(f.Change.ID); ok {
			around(is, correlate.PlaceTime{Place: correlate.Place{Service: c.Service, Environment: c.Environment}, At: c.Start()})
			one(c.RolledBackBy)
			one(c.MergedInto)
			for _, id := range c.MergedFrom {
				one(id)
			}
		}
	case f.Incident != nil:
		one(f.Incident.CausedBy)
		known, told := s.incidents[f.Incident.ID]
		for _, service := range f.Incident.About() {
			is := correlate.PlaceTime{Place: correlate.Place{Service: service, Environment: f.Incident.Environment}, At: f.Incident.OpenedAt}
			around(is, is)
			for _, before := range known.About() {
				around(is, correlate.PlaceTime{Place: correlate.Place{Service: before, Environment: known.Environment}, At: known.OpenedAt})
			}
		}
		if told {
			incidents[known.ID] = known
			for _, id := range known.SuspectedOf() {
				one(id)
			}
		}
	}
	for _, i := range others { // what else may be held responsible for them
		for _, service := range i.About() {
			if p := (correlate.Place{Service: service, Environment: i.Environment}); !Remembers(b, p, i.OpenedAt) {
				runs = append(runs, s.run(p, i.OpenedAt, b.limits.nearby()))
			}
		}
	}
	for _, run := range runs {
		for _, c := range run.Changes {
			for _, id := range c.Incidents {
				incidents[id] = s.incidents[id]
			}
		}
	}
	b.Recall(runs, slices.Collect(maps.Values(incidents)))
}

// missing brings back what turned out to be taken back.
func (s *shelf) missing(b *Book) Difference {
	var runs []Run
	var incidents []correlate.IncidentRecord
	for _, id := range Missing(b) {
		runs = append(runs, Run{Changes: []correlate.ChangeRecord{s.changes[id]}})
		for _, held := range s.changes[id].Incidents {
			incidents = append(incidents, s.incidents[held])
		}
	}
	b.Recall(runs, incidents)
	return b.Settle(0)
}

// episode is facts in the order in which they come, and after each how many days are forgotten; -1: none.
type episode struct {
	facts  []fact
	forget []int64
}

var someEpisode = rapid.Custom(func(t *rapid.T) (e episode) {
	for range rapid.IntRange(1, 3).Draw(t, "stories") {
		story := drawFacts(t)
		days := rapid.Int64Range(0, 5).Draw(t, "days later")
		for _, f := range story {
			e.facts = append(e.facts, moved(f, days))
		}
	}
	e.facts = rapid.Permutation(e.facts).Draw(t, "order")
	e.forget = rapid.SliceOfN(rapid.Int64Range(-6, 6), len(e.facts), len(e.facts)).Draw(t, "forget")
	return e
})

// TestWhatIsForgottenAndRecalledDoesNotShow: a Book that forgets all the time what it may forget, and is given back what a
// fact is about before it is reported, leaves the same records as one that remembers everything. The episodes are drawn,
// and always the same.
func TestWhatIsForgottenAndRecalledDoesNotShow(t *testing.T) {
	for seed := range 500 {
		e := someEpisode.Example(seed)
		b, s := New(config), newShelf()
		for i, f := range e.facts {
			s.recall(b, f)
			b.Report(f.Fact, f.receivedAt)
			s.keep(b.Settle(0))
			s.keep(s.missing(b))
			if e.forget[i] >= 0 {
				b.Forget(Age{Old: after(e.forget[i] * 24 * 3600), Unmeasured: after((e.forget[i] - 1) * 24 * 3600)})
			}
		}
		changes, incidents := ask(config, b.limits, 0, e.facts)
		for id, want := range changes {
			require.Equal(t, text(want), text(s.changes[id]), "seed %d", seed)
		}
		for id, want := range incidents {
			require.Equal(t, text(want), text(s.incidents[id]), "seed %d", seed)
		}
	}
}

// moved is a fact of another story: some days later, under ids of its own.
func moved(f fact, days int64) fact {
	shift := func(t *time.Time) {
		if !t.IsZero() {
			*t = t.Add(time.Duration(days) * 24 * time.Hour)
		}
	}
	shift(&f.receivedAt)
	if c := f.Change; c != nil {
		c := *c
		c.ID = fmt.Sprint(days, c.ID)
		for _, at := range []*time.Time{&c.StartedAt, &c.FinishedAt, &c.UpdatedAt} {
			shift(at)
		}
		f.Change = &c
		return f
	}
	i := *f.Incident
	i.ID = fmt.Sprint(days, i.ID)
	i.DedupKey = "" // the ledger is asked for incidents by where they were, not by what they have in common
	if i.CausedBy != correlate.CausedByNone {
		i.CausedBy = ""
	}
	for _, at := range []*time.Time{&i.OpenedAt, &i.ResolvedAt, &i.UpdatedAt} {
		shift(at)
	}
	f.Incident = &i
	return f
}

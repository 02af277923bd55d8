package engine

import (
	"bytes"
	"encoding/json"
	"hash/maphash"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/checks"
	"github.com/shipwake/shipwake/correlate/packed"
	"github.com/shipwake/shipwake/correlate/record"
)

const (
	// restEvery is how often places are looked through for those that may rest, in seconds: a place rests that was not told of
	// nor asked for since the time before.
	restEvery = 120
	// restAtOnce is how many changes begin to rest in one tick, before the next place is left to a later one.
	restAtOnce = 1000
)

// shelf is the places that rest: their changes are closed, and nothing is left to be judged or told of them until somebody
// reports something that bears on them. They are packed, and whoever asks for a place or a change on it wakes the place. What
// the engine decides doesn't depend on which places rest.
type shelf struct {
	cfg     *Config
	roster  *roster
	checks  *checkBook
	places  map[place]*resting
	ids     map[uint64]*resting // by the hashes of the ids of changes
	seed    maphash.Seed
	stirred map[place]bool // what was woken or told of since places were last looked through
	tired   []place        // those that may rest
	looked  int64
}

// resting is a place that rests.
type resting struct {
	place
	packed []byte
	due    record.Age // see record.Due
}

func newShelf(cfg *Config, r *roster) *shelf {
	return &shelf{cfg: cfg, roster: r, places: map[place]*resting{}, ids: map[uint64]*resting{}, seed: maphash.MakeSeed(), stirred: map[place]bool{}}
}

// atRest is all that is known of the changes of a place that rests.
type atRest struct {
	record.Resting
	Judged []judgedAtRest // of each change
}

// judgedAtRest is what was judged of a change.
type judgedAtRest struct {
	To       int64
	Revision int                 `json:",omitempty"`
	Lone     bool                `json:",omitempty"` // the verdict of its record is all there is
	Course   []correlate.Verdict `json:",omitempty"` // as it was issued
}

// restFormat packs places against one that is like them.
var restFormat = sync.OnceValue(func() *packed.Format {
	like, _ := json.Marshal(typicalAtRest()) // of such values it doesn't fail
	return &packed.Format{What: "changes", MaxPayload: 64 << 20, MaxRatio: 64, Level: zstd.SpeedFastest, Like: like}
})

// typicalAtRest is a place with a change that was judged and one that was not.
func typicalAtRest() atRest {
	t := at(1767225600)
	c := correlate.Change{
		ID: "https://ci.example.com/github/deployments/1", Service: "checkout", Version: "v1.0.0", PreviousVersion: "v0.9.0",
		Commit: "0123456789abcdef0123456789abcdef01234567", StartedAt: t, FinishedAt: t, Actor: "ci", Team: "payments",
		URL: "https://github.com/example/repository/actions/runs/1", Source: "generic",
	}.WithDefaults()
	one := correlate.Evidence{Signal: "error_ratio", Baseline: 0.001, Observed: 0.0012, Ratio: 1.2, Interval: [2]float64{0.9, 1.1}, EValue: 1, N: 1000,
		Events: 10, Grade: correlate.GradeC, SmallestVisible: 1.5, Mix: 1.01, AtMost: correlate.AtMost{Ratio: 1.1, Difference: 0.001, Level: 0.95, MarginRatio: 1.2, MarginDifference: 0.001}}
	other := one
	other.Signal = "latency_p90"
	v := correlate.Verdict{
		ChangeID: c.ID, Service: c.Service, Environment: c.Environment, Version: c.Version, Outcome: correlate.Healthy, Reason: correlate.ReasonWithinMargin,
		Revision: 1, Final: true, DecidedAt: t, Grade: correlate.GradeC, Evidence: []correlate.Evidence{one, other}, SmallestVisible: 1.1, Inputs: "0123456789abcdef",
	}
	closed := correlate.ChangeRecord{Change: c, Phase: correlate.PhaseClosed, WindowStart: t, WindowEnd: t, ReceivedAt: t, Verdict: &v}
	told := correlate.ChangeRecord{Change: c, Phase: correlate.PhaseHistory, WindowStart: t, WindowEnd: t, ReceivedAt: t}
	return atRest{
		Resting: record.Resting{Changes: []record.RestingChange{{Record: closed}, {Record: told}}},
		Judged:  []judgedAtRest{{To: t.Unix(), Revision: 1, Lone: true}, {To: t.Unix()}},
	}
}

// WakePlace implements record.Shelf.
func (s *shelf) WakePlace(p place) {
	if r := s.places[p]; r != nil {
		s.wake(r)
	}
}

// WakeChange implements record.Shelf. It may wake a place whose changes only look like it.
func (s *shelf) WakeChange(id string) {
	if len(s.ids) == 0 {
		return
	}
	if r := s.ids[maphash.String(s.seed, id)]; r != nil {
		s.wake(r)
	}
}

// wake puts the changes of a place back among those in memory.
func (s *shelf) wake(r *resting) {
	if s.places[r.place] != r {
		return // it is just put back
	}
	delete(s.places, r.place)
	s.stirred[r.place] = true
	for _, c := range s.open(r) {
		delete(s.ids, maphash.String(s.seed, c.rec.ID))
	}
	s.roster.altered(r.place)
}

// open puts the changes of a place back into memory, and leaves what is on the shelf.
func (s *shelf) open(r *resting) (all []*change) {
	var is atRest
	text, err := restFormat().Unpack(r.packed)
	if err == nil {
		err = json.Unmarshal(text, &is)
	}
	if err != nil {
		return nil // it is what pack wrote
	}
	for i, known := range record.Wake(s.roster.book, r.place, is.Resting) {
		c := s.roster.changeOf(known)
		c.restored(is.Judged[i])
		s.checks.enter(c)
		s.roster.convictions.note(c)
		all = append(all, c)
	}
	for _, c := range all {
		c.dependsOn(s.roster.subjectOf(c))
	}
	return all
}

// restored takes back what was judged of a change.
func (c *change) restored(j judgedAtRest) {
	c.judged, c.revision = j.To, j.Revision
	if j.Lone {
		j.Course = []correlate.Verdict{*c.rec.Verdict}
	}
	c.keepIssued(j.Course)
}

// glance calls for the changes of a place that rests, and leaves it at rest; nothing of them may be altered. Of another place
// it only calls.
func (s *shelf) glance(p place, look func()) {
	r := s.places[p]
	if r == nil {
		look()
		return
	}
	delete(s.places, p)
	all := s.open(r)
	look()
	s.away(p, all)
	s.places[p] = r
}

// away takes the changes of a place out of memory.
func (s *shelf) away(p place, all []*change) {
	record.Away(s.roster.book, p)
	for _, c := range all {
		s.roster.convictions.drop(p, c)
		s.checks.leave(c)
		delete(s.roster.changes, c.rec.ID)
	}
}

// tire lets places rest that nothing was heard of for a while, some of them at each call.
func (s *shelf) tire(now int64) {
	if len(s.tired) == 0 && now >= s.looked+restEvery {
		s.looked = now
		for p := range record.Places(s.roster.book) {
			if !s.stirred[p] {
				s.tired = append(s.tired, p)
			}
		}
		clear(s.stirred)
	}
	for most := restAtOnce; most > 0 && len(s.tired) > 0; s.tired = s.tired[1:] {
		if p := s.tired[0]; !s.stirred[p] {
			most -= 1 + s.rest(p)
		}
	}
}

// rest packs the changes of a place and takes them out of memory, if they may rest. It returns how many do.
func (s *shelf) rest(p place) int {
	var all []*change
	var is atRest
	for c := range s.roster.book.At(p) {
		own := s.roster.changes[c.Record.ID]
		if !s.mayRest(own) {
			return 0
		}
		all = append(all, own)
		is.Judged = append(is.Judged, own.atRest())
	}
	var ok bool
	if is.Resting, ok = record.Rest(s.roster.book, p); !ok {
		return 0
	}
	text, err := json.Marshal(is)
	if err != nil || bytes.Contains(text, []byte(`\ufffd`)) {
		return 0 // of a date or a text that JSON can't tell
	}
	r := &resting{place: p, packed: bytes.Clone(restFormat().Pack(nil, text)), due: record.Due(s.roster.book, p)}
	for _, c := range all {
		s.ids[maphash.String(s.seed, c.rec.ID)] = r
	}
	s.places[p] = r
	s.away(p, all)
	return len(all)
}

// mayRest: nothing is left to be judged or told of a change, whatever time goes by, and no other is mistaken for it.
func (s *shelf) mayRest(c *change) bool {
	switch c.rec.Phase {
	case correlate.PhaseClosed, correlate.PhaseHistory, correlate.PhaseMerged, correlate.PhaseRetracted:
	default:
		return false
	}
	if c.Own().Source == SourceTelemetry && !s.roster.overForGood(c, s.cfg) {
		return false
	}
	is := s.roster.subjectOf(c)
	return !c.watched && !c.unissued && !c.rec.Rejudging && s.ids[maphash.String(s.seed, c.rec.ID)] == nil &&
		len(c.course) == len(checks.Course(c.issued)) && reflect.DeepEqual(*c.depended(), is)
}

func (c *change) atRest() judgedAtRest {
	j := judgedAtRest{To: c.judged, Revision: c.revision}
	if v := c.rec.Verdict; len(c.issued) == 1 && v != nil && reflect.DeepEqual(c.issued[0], *v) {
		j.Lone = true
	} else {
		j.Course = slices.Clone(c.issued)
	}
	return j
}

// wakeOld wakes the places of which something may be forgotten.
func (s *shelf) wakeOld(age record.Age) {
	for _, r := range s.places {
		if passed(r.due.Old, age.Old) || passed(r.due.Unmeasured, age.Unmeasured) {
			s.wake(r)
		}
	}
}

func passed(due, by time.Time) bool { return !due.IsZero() && due.Before(by) }

// change is the change that goes by an id, nil when none is in memory.
func (r *roster) change(id string) *change {
	if c := r.changes[id]; c != nil || id == "" {
		return c
	}
	r.shelf.WakeChange(id)
	return r.changes[id]
}

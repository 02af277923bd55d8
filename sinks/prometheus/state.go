package prometheus

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
)

// Bounds on what is kept for reading.
const (
	maxPlaces  = 10_000  // services × environments; the rest counts under other
	maxSeen    = 100_000 // changes, incidents and regressions whose progress is remembered
	maxShown   = 1000    // changes under observation with series of their own
	maxLabel   = 200     // bytes of a label value
	otherPlace = "other"
)

// progress is how far something has been counted, so that telling it again counts nothing.
type progress struct {
	attributed        uint64 // the change that the incident was last held against, as a hash; 0 for none
	revision          uint32
	told              uint8 // a bit for each status
	judged, recovered bool
	opened, resolved  bool
	late, merged      bool
	final             bool  // the newest verdict is final
	convicted         bool  // a verdict said regressed
	carried           bool  // its commits were counted
	unlinked          uint8 // a bit for each reason why the incident was no change's
}

// state is what was told so far. Its lock is held for short, bounded work only.
type state struct {
	mu        sync.Mutex
	sites     map[place]*site
	order     []*site                 // by place
	ongoing   *standing[*ongoing]     // regressions without recovery
	observed  map[string]*observation // changes under observation, by id
	convicted *standing[*conviction]  // changes that regressed and haven't recovered
	seen      *recent[progress]
	commits   *recent[bool] // those that arrived
}

func newState() *state {
	return &state{
		sites: map[place]*site{}, ongoing: newStanding[*ongoing](), observed: map[string]*observation{}, convicted: newStanding[*conviction](),
		seen: newRecent[progress](maxSeen), commits: newRecent[bool](maxSeen),
	}
}

// apply takes in effects and says whether DORA numbers may have changed.
func (s *state) apply(effects []correlate.Effect) (outdated bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range effects {
		switch {
		case e.Change != nil:
			s.change(*e.Change)
			outdated = true
		case e.Verdict != nil:
			s.verdict(e.Verdict)
			outdated = true
		case e.Incident != nil:
			s.incident(*e.Incident)
			outdated = true
		case e.Regression != nil:
			s.regression(*e.Regression)
		}
	}
	return outdated
}

// know returns the site that something counts under, and makes its counters exist with 0, so that increase() sees
// the first failure of a service.
func (s *state) know(service, environment string) *site {
	p := place{clean(service), clean(environment)}
	if p.service == "" {
		p.service = dora.NoGroup
	}
	if known := s.sites[p]; known != nil {
		return known
	}
	if len(s.sites) >= maxPlaces {
		p = place{otherPlace, otherPlace}
		if known := s.sites[p]; known != nil {
			return known
		}
	}
	added := newSite(p)
	s.sites[p] = added
	at, _ := slices.BinarySearchFunc(s.order, p, func(o *site, p place) int { return o.compare(p) })
	s.order = slices.Insert(s.order, at, added)
	return added
}

// knowAll makes the counters of services exist that only the record knows.
func (s *state) knowAll(places []place) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range places {
		s.know(p.service, p.environment)
	}
}

func (s *state) change(c correlate.ChangeRecord) {
	at := s.know(c.Service, c.Environment)
	at.owned(c)
	s.convict(c, at)
	if c.Phase == correlate.PhaseObserving {
		o, record := observe(c, at.place), c
		o.record = &record
		s.observed[c.ID] = o
	} else {
		delete(s.observed, c.ID)
	}
	seen := s.seen.get(thing{aChange, c.ID})
	at.correct(correlate.CauseLateFact, c.Phase == correlate.PhaseHistory, &seen.late)
	at.correct(correlate.CauseMerged, c.Phase == correlate.PhaseMerged, &seen.merged)
	if c.Phase == correlate.PhaseMerged || c.Phase == correlate.PhaseRetracted {
		return
	}
	status := indexIn(statuses, c.Status)
	if told := uint8(1) << status; seen.told&told == 0 {
		seen.told |= told
		at.changes[indexIn(kinds, kind(c))][status].add()
		if c.Status == correlate.StatusSucceeded {
			at.took(c)
		}
	}
	if c.Status == correlate.StatusSucceeded && len(c.Commits) > 0 && !seen.carried {
		seen.carried = true
		s.arrived(at, c)
	}
	if c.Verdict != nil {
		s.verdict(c.Verdict)
		at.judge(c, seen)
	}
	at.recovery(c, seen)
}

// kind is the kind that a change counts under: a deployment that went back to an earlier version is a rollback.
func kind(c correlate.ChangeRecord) correlate.Kind {
	if c.Rollback {
		return correlate.KindRollback
	}
	return c.Kind
}

func (s *state) verdict(v *correlate.Verdict) {
	at := s.know(v.Service, v.Environment)
	seen := s.seen.get(thing{aChange, v.ChangeID})
	if revision := uint32(v.Revision); revision > seen.revision {
		seen.revision = revision
		if seen.final {
			at.corrected(correlate.CauseVerdict)
		}
		seen.final = v.Final
		at.verdicts[indexIn(answers, v.Outcome)].add()
		at.detected(v, seen)
	}
	if o, ok := s.observed[v.ChangeID]; ok && (o.verdict == nil || o.verdict.Revision <= v.Revision) {
		judged := *o
		judged.verdict = v
		s.observed[v.ChangeID] = &judged
		s.sites[o.place].promote(&judged)
		s.convict(revised(o.record, v), s.sites[o.place])
	} else if c := s.convicted.all[v.ChangeID]; c != nil && c.verdict.Revision <= v.Revision {
		s.convict(revised(&c.record, v), s.sites[c.place])
	}
}

func (s *state) incident(i correlate.IncidentRecord) {
	at := s.know(i.Service, i.Environment)
	seen := s.seen.get(thing{anIncident, i.ID})
	at.incidents[opened].know()
	at.incidents[resolved].know()
	var attributed uint64
	if i.AttributedTo != "" {
		attributed = s.seen.hash(thing{aChange, i.AttributedTo})
	}
	if before := seen.attributed; before != 0 && before != attributed {
		reason := correlate.CauseRelinked
		if attributed == 0 {
			reason = correlate.CauseUnlinked
		}
		at.corrected(reason)
	}
	seen.attributed = attributed
	if i.MergedInto != "" {
		return // the one that it is merged into is counted
	}
	at.unlink(i, seen)
	if !seen.opened {
		seen.opened = true
		at.incidents[opened].add()
	}
	if !seen.resolved && !i.ResolvedAt.IsZero() {
		seen.resolved = true
		at.incidents[resolved].add()
	}
}

func (s *state) regression(g correlate.Regression) {
	at := s.know(g.Service, g.Environment)
	seen := s.seen.get(thing{aRegression, g.ID})
	if !seen.opened {
		seen.opened = true
		at.regressions++
	}
	if g.RecoveredAt != nil || g.Withdrawn {
		s.ongoing.remove(g.ID)
		return
	}
	s.ongoing.put(g.ID, &ongoing{
		place: at.place, id: clean(g.ID), signal: clean(g.Signal), onset: g.OnsetAt, suspects: g.Suspects[:min(len(g.Suspects), maxSuspects)],
	})
}

// forgetCounts sets every count to 0 and keeps what was seen.
func (s *state) forgetCounts() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, at := range s.order {
		at.forget()
	}
}

// snapshot is what one scrape shows of the state.
type snapshot struct {
	sites       []site // by place
	observed    []*observation
	convicted   []*observation
	regressions []ongoing // by id
}

// snapshot copies the state into one from before, whose memory is used again. What began long before now is forgotten.
func (s *state) snapshot(into *snapshot, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ongoing.forgetOld(now)
	s.convicted.forgetOld(now)
	into.sites, into.observed, into.convicted, into.regressions = into.sites[:0], into.observed[:0], into.convicted[:0], into.regressions[:0]
	for _, at := range s.order {
		into.sites = append(into.sites, *at)
	}
	for _, o := range s.observed {
		into.observed = append(into.observed, o)
	}
	for _, c := range s.convicted.all {
		if !c.mended {
			into.convicted = append(into.convicted, c.observation)
		}
	}
	for _, o := range s.ongoing.all {
		into.regressions = append(into.regressions, *o)
		at, _ := slices.BinarySearchFunc(into.sites, o.place, func(at site, p place) int { return at.compare(p) })
		into.sites[at].ongoing++
	}
	slices.SortFunc(into.regressions, func(a, b ongoing) int { return cmp.Compare(a.id, b.id) })
}

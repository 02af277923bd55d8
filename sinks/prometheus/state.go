package prometheus

import (
	"maps"
	"slices"
	"sync"

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

// place is a service in an environment.
type place struct{ service, environment string }

type changeKey struct {
	place
	kind   correlate.Kind
	status correlate.Status
}

type verdictKey struct {
	place
	outcome correlate.Outcome
}

type judgedKey struct {
	place
	kind    correlate.Kind
	outcome correlate.Outcome
}

// correctionKey is a correction by its reason, a correlate.Cause.
type correctionKey struct {
	place
	reason correlate.Cause
}

// corrections are the reasons that are counted.
var corrections = []correlate.Cause{
	correlate.CauseLateFact, correlate.CauseMerged, correlate.CauseVerdict, correlate.CauseRelinked, correlate.CauseUnlinked,
}

type incidentKey struct {
	place
	state string // opened, resolved
}

// progress is how far something has been counted, so that telling it again counts nothing.
type progress struct {
	told              uint8 // a bit for each status
	revision          int
	judged, recovered bool
	opened, resolved  bool
	late, merged      bool
	final             bool   // the newest verdict is final
	attributed        string // the change that the incident was last held against
}

// state is what was told so far. Its lock is held for short, bounded work only.
type state struct {
	mu          sync.Mutex
	places      map[place]bool
	changes     map[changeKey]int64
	verdicts    map[verdictKey]int64
	judged      map[judgedKey]int64
	incidents   map[incidentKey]int64
	corrections map[correctionKey]int64
	regressions map[place]int64
	ongoing     map[string]place // regressions without recovery, by id
	recoveries  map[place]*recoveries
	observed    map[string]observation // changes under observation, by id
	newest      map[place]observation  // the newest judged change
	seen        *recent[progress]
}

func newState() *state {
	return &state{
		places:      map[place]bool{},
		changes:     map[changeKey]int64{},
		verdicts:    map[verdictKey]int64{},
		judged:      map[judgedKey]int64{},
		incidents:   map[incidentKey]int64{},
		corrections: map[correctionKey]int64{},
		regressions: map[place]int64{},
		ongoing:     map[string]place{},
		recoveries:  map[place]*recoveries{},
		observed:    map[string]observation{},
		newest:      map[place]observation{},
		seen:        newRecent[progress](maxSeen),
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

// know returns the place that something counts under, and makes its counters exist with 0, so that increase() sees
// the first failure of a service.
func (s *state) know(service, environment string) place {
	p := place{clean(service), clean(environment)}
	if p.service == "" {
		p.service = dora.NoGroup
	}
	if s.places[p] {
		return p
	}
	if len(s.places) >= maxPlaces {
		p = place{otherPlace, otherPlace}
	}
	s.places[p] = true
	for _, k := range []correlate.Kind{correlate.KindDeployment, correlate.KindRollback} {
		for _, status := range []correlate.Status{correlate.StatusSucceeded, correlate.StatusFailed} {
			s.changes[changeKey{p, k, status}] += 0
		}
	}
	for _, o := range []correlate.Outcome{correlate.Regressed, correlate.Healthy, correlate.Inconclusive} {
		s.verdicts[verdictKey{p, o}] += 0
		s.judged[judgedKey{p, correlate.KindDeployment, o}] += 0
	}
	s.regressions[p] += 0
	for _, reason := range corrections {
		s.corrections[correctionKey{p, reason}] += 0
	}
	return p
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
	p := s.know(c.Service, c.Environment)
	if c.Phase == correlate.PhaseObserving {
		s.observed[c.ID] = observe(c, p)
	} else {
		delete(s.observed, c.ID)
	}
	seen := s.seen.get("change " + c.ID)
	s.correct(p, correlate.CauseLateFact, c.Phase == correlate.PhaseHistory, &seen.late)
	s.correct(p, correlate.CauseMerged, c.Phase == correlate.PhaseMerged, &seen.merged)
	if c.Phase == correlate.PhaseMerged || c.Phase == correlate.PhaseRetracted {
		return
	}
	if told := uint8(1) << slices.Index(correlate.Statuses(), c.Status); seen.told&told == 0 {
		seen.told |= told
		s.changes[changeKey{p, kind(c), c.Status}]++
	}
	if c.Verdict != nil {
		s.verdict(c.Verdict)
		s.judge(c, p, seen)
	}
	s.recovery(c, p, seen)
}

// correct counts a correction of a change once.
func (s *state) correct(p place, reason correlate.Cause, is bool, counted *bool) {
	if is && !*counted {
		*counted = true
		s.corrections[correctionKey{p, reason}]++
	}
}

// kind is the kind that a change counts under: a deployment that went back to an earlier version is a rollback.
func kind(c correlate.ChangeRecord) correlate.Kind {
	if c.Rollback {
		return correlate.KindRollback
	}
	return c.Kind
}

// judge counts the verdict that stood when the window closed.
func (s *state) judge(c correlate.ChangeRecord, p place, seen *progress) {
	if c.Phase == correlate.PhaseClosed && !seen.judged {
		seen.judged = true
		s.judged[judgedKey{p, kind(c), c.Verdict.Outcome}]++
	}
	s.promote(observe(c, p))
}

// promote keeps a judged change if it is the newest of its place.
func (s *state) promote(o observation) {
	if newest, ok := s.newest[o.place]; !ok || !o.start.Before(newest.start) {
		s.newest[o.place] = o
	}
}

func (s *state) verdict(v *correlate.Verdict) {
	p := s.know(v.Service, v.Environment)
	seen := s.seen.get("change " + v.ChangeID)
	if v.Revision > seen.revision {
		seen.revision = v.Revision
		if seen.final {
			s.corrections[correctionKey{p, correlate.CauseVerdict}]++
		}
		seen.final = v.Final
		s.verdicts[verdictKey{p, v.Outcome}]++
	}
	if o, ok := s.observed[v.ChangeID]; ok && (o.verdict == nil || o.verdict.Revision <= v.Revision) {
		o.verdict = v
		s.observed[v.ChangeID] = o
		s.promote(o)
	}
}

func (s *state) incident(i correlate.IncidentRecord) {
	p := s.know(i.Service, i.Environment)
	seen := s.seen.get("incident " + i.ID)
	s.incidents[incidentKey{p, "opened"}] += 0
	s.incidents[incidentKey{p, "resolved"}] += 0
	if before := seen.attributed; before != "" && before != i.AttributedTo {
		reason := correlate.CauseRelinked
		if i.AttributedTo == "" {
			reason = correlate.CauseUnlinked
		}
		s.corrections[correctionKey{p, reason}]++
	}
	seen.attributed = i.AttributedTo
	if i.MergedInto != "" {
		return // the one that it is merged into is counted
	}
	if !seen.opened {
		seen.opened = true
		s.incidents[incidentKey{p, "opened"}]++
	}
	if !seen.resolved && !i.ResolvedAt.IsZero() {
		seen.resolved = true
		s.incidents[incidentKey{p, "resolved"}]++
	}
}

func (s *state) regression(g correlate.Regression) {
	p := s.know(g.Service, g.Environment)
	seen := s.seen.get("regression " + g.ID)
	if !seen.opened {
		seen.opened = true
		s.regressions[p]++
	}
	if g.RecoveredAt == nil {
		s.ongoing[g.ID] = p
	} else {
		delete(s.ongoing, g.ID)
	}
}

// forgetCounts sets every count to 0 and keeps what was seen.
func (s *state) forgetCounts() {
	s.mu.Lock()
	defer s.mu.Unlock()
	zero(s.changes)
	zero(s.verdicts)
	zero(s.judged)
	zero(s.incidents)
	zero(s.corrections)
	zero(s.regressions)
	for _, r := range s.recoveries {
		*r = recoveries{}
	}
}

func zero[K comparable](m map[K]int64) {
	for k := range m {
		m[k] = 0
	}
}

// snapshot is a copy of the state for one scrape.
func (s *state) snapshot() *view {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := &view{
		changes:     maps.Clone(s.changes),
		verdicts:    maps.Clone(s.verdicts),
		judged:      maps.Clone(s.judged),
		incidents:   maps.Clone(s.incidents),
		corrections: maps.Clone(s.corrections),
		regressions: maps.Clone(s.regressions),
		ongoing:     map[place]int64{},
		recoveries:  map[place]recoveries{},
		observed:    slices.Collect(maps.Values(s.observed)),
		newest:      slices.Collect(maps.Values(s.newest)),
	}
	for p := range s.places {
		v.ongoing[p] = 0
	}
	for _, p := range s.ongoing {
		v.ongoing[p]++
	}
	for p, r := range s.recoveries {
		v.recoveries[p] = *r
	}
	return v
}

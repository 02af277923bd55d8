package sinks

import (
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// Batch is what one transaction decided, with everything that a message says of it.
type Batch struct {
	// Decisions has one entry for each change with new revisions of its verdict, in the order in which the last of them
	// was decided.
	Decisions []Decision
	// Incidents and Regressions are the newest states of those that the transaction touched, in the order of the effects.
	Incidents   []correlate.IncidentRecord
	Regressions []correlate.Regression
	// Rollbacks is what there is to tell of requests for rollbacks.
	Rollbacks []RollbackNews
}

// Decision is the newest revision of the verdict on a change.
type Decision struct {
	Verdict correlate.Verdict
	// Record is the change with that verdict. Where nothing more is known it has what the verdict says: id, service,
	// environment and version.
	Record correlate.ChangeRecord
	// Prior are all revisions before this one, oldest first, those of the same transaction included.
	Prior []correlate.Verdict
	// Faults are the newest regressions for which the change is among the suspects, for words.Explain; those of a verdict
	// that isn't regressed are left out.
	Faults []correlate.Regression
	// PriorUnknown: the ledger could not be read, and Prior may lack revisions.
	PriorUnknown bool
}

// Before reports whether one of the earlier revisions is of a kind, such as one that a receiver was sent. When it can't be
// known it is true: a correction too many does less harm than one too few.
func (d Decision) Before(kind func(correlate.Verdict) bool) bool {
	return d.PriorUnknown || slices.ContainsFunc(d.Prior, kind)
}

// Past is what was decided of a change before a transaction.
type Past struct {
	Record  correlate.ChangeRecord
	Known   bool // Record is set: somebody reported the change
	Prior   []correlate.Verdict
	Faults  []correlate.Regression // for which the change is among the suspects, the newest first
	Unknown bool                   // it could not be read, or not all of it
}

// NewBatch sums up effects. Past is asked at most once for each change with a new verdict, and where there is news of a request for its rollback, only where the effects don't
// say everything themselves.
func NewBatch(effects []correlate.Effect, past func(changeID string) Past) Batch {
	s := summary{records: map[string]correlate.ChangeRecord{}, verdicts: map[string][]correlate.Verdict{}}
	for _, e := range effects {
		s.add(e)
	}
	b := Batch{Incidents: s.incidents, Regressions: s.regressions}
	for _, id := range s.decided {
		b.Decisions = append(b.Decisions, s.decision(id, past))
	}
	for _, r := range s.rollbacks {
		b.Rollbacks = append(b.Rollbacks, s.rollbackNews(r, past))
	}
	return b
}

// summary is what effects say, by id.
type summary struct {
	decided     []string // changes with a new verdict
	records     map[string]correlate.ChangeRecord
	verdicts    map[string][]correlate.Verdict
	incidents   []correlate.IncidentRecord
	regressions []correlate.Regression
	rollbacks   []correlate.Rollback
}

func (s *summary) add(e correlate.Effect) {
	switch {
	case e.Change != nil:
		s.records[e.Change.ID] = *e.Change
	case e.Verdict != nil:
		id := e.Verdict.ChangeID
		s.verdicts[id] = append(s.verdicts[id], *e.Verdict)
		s.decided = append(slices.DeleteFunc(s.decided, func(d string) bool { return d == id }), id)
	case e.Incident != nil:
		s.incidents = replaced(s.incidents, *e.Incident, func(i correlate.IncidentRecord) string { return i.ID })
	case e.Regression != nil:
		s.regressions = replaced(s.regressions, *e.Regression, func(r correlate.Regression) string { return r.ID })
	case e.Rollback != nil && told(*e.Rollback):
		s.rollbacks = append(s.rollbacks, *e.Rollback)
	}
}

// replaced has the newest state of a record at its end, and no older one.
func replaced[R any](all []R, newest R, id func(R) string) []R {
	return append(slices.DeleteFunc(all, func(r R) bool { return id(r) == id(newest) }), newest)
}

func (s *summary) decision(id string, past func(string) Past) Decision {
	revisions := s.verdicts[id]
	slices.SortStableFunc(revisions, func(a, b correlate.Verdict) int { return a.Revision - b.Revision })
	first, last := revisions[0].Revision, len(revisions)-1
	d := Decision{Verdict: revisions[last]}
	regressed := d.Verdict.Outcome == correlate.Regressed
	record, known := s.records[id]
	if first > 1 || !known || regressed {
		p := past(id)
		d.PriorUnknown = p.Unknown
		d.Prior = slices.DeleteFunc(slices.Clone(p.Prior), func(v correlate.Verdict) bool { return v.Revision >= first })
		if !known && p.Known {
			record, known = p.Record, true
		}
		if regressed {
			d.Faults = s.faults(id, p.Faults)
		}
	}
	d.Prior = append(d.Prior, revisions[:last]...)
	if !known {
		v := d.Verdict
		record.ID, record.Service, record.Environment, record.Version = v.ChangeID, v.Service, v.Environment, v.Version
	}
	record.Verdict = &d.Verdict
	d.Record = record
	return d
}

// faults are those of the transaction that suspect a change, the newest first, then earlier ones that it left alone.
func (s *summary) faults(id string, before []correlate.Regression) []correlate.Regression {
	var all []correlate.Regression
	for _, r := range slices.Backward(s.regressions) {
		if suspects(r, id) {
			all = append(all, r)
		}
	}
	for _, r := range before {
		if !slices.ContainsFunc(s.regressions, func(newer correlate.Regression) bool { return newer.ID == r.ID }) {
			all = append(all, r)
		}
	}
	return all
}

func suspects(r correlate.Regression, id string) bool {
	return slices.ContainsFunc(r.Suspects, func(s correlate.Suspect) bool { return s.ChangeID == id })
}

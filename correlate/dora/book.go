package dora

import (
	"cmp"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// attributionWindow is how far apart an incident or a failure and the deployment that answers it may be, unless the
// data links them explicitly.
const attributionWindow = 24 * time.Hour

// site is one service in one environment: where one deployment supersedes another.
type site struct{ service, environment string }

func siteOf(c *correlate.ChangeRecord) site { return site{c.Service, c.Environment} }

// book is the data, each record once, in an order of its own, with the links between records resolved.
type book struct {
	asOf      time.Time
	changes   []*correlate.ChangeRecord   // by completion; merged reports left out
	incidents []*correlate.IncidentRecord // by opening
	byID      map[string]*correlate.ChangeRecord
	causes    map[string][]*correlate.IncidentRecord // by the id of the change held responsible
	troubles  map[site][]*correlate.IncidentRecord   // by where the change held responsible was made
	hotfixes  map[string]*correlate.ChangeRecord     // by the id of the change that was hot-fixed
	arrivals  map[string][]correlate.Commit          // by the id of the change that brought them first
	owners    map[site]owner                         // the latest known
}

func newBook(d Data, asOf time.Time) *book {
	b := &book{
		asOf:     asOf,
		byID:     make(map[string]*correlate.ChangeRecord, len(d.Changes)),
		causes:   map[string][]*correlate.IncidentRecord{},
		troubles: map[site][]*correlate.IncidentRecord{},
		hotfixes: map[string]*correlate.ChangeRecord{},
		arrivals: map[string][]correlate.Commit{},
		owners:   map[site]owner{},
	}
	b.enterChanges(d.Changes)
	b.enterIncidents(d.Incidents)
	b.linkHotfixes()
	b.linkArrivals()
	return b
}

func (b *book) enterChanges(changes []correlate.ChangeRecord) {
	merged := map[string]string{}
	for i := range changes {
		c := &changes[i]
		if c.Phase == correlate.PhaseMerged {
			merged[c.ID] = c.MergedInto
			continue
		}
		if c.Phase == correlate.PhaseRetracted {
			continue
		}
		if known := b.byID[c.ID]; known == nil || newer(c, known) {
			b.byID[c.ID] = c
		}
	}
	b.changes = make([]*correlate.ChangeRecord, 0, len(b.byID))
	for _, c := range b.byID {
		b.changes = append(b.changes, c)
	}
	slices.SortFunc(b.changes, func(x, y *correlate.ChangeRecord) int {
		return cmp.Or(completion(x).Compare(completion(y)), byKey(x.ID, y.ID))
	})
	for _, c := range b.changes {
		b.owners[siteOf(c)] = ownerOf(c).or(b.owners[siteOf(c)])
	}
	for id := range merged {
		if c := follow(id, merged, b.byID); c != nil {
			b.byID[id] = c
		}
	}
}

// byKey orders what happened at one instant. Any order will do, as long as it is always the same.
func byKey(x, y string) int { return cmp.Compare(keyOf(x), keyOf(y)) }

// newer says whether x is a later state of the same change than y.
func newer(x, y *correlate.ChangeRecord) bool {
	return cmp.Or(cmp.Compare(revision(x), revision(y)), completion(x).Compare(completion(y)),
		x.RecoveredAt.Compare(y.RecoveredAt)) > 0
}

func revision(c *correlate.ChangeRecord) int {
	if c.Verdict == nil {
		return 0
	}
	return c.Verdict.Revision
}

// follow finds the change that a merged report ended up in; nil when that change isn't in the data. A report can't be
// merged more often than there are merged reports, which ends a circle.
func follow(id string, merged map[string]string, byID map[string]*correlate.ChangeRecord) *correlate.ChangeRecord {
	for range merged {
		next, ok := merged[id]
		if !ok {
			break
		}
		id = next
	}
	if _, still := merged[id]; still {
		return nil
	}
	return byID[id]
}

func (b *book) enterIncidents(incidents []correlate.IncidentRecord) {
	latest := make(map[string]*correlate.IncidentRecord, len(incidents))
	for i := range incidents {
		in := &incidents[i]
		if in.Retracted {
			continue
		}
		if known := latest[in.ID]; known == nil || in.ResolvedAt.After(known.ResolvedAt) {
			latest[in.ID] = in
		}
	}
	for _, in := range latest {
		b.incidents = append(b.incidents, in)
	}
	slices.SortFunc(b.incidents, func(x, y *correlate.IncidentRecord) int {
		return cmp.Or(x.OpenedAt.Compare(y.OpenedAt), byKey(x.ID, y.ID))
	})
	for _, in := range b.incidents {
		if c := b.byID[in.AttributedTo]; c != nil {
			b.causes[c.ID] = append(b.causes[c.ID], in)
			b.troubles[siteOf(c)] = append(b.troubles[siteOf(c)], in)
		}
	}
}

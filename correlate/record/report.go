package record

import (
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// Report takes in what a source said. What follows from it is worked out by Settle.
func (b *Book) Report(f correlate.Fact, receivedAt time.Time) {
	switch f = f.WithDefaults().UTC(); {
	case f.Change != nil:
		b.changeReported(correlate.ChangeReport{ReceivedAt: receivedAt.UTC(), Said: *f.Change})
	case f.Incident != nil:
		b.incidentReported(correlate.IncidentReport{ReceivedAt: receivedAt.UTC(), Said: *f.Incident})
	case f.Note != nil:
		people{b}.noted(*f.Note)
	}
}

// Retract takes back what a source said: it no longer counts. What was put together with others beyond
// correlate.MaxReports stays. A change without any report left gets correlate.PhaseRetracted.
func (b *Book) Retract(f correlate.Fact) {
	switch f = f.WithDefaults().UTC(); {
	case f.Change != nil:
		b.retractChange(*f.Change)
	case f.Incident != nil:
		b.retractIncident(*f.Incident)
	case f.Note != nil:
		people{b}.unnote(*f.Note)
	}
}

func (b *Book) changeReported(r correlate.ChangeReport) {
	c := b.Change(r.Said.ID)
	if c == nil {
		c = &Change{apart: &told{}}
		c.Record.ID, c.Record.ReceivedAt = r.Said.ID, r.ReceivedAt
		b.changes[r.Said.ID] = c
		b.draft.isNew(c)
		people{b}.renote(c, b.notes.take("change "+r.Said.ID))
	}
	b.draft.touch(c)
	if c.Record.Phase == correlate.PhaseRetracted {
		b.unfile(c)
		c.Record.Phase, c.Record.ReceivedAt = "", r.ReceivedAt
	}
	b.restate(c, correlate.AddChangeReport(c.Reports(), r))
}

func (b *Book) retractChange(said correlate.Change) {
	c := b.Change(said.ID)
	if c == nil {
		return
	}
	reports := c.Reports()
	left := correlate.RemoveChangeReport(reports, said)
	if len(left) == len(reports) {
		return
	}
	b.draft.touch(c)
	if len(left) > 0 {
		c.Record.ReceivedAt = left[0].ReceivedAt
		b.restate(c, left)
		return
	}
	b.grouping.leave(c)
	b.unfile(c)
	c.apart, c.Record.Phase = &told{own: *c.own()}, correlate.PhaseRetracted
	b.grouping.again[c] = true
}

// restate gives a change other reports.
func (b *Book) restate(c *Change, reports []correlate.ChangeReport) {
	b.grouping.leave(c)
	c.apart = &told{reports, correlate.FoldChange(reports)}
	for _, r := range reports {
		c.Record.ReceivedAt = earlier(c.Record.ReceivedAt, r.ReceivedAt)
	}
	b.grouping.enter(c)
	b.grouping.again[c] = true
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func (b *Book) incidentReported(r correlate.IncidentReport) {
	i := b.incidents[r.Said.ID]
	if i == nil {
		i = &Incident{}
		i.Record.ReceivedAt = r.ReceivedAt
		b.incidents[r.Said.ID] = i
		b.draft.isNewIncident(i)
		i.Record.Notes = b.notes.take("incident " + r.Said.ID)
	}
	b.draft.touchIncident(i)
	if len(i.reports) == 0 && i.Record.Retracted {
		i.Record.Retracted, i.Record.ReceivedAt = false, r.ReceivedAt
	}
	b.restateIncident(i, correlate.AddIncidentReport(i.reports, r))
}

func (b *Book) retractIncident(said correlate.Incident) {
	i := b.incidents[said.ID]
	if i == nil {
		return
	}
	left := correlate.RemoveIncidentReport(i.reports, said)
	if len(left) == len(i.reports) {
		return
	}
	b.draft.touchIncident(i)
	if len(left) > 0 {
		i.Record.ReceivedAt = left[0].ReceivedAt
		b.restateIncident(i, left)
		return
	}
	b.unfileIncident(i)
	b.alerts.leave(i)
	i.reports, i.Record.Reports = nil, nil
	i.Record.Retracted, i.Record.MergedInto, i.Record.MergedFrom = true, "", nil
	b.draft.attribute(i)
	regroup(b, i.alert())
}

// restateIncident gives an incident other reports.
func (b *Book) restateIncident(i *Incident, reports []correlate.IncidentReport) {
	before := i.alert()
	b.alerts.leave(i)
	i.reports, i.own = reports, correlate.FoldIncident(reports)
	for _, r := range reports {
		i.Record.ReceivedAt = earlier(i.Record.ReceivedAt, r.ReceivedAt)
	}
	b.alerts.enter(i)
	if is := i.alert(); before != is {
		regroup(b, before)
	}
	if i.alert() == (alertKey{}) {
		assignIncidents(b, []*Incident{i})
		return
	}
	regroup(b, i.alert())
}

// fileIncident and unfileIncident keep incidents where the changes that may answer for them look.
func (b *Book) fileIncident(i *Incident) {
	i.filed = i.Places()
	for _, p := range i.filed {
		b.lineupOf(p).incidents.insert(i.opened(), i)
	}
	if id := i.Record.CausedBy; id != "" {
		if b.naming[id] == nil {
			b.naming[id] = &index[*Incident]{}
		}
		b.naming[id].insert(key{id: i.Record.ID}, i)
	}
}

func (b *Book) unfileIncident(i *Incident) {
	for _, p := range i.filed {
		b.lineupOf(p).incidents.remove(i.opened())
	}
	i.filed = nil
	if named := b.naming[i.Record.CausedBy]; named != nil {
		if named.remove(key{id: i.Record.ID}); named.empty() {
			delete(b.naming, i.Record.CausedBy)
		}
	}
}

// Recall brings back records that have left memory, as they stand: nothing is worked out again because of it. What is in
// memory already stays as it is there.
func (b *Book) Recall(runs []Run, incidents []correlate.IncidentRecord) (recalled []*Change) {
	fresh := map[*Change]bool{}
	for _, run := range runs {
		for _, r := range run.Changes {
			if b.Change(r.ID) == nil {
				c := b.recall(r)
				recalled, fresh[c] = append(recalled, c), true
			}
		}
	}
	for _, run := range runs {
		lineage{b}.connect(run, fresh)
	}
	for _, c := range recalled {
		if by, missing := b.missing[c.Record.ID]; missing {
			lineage{b}.takenBy(c, by)
		} else {
			lineage{b}.tookBack(c)
		}
	}
	clear(b.missing)
	for _, r := range incidents {
		if b.incidents[r.ID] == nil {
			b.recallIncident(r)
		}
	}
	return recalled
}

func (b *Book) recall(r correlate.ChangeRecord) *Change {
	c := &Change{Record: r}
	switch {
	case len(r.Reports) > 0:
		c.apart = &told{r.Reports, correlate.FoldChange(r.Reports)}
	case r.Phase == correlate.PhaseRetracted:
		c.apart = &told{own: r.Change}
	default:
		c.apart = &told{c.Reports(), correlate.FoldChange(c.Reports())}
		c.settleReports()
	}
	b.changes[r.ID] = c
	if len(r.Notes) > 0 {
		if instead := correlate.CausedBySaid(c.notes()); instead != "" {
			b.notes.blamed[instead] = with(b.notes.blamed[instead], r.ID)
		}
	}
	l := b.file(c)
	l.stand(c, c.standing())
	c.objections = fewOf(links{b}.objecting(c))
	b.grouping.enter(c)
	return c
}

// objecting are the incidents that a change is suspected of: those that are held against it, and those in memory that another
// change is held responsible for.
func (b links) objecting(c *Change) []string {
	all := slices.Clone(c.Record.Incidents)
	for i := range b.lineup(c.filed.place).incidents.from(key{at: c.filed.began.at}) {
		b.steps++
		if !c.filed.ended.IsZero() && i.at.After(c.filed.ended.Add(b.cfg.attribution())) {
			break
		}
		if slices.Contains(i.of.suspects, c.Record.ID) {
			all = with(all, i.id)
		}
	}
	return all
}

// tookBack connects a change that is recalled with who took it back, and with what it took back, as far as they are in memory.
func (b lineage) tookBack(c *Change) {
	if by := b.Change(c.Record.RolledBackBy); by != nil && !slices.Contains(by.took.all(), c.Record.ID) {
		by.took = fewOf(append(by.took.all(), c.Record.ID))
	}
	if !c.Record.Rollback {
		return
	}
	n := 0
	for i := range b.lineupOf(c.filed.place).all.before(c.filed.key) {
		if n++; n > b.limits.nearby() {
			break
		}
		if i.of.Record.RolledBackBy == c.Record.ID && !slices.Contains(c.took.all(), i.id) {
			c.took = fewOf(append(c.took.all(), i.id))
		}
	}
}

func (b *Book) recallIncident(r correlate.IncidentRecord) {
	i := &Incident{Record: r, reports: r.Reports, suspects: r.SuspectedOf()}
	b.incidents[r.ID] = i
	links{b}.object(r.ID, nil, i.suspects)
	if r.Retracted && r.MergedInto == "" {
		return
	}
	if len(i.reports) == 0 {
		i.reports = []correlate.IncidentReport{{ReceivedAt: r.ReceivedAt, Said: r.Incident}}
	}
	i.own = correlate.FoldIncident(i.reports)
	b.alerts.enter(i)
	if r.MergedInto == "" {
		b.fileIncident(i)
	}
}

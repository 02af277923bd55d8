package dora

import "github.com/shipwake/shipwake/correlate"

// recoveries works out when the failed deployments of a site recovered.
func (t *Table) recoveries(n uint32) {
	delete(t.abroad, n)
	s := t.sites[n]
	t.sortHeld(s)
	for i := range s.rows {
		r := &s.rows[i]
		if !r.marks.has(hurt) || !r.marks.live() || r.marks.has(rollback) {
			continue
		}
		d := t.detail(r.id)
		d.recovered = t.recovery(n, r, &d)
		if detect(t, n, r, &d); d.derived() {
			t.keep(r, d)
		}
	}
}

// recovery is the first proven recovery of a failed deployment, as of the end of time.
func (t *Table) recovery(n uint32, r *row, d *detail) instant {
	first := never
	consider := func(at instant) {
		if at != never && at >= r.start && (first == never || at < first) {
			first = at
		}
	}
	back := t.lookup(n, d.takenBackBy)
	if back == nil || d.told != back.completion { // else it says that the rollback was complete, which is looked into here
		consider(d.told)
	}
	consider(d.seen)
	consider(t.repaired(n, r, d, back))
	consider(t.repaired(n, r, d, t.lookup(n, d.hotfix)))
	consider(t.resolved(r.id))
	return first
}

// detect works out the first sign that a failure was noticed; see book.detection.
func detect(t *Table, n uint32, r *row, d *detail) {
	consider := func(at instant, byTelemetry bool) {
		if at != never && at >= r.start && (d.detected == never || at < d.detected) {
			d.detected, d.telemetry = at, byTelemetry
		}
	}
	if r.marks.guilty() {
		consider(d.convicted, true)
	}
	for _, i := range t.heldAgainst(r.id) {
		consider(t.trouble[i].opened, false)
	}
	for _, repair := range []*row{t.lookup(n, d.takenBackBy), t.lookup(n, d.hotfix)} {
		if repair != nil {
			consider(repair.start, false)
		}
	}
}

// lookup is the change with an id, nil for none. A site whose changes refer to what isn't a change of it is looked into
// again whatever happens.
func (t *Table) lookup(n uint32, id key) *row {
	if id == 0 {
		return nil
	}
	change, known := t.follow(id)
	if !known || change != id || t.at[id] != n {
		t.abroad[n] = struct{}{}
	}
	if !known {
		return nil
	}
	s := t.sites[t.at[change]]
	return &s.rows[t.row(s, change)]
}

// mostRepairs bounds how many repairs of repairs are followed.
const mostRepairs = 1000

// repaired is when a repair of a change, or else the one that repaired that in turn, brought the service back; see
// book.repaired.
func (t *Table) repaired(n uint32, r *row, d *detail, repair *row) instant {
	for range mostRepairs {
		if repair == nil {
			break
		}
		its := t.detail(repair.id)
		if !repair.marks.has(hurt) {
			return t.mended(r, d, repair, &its)
		}
		next := its.hotfix
		if next == 0 {
			next = its.takenBackBy
		}
		repair = t.lookup(n, next)
	}
	return never
}

// mended asks correlate.Mended about a repair that did not hurt, with as much of the records as it looks at.
func (t *Table) mended(r *row, d *detail, repair *row, its *detail) instant {
	broken := correlate.ChangeRecord{Verdict: verdictOf(r, d)}
	by := correlate.ChangeRecord{Verdict: verdictOf(repair, its)}
	if by.Verdict != nil {
		by.Verdict.Outcome = "" // it didn't hurt, whatever its verdict says
	}
	by.FinishedAt = repair.completion.time()
	if repair.marks.has(succeeded) {
		by.Status = correlate.StatusSucceeded
	}
	var held []*correlate.IncidentRecord
	for _, n := range t.heldAgainst(r.id) {
		held = append(held, &correlate.IncidentRecord{Incident: correlate.Incident{ResolvedAt: t.trouble[n].resolved.time()}})
	}
	return instantOf(correlate.Mended(&broken, &by, held))
}

// verdictOf is what is kept of the verdict on a change.
func verdictOf(r *row, d *detail) *correlate.Verdict {
	if !r.marks.has(judged) {
		return nil
	}
	v := &correlate.Verdict{Evidence: d.evidence}
	if r.marks.has(regressed) {
		v.Outcome = correlate.Regressed
	}
	if d.seen != never {
		at := d.seen.time()
		v.RecoveredAt = &at
	}
	return v
}

// resolved is when the last incident of a change was resolved; never while one is open.
func (t *Table) resolved(id key) instant {
	last := never
	for _, n := range t.heldAgainst(id) {
		in := &t.trouble[n]
		if in.resolved == never {
			return never
		}
		last = max(last, in.resolved)
	}
	return last
}

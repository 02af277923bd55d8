package dora

import "github.com/shipwake/shipwake/correlate"

// detail is what is told for or against a change.
type detail struct {
	takenBackBy key
	told        instant // the first proven recovery, by its own record
	seen        instant // the same, by its verdict
	convicted   instant // when telemetry convicted it, by its verdict
	approved    instant
	// evidence is that of its verdict: all of it of what may be a repair, the first of what hurt.
	evidence []correlate.Evidence
	// Worked out from the other rows:
	hotfix    key     // the change that repaired it
	recovered instant // the first proven recovery
	detected  instant // the first sign that a failure was noticed
	telemetry bool    // that was telemetry
}

// nothing says whether a detail tells nothing.
func (d *detail) nothing() bool {
	return d.takenBackBy == 0 && d.told == never && d.seen == never && d.convicted == never && d.approved == never &&
		len(d.evidence) == 0 && !d.derived()
}

// derived says whether anything is worked out from the other rows.
func (d *detail) derived() bool {
	return d.hotfix != 0 || d.recovered != never || d.detected != never
}

// telling is as much of evidence as says whether a fault lasts.
func telling(all []correlate.Evidence, word func(string) string) (told []correlate.Evidence) {
	for _, e := range all {
		told = append(told, correlate.Evidence{Service: word(e.Service), Signal: word(e.Signal), Baseline: e.Baseline, Observed: e.Observed})
	}
	return told
}

// noDetail tells nothing.
func noDetail() detail {
	return detail{told: never, seen: never, convicted: never, approved: never, recovered: never, detected: never}
}

// detail is a copy of what is told of a change.
func (t *Table) detail(id key) detail {
	if d := t.details[id]; d != nil {
		return *d
	}
	return noDetail()
}

// keep puts a detail in place of the one before.
func (t *Table) keep(r *row, d detail) {
	if d.nothing() {
		delete(t.details, r.id)
		r.marks &^= detailed
		return
	}
	r.marks |= detailed
	if was := t.details[r.id]; was != nil {
		*was = d
		return
	}
	t.details[r.id] = &d
}

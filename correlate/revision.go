package correlate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Revision is the record of a change or an incident as it stood from RecordedAt until the next revision.
type Revision[R any] struct {
	Revision   int       `json:"revision"` // from 1, without gaps
	RecordedAt time.Time `json:"recorded_at"`
	Cause      Cause     `json:"cause"`
	Record     R         `json:"record"`
}

// ChangeRevision and IncidentRevision are what the history of records is made of.
type (
	ChangeRevision   = Revision[ChangeRecord]
	IncidentRevision = Revision[IncidentRecord]
)

// LastRecorded is when the newest of the revisions was recorded, zero without any.
func LastRecorded[R any](revisions []Revision[R]) time.Time {
	if len(revisions) == 0 {
		return time.Time{}
	}
	return revisions[len(revisions)-1].RecordedAt
}

// Cause says why a record is another than it was. When several things happened at once, the one that stands first in
// Causes is told; the fields tell the rest.
type Cause string

// The causes.
const (
	CauseMerged    Cause = "merged"    // it is another report of a change that was already known
	CauseNoted     Cause = "noted"     // a person said something of it, or of a change in whose place this one is named
	CauseLateFact  Cause = "late_fact" // a source told or corrected it after its time had passed
	CauseReported  Cause = "reported"  // a source told of it, or how it went on
	CauseRelinked  Cause = "relinked"  // an incident is held against another change than before
	CauseUnlinked  Cause = "unlinked"  // an incident is no longer held against it
	CauseLinked    Cause = "linked"    // an incident is held against it
	CauseRollback  Cause = "rollback"  // it was taken back, or is seen as a rollback or redeploy, or no longer is
	CauseVerdict   Cause = "verdict"   // its verdict was revised, or its window closed or opened again
	CauseRecovered Cause = "recovered" // the first proof of its recovery, or another than before
	// CauseHistory is that of a record which was there before history was kept: what came before is not known.
	CauseHistory Cause = "history_begins"
)

// Causes lists every Cause.
func Causes() []Cause {
	return []Cause{
		CauseMerged, CauseNoted, CauseLateFact, CauseReported, CauseRelinked, CauseUnlinked, CauseLinked, CauseRollback, CauseVerdict,
		CauseRecovered, CauseHistory,
	}
}

// HistoryError is returned when somebody asks for a time before history was kept.
type HistoryError struct {
	Since time.Time // the history of records begins here
}

func (e *HistoryError) Error() string {
	return "the history of records begins at " + e.Since.Format(time.RFC3339Nano) + "; what was known before wasn't kept"
}

// ChangeCause says why a change's record turned from before into after; before is nil for the first. Of the verdicts it
// compares the revisions.
func ChangeCause(before *ChangeRecord, after ChangeRecord) Cause {
	if before == nil {
		if after.Phase == PhaseHistory {
			return CauseLateFact
		}
		return CauseReported
	}
	told := CauseReported
	if before.Phase == PhaseClosed || before.Phase == PhaseHistory {
		told = CauseLateFact
	}
	lost, won := missing(before.Incidents, after.Incidents), missing(after.Incidents, before.Incidents)
	switch {
	case before.MergedInto != after.MergedInto || (before.Phase == PhaseMerged) != (after.Phase == PhaseMerged) ||
		!slices.Equal(before.MergedFrom, after.MergedFrom):
		return CauseMerged
	case !slices.Equal(before.Notes, after.Notes) || !slices.Equal(before.BlamedFor, after.BlamedFor):
		return CauseNoted
	case !same(before.Change, after.Change) || (before.Phase == PhaseRetracted) != (after.Phase == PhaseRetracted):
		return told
	case lost && won:
		return CauseRelinked
	case lost:
		return CauseUnlinked
	case won:
		return CauseLinked
	case before.RolledBackBy != after.RolledBackBy || before.Rollback != after.Rollback || before.Redeploy != after.Redeploy:
		return CauseRollback
	case before.Phase != after.Phase || verdictRevision(*before) != verdictRevision(after):
		return CauseVerdict
	case !before.RecoveredAt.Equal(after.RecoveredAt):
		return CauseRecovered
	}
	return told
}

// IncidentCause is ChangeCause for an incident.
func IncidentCause(before *IncidentRecord, after IncidentRecord) Cause {
	switch {
	case before == nil:
		return CauseReported
	case before.AttributedTo != after.AttributedTo && before.AttributedTo == "":
		return CauseLinked
	case before.AttributedTo != after.AttributedTo && after.AttributedTo == "":
		return CauseUnlinked
	case before.AttributedTo != after.AttributedTo:
		return CauseRelinked
	case !slices.Equal(before.Notes, after.Notes):
		return CauseNoted
	case before.ResolvedAt.IsZero() != after.ResolvedAt.IsZero():
		return CauseRecovered
	case !before.ResolvedAt.IsZero():
		return CauseLateFact
	}
	return CauseReported
}

// missing says whether some of the ids are not among the others.
func missing(ids, others []string) bool {
	return slices.ContainsFunc(ids, func(id string) bool { return !slices.Contains(others, id) })
}

func verdictRevision(c ChangeRecord) int {
	if c.Verdict == nil {
		return 0
	}
	return c.Verdict.Revision
}

// same compares two values by their JSON form, which is what people get to see.
func same(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// FieldChange is one field of a record before and after, as text; "" is no value.
type FieldChange struct {
	Field string `json:"field"`
	From  string `json:"from"`
	To    string `json:"to"`
}

// ChangeFields lists, by name, the fields in which two records of a change differ. Of the verdict they are its outcome,
// its reason, its revision and why it was gone into again; of the reports and
// the notes their number. Long lists are cut.
func ChangeFields(before, after ChangeRecord) []FieldChange {
	return differing(changeFields(before), changeFields(after))
}

func changeFields(c ChangeRecord) map[string]string {
	v := c.Verdict
	c.Verdict = nil
	fields := fieldsOf(c)
	if v != nil {
		fields["verdict"], fields["reason"] = string(v.Outcome), string(v.Reason)
		fields["verdict_revision"], fields["verdict_final"] = strconv.Itoa(v.Revision), strconv.FormatBool(v.Final)
		if v.Reopened != "" {
			fields["verdict_reopened"] = string(v.Reopened)
		}
	}
	if len(c.Reports) > 0 {
		fields["reports"] = strconv.Itoa(len(c.Reports))
	}
	if len(c.Notes) > 0 {
		fields["notes"] = strconv.Itoa(len(c.Notes))
	}
	return fields
}

// longestField is how much of a field is shown, in bytes.
const longestField = 200

// fieldsOf is the JSON form of a record by its fields: words as they are, the rest as JSON.
func fieldsOf(record any) map[string]string {
	fields := map[string]string{}
	text, err := json.Marshal(record)
	if err != nil {
		return fields
	}
	raw := map[string]json.RawMessage{}
	if err := json.Unmarshal(text, &raw); err != nil {
		return fields
	}
	for name, value := range raw {
		var word string
		if json.Unmarshal(value, &word) != nil {
			word = string(value)
		}
		fields[name] = word
	}
	return fields
}

func differing(before, after map[string]string) []FieldChange {
	names := map[string]bool{}
	for name := range before {
		names[name] = true
	}
	for name := range after {
		names[name] = true
	}
	var all []FieldChange
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if before[name] != after[name] {
			all = append(all, FieldChange{name, cut(before[name]), cut(after[name])})
		}
	}
	return all
}

func cut(text string) string {
	if len(text) <= longestField {
		return text
	}
	return fmt.Sprintf("%s… (%d bytes)", bytes.ToValidUTF8([]byte(text[:longestField]), nil), len(text))
}

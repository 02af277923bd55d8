package correlate

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"time"
)

// Report is what one source said once of a change or an incident, and when we heard it.
type Report[T any] struct {
	ReceivedAt time.Time `json:"received_at"`
	Said       T         `json:"said"`
}

// ChangeReport and IncidentReport are the two kinds of reports.
type (
	ChangeReport   = Report[Change]
	IncidentReport = Report[Incident]
)

// MaxReports is how many different reports of one change or incident are told apart. Of more, the oldest are put
// together, as if they had come as one.
const MaxReports = 64

// AddChangeReport returns the reports with another one among them. The result is a function of the set of what was
// said: the order in which reports come doesn't show in it, nor does repetition.
func AddChangeReport(all []ChangeReport, r ChangeReport) []ChangeReport {
	return added(all, r, Change.asOf, Change.Revise)
}

// AddIncidentReport is AddChangeReport for incidents.
func AddIncidentReport(all []IncidentReport, r IncidentReport) []IncidentReport {
	return added(all, r, Incident.asOf, Incident.Revise)
}

// RemoveChangeReport returns the reports without one that says the given. What was put together with others stays.
func RemoveChangeReport(all []ChangeReport, said Change) []ChangeReport { return removed(all, said) }

// RemoveIncidentReport is RemoveChangeReport for incidents.
func RemoveIncidentReport(all []IncidentReport, said Incident) []IncidentReport {
	return removed(all, said)
}

// FoldChange is what reports under one id say together, in the order of AddChangeReport.
func FoldChange(all []ChangeReport) Change {
	said := folded(all, Change.Revise)
	said.Implied = nil
	return said
}

// FoldIncident is FoldChange for incidents.
func FoldIncident(all []IncidentReport) Incident {
	said := folded(all, Incident.Revise)
	said.Implied = nil
	return said
}

// FoldRollout is what several sources say of one rollout, each under an id of its own: all is what the reports under an id
// say together. None corrects what another source says.
func FoldRollout(all []ChangeReport) Change {
	SortChangeReports(all)
	return folded(all, Change.Merge)
}

// SortChangeReports puts reports in the order in which a later one corrects an earlier one: by when they were said, as
// their senders tell it (UpdatedAt, else the newest time), then by how far the change had come, then by when they came in.
func SortChangeReports(all []ChangeReport) { slices.SortFunc(all, comparing(Change.asOf)) }

// moment places a report among the others of the same thing.
type moment struct {
	said time.Time
	rank int
}

// asOf is when a report was made as far as it tells, and how far it says that the change had come.
func (c Change) asOf() moment {
	said := c.UpdatedAt
	if said.IsZero() {
		said = latest(c.StartedAt, c.FinishedAt)
	}
	return moment{said, slices.Index(Statuses(), c.Status)}
}

func (i Incident) asOf() moment {
	if !i.UpdatedAt.IsZero() {
		return moment{said: i.UpdatedAt}
	}
	return moment{said: latest(i.OpenedAt, i.AcknowledgedAt, i.ResolvedAt)}
}

func comparing[T any](asOf func(T) moment) func(a, b Report[T]) int {
	return func(a, b Report[T]) int {
		x, y := asOf(a.Said), asOf(b.Said)
		if c := cmp.Or(x.said.Compare(y.said), cmp.Compare(x.rank, y.rank), a.ReceivedAt.Compare(b.ReceivedAt)); c != 0 {
			return c
		}
		return bytes.Compare(content(a.Said), content(b.Said))
	}
}

// content is a report in a form that can be compared.
func content(said any) []byte {
	text, err := json.Marshal(said)
	if err != nil { // of a date that JSON can't tell, which no decoder lets through
		return []byte(err.Error())
	}
	return text
}

func added[T any](all []Report[T], r Report[T], asOf func(T) moment, merge func(a, b T) T) []Report[T] {
	r.ReceivedAt = r.ReceivedAt.UTC()
	said := content(r.Said)
	all = slices.Clone(all)
	for i, known := range all {
		if bytes.Equal(content(known.Said), said) {
			if !r.ReceivedAt.Before(known.ReceivedAt) {
				return all
			}
			all = slices.Delete(all, i, i+1)
			break
		}
	}
	at, _ := slices.BinarySearchFunc(all, r, comparing(asOf))
	all = slices.Insert(all, at, r)
	if len(all) > MaxReports {
		all[1].Said = merge(all[0].Said, all[1].Said)
		all = all[1:]
	}
	return all
}

func removed[T any](all []Report[T], said T) []Report[T] {
	text := content(said)
	i := slices.IndexFunc(all, func(r Report[T]) bool { return bytes.Equal(content(r.Said), text) })
	if i < 0 {
		return all
	}
	return slices.Delete(slices.Clone(all), i, i+1)
}

func folded[T any](all []Report[T], merge func(a, b T) T) (said T) {
	for i, r := range all {
		if i == 0 {
			said = r.Said
			continue
		}
		said = merge(said, r.Said)
	}
	return said
}

package dora

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// PublishedAfter is how long after its end the numbers of a period count as published: by then the observation windows
// of its deployments have closed and its incidents are attributed, so that what moves a number later is a correction.
const PublishedAfter = attributionWindow

// MostPeriods is the most periods that one question about restatements may be about.
const MostPeriods = 100

// RestateQuery asks which published numbers have become others. Periods are whole windows, laid end to end from Monday,
// 5 January 1970 in UTC: of one day they are days, of seven ISO weeks. Those are compared that end in From < end <= To.
type RestateQuery struct {
	From, To   time.Time
	WindowDays int
	Scope
	Policy Policy // "" is shipwake
}

// Restatements are the numbers that are others than those that were published, oldest period first.
type Restatements struct {
	Policy        Policy `json:"policy"`
	PolicyVersion int    `json:"policy_version"`
	Scope
	WindowDays int `json:"window_days"`
	// KnownSince is when the history of records begins: periods that were published before can't be compared.
	KnownSince time.Time     `json:"known_since"`
	Compared   int           `json:"periods_compared"`
	Restated   []Restatement `json:"restatements"`
}

// NewRestatements is the answer to a question without any comparison yet.
func NewRestatements(q RestateQuery, since time.Time) Restatements {
	is := Restatements{
		Policy: q.Policy.known(), PolicyVersion: q.Policy.Version(), Scope: q.Scope, WindowDays: q.WindowDays,
		KnownSince: since, Restated: []Restatement{},
	}
	is.Environment = Query{Scope: q.Scope}.environment()
	return is
}

// Restatement is one number of one period that is another than the one that was published.
type Restatement struct {
	Metric      Metric    `json:"metric"`
	From        time.Time `json:"from"`
	To          time.Time `json:"to"`
	PublishedAt time.Time `json:"published_at"`
	RestatedAt  time.Time `json:"restated_at"` // when the last of the records behind it was corrected
	Old         Figure    `json:"old"`
	New         Figure    `json:"new"`
	Why         []Why     `json:"why"`  // most records first
	Text        string    `json:"text"` // all of this in words
}

// Why says what became of some records after the number was published. The cause late_fact means that nobody had told
// of them by then, reported that they were corrected.
type Why struct {
	Cause  correlate.Cause `json:"cause"`
	Record string          `json:"record"` // change or incident
	Count  int             `json:"count"`
	IDs    []string        `json:"ids"` // sorted, at most 20
}

// Periods are the periods asked about that are published at now, oldest first.
func (q RestateQuery) Periods(now time.Time) []Query {
	length := time.Duration(q.WindowDays) * 24 * time.Hour
	if length <= 0 {
		return nil
	}
	monday := time.Date(1970, 1, 5, 0, 0, 0, 0, time.UTC)
	var all []Query
	from := monday.Add(q.From.Sub(monday) / length * length).Add(-length)
	for ; len(all) < MostPeriods; from = from.Add(length) {
		to := from.Add(length)
		if to.After(q.To) || to.Add(PublishedAfter).After(now) {
			return all
		}
		if to.After(q.From) {
			all = append(all, Query{From: from, To: to, Scope: q.Scope, Policy: q.Policy})
		}
	}
	return all
}

// Published is when the numbers of a period are published.
func (q Query) Published() time.Time { return q.To.Add(PublishedAfter) }

// Restate compares the numbers of a period as they were published with those of now. Then and today are the data as they
// were known at either time; corrected says when a record (change or incident, by id) last became another.
func Restate(q Query, then, today Data, now time.Time, corrected func(record, id string) (time.Time, error)) ([]Restatement, error) {
	published := q.Published()
	old, current := Compute(q, then, published).Total, Compute(q, today, now).Total
	var all []Restatement
	var moved []moved
	for _, m := range Metrics() {
		was, is := m.of(old), m.of(current)
		if was.equal(is) {
			continue
		}
		if moved == nil {
			moved = q.moved(then, today)
		}
		r := Restatement{Metric: m, From: q.From, To: q.To, PublishedAt: published, Old: was, New: is}
		behind := q.behind(m, moved, then, today, now)
		for _, record := range behind {
			at, err := corrected(record.kind, record.id)
			if err != nil {
				return nil, err
			}
			r.RestatedAt = later(r.RestatedAt, at)
		}
		if len(behind) > 0 {
			r.Why = grouped(behind)
			r.Text = q.words(r)
			all = append(all, r)
		}
	}
	return all, nil
}

// mostIDs is how many records are named for each cause.
const mostIDs = 20

func grouped(records []moved) []Why {
	var all []Why
	for _, r := range records {
		i := slices.IndexFunc(all, func(w Why) bool { return w.Cause == r.cause && w.Record == r.kind })
		if i < 0 {
			i = len(all)
			all = append(all, Why{Cause: r.cause, Record: r.kind})
		}
		all[i].Count++
		if len(all[i].IDs) < mostIDs {
			all[i].IDs = append(all[i].IDs, r.id)
		}
	}
	slices.SortStableFunc(all, func(a, b Why) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(b.Record, a.Record), cmp.Compare(a.Cause, b.Cause))
	})
	return all
}

// words says a restatement: "30-day change fail rate of checkout 12 % → 9 % (3 of 25 → 2 of 22): 1 incident relinked".
func (q Query) words(r Restatement) string {
	days := int(q.To.Sub(q.From) / (24 * time.Hour))
	whose := "of " + q.Service
	switch {
	case q.Service == "" && q.Team != "":
		whose = "of team " + q.Team
	case q.Service == "":
		whose = "in " + q.environment()
	case q.environment() != correlate.DefaultEnvironment:
		whose += " in " + q.environment()
	}
	var why []string
	for _, w := range r.Why {
		why = append(why, w.String())
	}
	return fmt.Sprintf("%d-day %s %s %s → %s: %s", days, strings.ReplaceAll(string(r.Metric), "_", " "), whose,
		r.Metric.words(r.Old), r.Metric.words(r.New), strings.Join(why, ", "))
}

// String says it in words: "3 incidents relinked".
func (w Why) String() string {
	record := w.Record
	if w.Count != 1 {
		record += "s"
	}
	became := string(w.Cause)
	switch w.Cause {
	case correlate.CauseLateFact:
		became = "reported late"
	case correlate.CauseReported:
		became = "corrected"
	case correlate.CauseNoted:
		became = "corrected by people"
	case correlate.CauseRollback:
		became = "taken back, or no longer"
	case correlate.CauseVerdict:
		became = "judged anew"
	}
	return fmt.Sprintf("%d %s %s", w.Count, record, became)
}

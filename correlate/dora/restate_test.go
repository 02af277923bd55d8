package dora_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
)

// period is the 30 days of the other tests, published a day after asOf.
var period = dora.Query{From: month.From, To: month.To, Scope: dora.Scope{Service: "checkout"}}

func TestANumberIsRestatedWithTheRecordsBehindIt(t *testing.T) {
	open := time.Time{}
	a, b := change("a", at(0)), change("b", at(60))
	held := func(c correlate.ChangeRecord, incidents ...string) correlate.ChangeRecord {
		c.Incidents = incidents
		return c
	}
	hurt := func(c correlate.ChangeRecord) correlate.ChangeRecord {
		judged(correlate.Regressed)(&c)
		c.Verdict.Revision = 2
		return c
	}
	rolledBack := a
	later := rollbackOf(&rolledBack, "back", asOf.AddDate(0, 0, 3))
	twin := change("twin", at(0))
	merged := twin
	merged.Phase, merged.MergedInto = correlate.PhaseMerged, "a"
	moved := a
	moved.FinishedAt = month.From.Add(-time.Hour)
	next := change("next month", asOf.Add(30*time.Hour))

	for name, c := range map[string]struct {
		then, today dora.Data
		want        []string
	}{
		"nothing happened": {dora.Data{Changes: records{a, b}}, dora.Data{Changes: records{a, b}}, nil},
		"what is new after the period corrects nothing in it": {
			dora.Data{Changes: records{a}}, dora.Data{Changes: records{a, next}, Incidents: []correlate.IncidentRecord{incident("i", next.FinishedAt, open, "next month")}}, nil,
		},
		"a record is another in what no number is made of": {
			dora.Data{Changes: records{a}}, dora.Data{Changes: records{change("a", at(0), func(c *correlate.ChangeRecord) { c.Actor = "alice" })}}, nil,
		},
		"an incident is unlinked": {
			dora.Data{Changes: records{held(a, "i"), b}, Incidents: []correlate.IncidentRecord{incident("i", at(1), open, "a")}},
			dora.Data{Changes: records{a, b}, Incidents: []correlate.IncidentRecord{incident("i", at(1), open, "")}},
			[]string{"30-day change fail rate of checkout 50 % (1 of 2) → 0 % (0 of 2): 1 incident unlinked",
				"30-day deployment rework rate of checkout 50 % (1 of 2) → 0 % (0 of 2): 1 incident unlinked"},
		},
		"three incidents of three changes are all the fault of one": {
			dora.Data{
				Changes:   records{held(a, "i"), held(b, "j"), held(change("c", at(90)), "k"), change("d", at(120))},
				Incidents: []correlate.IncidentRecord{incident("i", at(1), open, "a"), incident("j", at(61), open, "b"), incident("k", at(91), open, "c")},
			},
			dora.Data{
				Changes:   records{a, b, change("c", at(90)), held(change("d", at(120)), "i", "j", "k")},
				Incidents: []correlate.IncidentRecord{incident("i", at(1), open, "d"), incident("j", at(61), open, "d"), incident("k", at(91), open, "d")},
			},
			[]string{"30-day change fail rate of checkout 75 % (3 of 4) → 25 % (1 of 4): 3 incidents relinked",
				"30-day deployment rework rate of checkout 75 % (3 of 4) → 0 % (0 of 4): 3 incidents relinked"},
		},
		"an incident nobody had told of": {
			dora.Data{Changes: records{a, b}},
			dora.Data{Changes: records{held(a, "i"), b}, Incidents: []correlate.IncidentRecord{incident("i", at(1), open, "a")}},
			[]string{"30-day change fail rate of checkout 0 % (0 of 2) → 50 % (1 of 2): 1 incident reported late",
				"30-day deployment rework rate of checkout 0 % (0 of 2) → 50 % (1 of 2): 1 incident reported late"},
		},
		"a deployment nobody had told of": {
			dora.Data{Changes: records{a}}, dora.Data{Changes: records{a, b}},
			[]string{"30-day deployments of checkout 1 → 2: 1 change reported late",
				"30-day change fail rate of checkout 0 % (0 of 1) → 0 % (0 of 2): 1 change reported late",
				"30-day deployment rework rate of checkout 0 % (0 of 1) → 0 % (0 of 2): 1 change reported late"},
		},
		"the first data there is": {
			dora.Data{}, dora.Data{Changes: records{a}},
			[]string{"30-day deployments of checkout 0 → 1: 1 change reported late",
				"30-day change fail rate of checkout no data → 0 % (0 of 1): 1 change reported late",
				"30-day deployment rework rate of checkout no data → 0 % (0 of 1): 1 change reported late"},
		},
		"a verdict is reopened": {
			dora.Data{Changes: records{a, b}}, dora.Data{Changes: records{hurt(a), b}},
			[]string{"30-day change fail rate of checkout 0 % (0 of 2) → 50 % (1 of 2): 1 change judged anew"},
		},
		"a deployment is taken back after the period": {
			dora.Data{Changes: records{a, b}}, dora.Data{Changes: records{rolledBack, b, later}},
			[]string{"30-day change fail rate of checkout 0 % (0 of 2) → 50 % (1 of 2): 1 change taken back, or no longer",
				"30-day failed deployment recovery time of checkout no data → 32d 14h (n 1): 1 change taken back, or no longer"},
		},
		"two reports are found to be one change": {
			dora.Data{Changes: records{a, twin}}, dora.Data{Changes: records{a, merged}},
			[]string{"30-day deployments of checkout 2 → 1: 1 change merged",
				"30-day change fail rate of checkout 0 % (0 of 2) → 0 % (0 of 1): 1 change merged",
				"30-day deployment rework rate of checkout 0 % (0 of 2) → 0 % (0 of 1): 1 change merged"},
		},
		"a deployment turns out to belong to another period": {
			dora.Data{Changes: records{a, b}}, dora.Data{Changes: records{moved, b}},
			[]string{"30-day deployments of checkout 2 → 1: 1 change corrected",
				"30-day change fail rate of checkout 0 % (0 of 2) → 0 % (0 of 1): 1 change corrected",
				"30-day deployment rework rate of checkout 0 % (0 of 2) → 0 % (0 of 1): 1 change corrected"},
		},
		"an incident is resolved after all": {
			dora.Data{Changes: records{held(a, "i")}, Incidents: []correlate.IncidentRecord{incident("i", at(1), open, "a")}},
			dora.Data{Changes: records{held(a, "i")}, Incidents: []correlate.IncidentRecord{incident("i", at(1), at(60), "a")}},
			[]string{"30-day failed deployment recovery time of checkout no data → 1h 0m (n 1): 1 incident recovered",
				"30-day incident time to restore of checkout no data → 59m 0s (n 1): 1 incident recovered"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			corrected := asOf.AddDate(0, 0, 9)
			got, err := dora.Restate(period, c.then, c.today, asOf.AddDate(0, 0, 10), func(string, string) (time.Time, error) { return corrected, nil })
			require.NoError(t, err)
			var words []string
			for _, r := range got {
				words = append(words, r.Text)
				require.Equal(t, corrected, r.RestatedAt)
				require.Equal(t, asOf.Add(24*time.Hour), r.PublishedAt)
				for _, w := range r.Why {
					require.Len(t, w.IDs, w.Count)
				}
			}
			require.Equal(t, c.want, words)
		})
	}
}

func TestPeriods(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2026, 3, d, 0, 0, 0, 0, time.UTC) }
	for name, c := range map[string]struct {
		from, to, now time.Time
		days          int
		want          [][2]int // begin and end, days of March
	}{
		"days":                                      {day(2), day(4), day(20), 1, [][2]int{{2, 3}, {3, 4}}},
		"ISO weeks, from Monday":                    {day(1), day(20), day(30), 7, [][2]int{{-5, 2}, {2, 9}, {9, 16}}},
		"from the middle of one":                    {day(12), day(20), day(30), 7, [][2]int{{9, 16}}},
		"not before it is published":                {day(8), day(20), day(17).Add(-time.Second), 7, [][2]int{{2, 9}}},
		"but then":                                  {day(8), day(20), day(17), 7, [][2]int{{2, 9}, {9, 16}}},
		"a window without length has no periods":    {day(1), day(20), day(30), 0, nil},
		"an end at the beginning is not in between": {day(9), day(15), day(30), 7, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got [][2]int
			for _, p := range (dora.RestateQuery{From: c.from, To: c.to, WindowDays: c.days}).Periods(c.now) {
				got = append(got, [2]int{int(p.From.Sub(day(0)).Hours() / 24), int(p.To.Sub(day(0)).Hours() / 24)})
			}
			require.Equal(t, c.want, got)
		})
	}
	years := dora.RestateQuery{From: day(1).AddDate(-9, 0, 0), To: day(1), WindowDays: 1}
	require.Len(t, years.Periods(day(9)), dora.MostPeriods)
}

// TestANumberIsRestatedUnderThePolicyThatCountsIt: what moves the number of one policy may not move that of another.
func TestANumberIsRestatedUnderThePolicyThatCountsIt(t *testing.T) {
	open := time.Time{}
	then := dora.Data{Changes: records{change("a", at(0)), change("b", at(60))}}
	today := then
	today.Incidents = []correlate.IncidentRecord{incident("i", at(90), open, "")} // nobody is held responsible by the records
	for policy, want := range map[dora.Policy][]string{
		dora.PolicyShipwake:   nil,
		dora.PolicyDevLake:    {"30-day change fail rate of checkout 0 % (0 of 2) → 50 % (1 of 2): 1 incident reported late"},
		dora.PolicyMiddleware: {"30-day change fail rate of checkout 0 % (0 of 2) → 50 % (1 of 2): 1 incident reported late"},
		dora.PolicyRatio:      {"30-day change fail rate of checkout 0 % (0 of 2) → 50 % (1 of 2): 1 incident reported late"},
	} {
		t.Run(string(policy), func(t *testing.T) {
			q := period
			q.Policy = policy
			all, err := dora.Restate(q, then, today, asOf.AddDate(0, 0, 5), func(string, string) (time.Time, error) { return asOf, nil })
			require.NoError(t, err)
			var got []string
			for _, r := range all {
				got = append(got, r.Text)
			}
			require.Equal(t, want, got)
		})
	}
	answer := dora.NewRestatements(dora.RestateQuery{Policy: dora.PolicyRatio}, asOf)
	require.Equal(t, dora.PolicyRatio, answer.Policy)
	require.Equal(t, "production", answer.Environment)
}

package dora_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
)

func TestReach(t *testing.T) {
	const day = 24 * time.Hour
	authored := func(at time.Time) edit {
		return func(c *correlate.ChangeRecord) { c.Commits = []correlate.Commit{{SHA: "a", AuthoredAt: at}} }
	}
	from := month.From
	for name, c := range map[string]struct {
		change             correlate.ChangeRecord
		changes, incidents time.Time
	}{
		"nothing but the window, and incidents that are still open in it": {
			change("a", at(0)), from, from.Add(-day),
		},
		"as far as its oldest commit": {
			change("a", at(0), authored(from.Add(-9*day))), from.Add(-9 * day), from.Add(-day),
		},
		"not for a commit that was authored in the window": {
			change("a", at(0), authored(at(-60))), from, from.Add(-day),
		},
		"not for a commit of unknown age": {
			change("a", at(0), authored(time.Time{})), from, from.Add(-day),
		},
		"not for ever": {
			change("a", at(0), authored(time.Unix(0, 0))), from.Add(-90 * day), from.Add(-day),
		},
		"not for a rollout that failed": {
			change("a", at(0), authored(from.Add(-9*day)), func(c *correlate.ChangeRecord) { c.Status = correlate.StatusFailed }), from, from.Add(-day),
		},
		"not for a hotfix: what it repaired is counted where that completed": {
			change("a", from.Add(time.Hour), func(c *correlate.ChangeRecord) { c.Labels = map[string]string{"class": "hotfix"} }), from, from.Add(-day),
		},
		"for the incidents of a rollout that began long before the window, a day before that": {
			change("a", from.Add(time.Hour), func(c *correlate.ChangeRecord) { c.StartedAt = from.Add(-2 * day) }), from, from.Add(-3 * day),
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, dora.Reach{
				ChangesFrom: c.changes, ChangesTo: month.To.Add(9 * day), IncidentsFrom: c.incidents, IncidentsTo: month.To.Add(9 * day),
			}, month.Reach([]correlate.ChangeRecord{c.change}, 2*day))
		})
	}
	require.Equal(t, month.To.Add(8*day), month.Reach(nil, time.Hour).IncidentsTo)
	peer := month
	peer.Policy = dora.PolicyDevLake
	reach := peer.Reach(nil, time.Hour)
	require.Equal(t, from.Add(-90*day), reach.ChangesFrom)
	require.True(t, reach.IncidentsTo.After(asOf.AddDate(100, 0, 0)) && reach.ChangesTo.Equal(reach.IncidentsTo), "other tools know no bound")
}

// Whatever lies outside the reach, and nobody refers to, changes no number.
func TestWhatIsOutOfReachDoesNotMatter(t *testing.T) {
	q := dora.Query{From: at(6000), To: at(9000)}
	rapid.Check(t, func(t *rapid.T) {
		all := drawHistory(t)
		var window, read []correlate.ChangeRecord
		for _, c := range all.Changes {
			if !c.FinishedAt.Before(q.From) && c.FinishedAt.Before(q.To) {
				window = append(window, c)
			}
		}
		reach := q.Reach(window, 24*time.Hour)
		var incidents []correlate.IncidentRecord
		referred := map[string]bool{}
		for _, i := range all.Incidents {
			if !i.OpenedAt.Before(reach.IncidentsFrom) && i.OpenedAt.Before(reach.IncidentsTo) {
				incidents = append(incidents, i)
				referred[i.AttributedTo] = true
			}
		}
		for _, c := range all.Changes {
			if referred[c.ID] || !c.FinishedAt.Before(reach.ChangesFrom) && c.FinishedAt.Before(reach.ChangesTo) {
				read = append(read, c)
			}
		}
		require.Equal(t, dora.Compute(q, all, asOf), dora.Compute(q, dora.Data{Changes: read, Incidents: incidents}, asOf))
	})
}

// drawHistory is days of changes of one service, around a window in the middle. A commit arrives after it was authored,
// and an incident opens within a day of the change that it is held against.
func drawHistory(t *rapid.T) dora.Data {
	var d dora.Data
	n := rapid.IntRange(1, 15).Draw(t, "changes")
	for i := range n {
		minute := rapid.IntRange(0, 15_000).Draw(t, "finished")
		c := change(fmt.Sprintf("c%d", i), at(minute))
		c.StartedAt = c.FinishedAt.Add(-time.Duration(rapid.IntRange(0, 300).Draw(t, "took")) * time.Minute)
		c.Verdict.Outcome = rapid.SampledFrom([]correlate.Outcome{correlate.Healthy, correlate.Regressed}).Draw(t, "outcome")
		if rapid.IntRange(0, 3).Draw(t, "hotfix") == 0 {
			c.Labels = map[string]string{"class": "hotfix"}
		}
		if rapid.IntRange(0, 3).Draw(t, "rolled back") == 0 {
			c.RolledBackBy = fmt.Sprintf("c%d", rapid.IntRange(0, n-1).Draw(t, "by"))
		}
		for sha := range 4 {
			if authored := sha * 3000; authored <= minute && rapid.Bool().Draw(t, "carries") {
				c.Commits = append(c.Commits, correlate.Commit{SHA: fmt.Sprint(sha), AuthoredAt: at(authored)})
			}
		}
		d.Changes = append(d.Changes, c)
		if rapid.IntRange(0, 3).Draw(t, "incident") == 0 {
			opened := minute + rapid.IntRange(0, 1439).Draw(t, "opened")
			d.Incidents = append(d.Incidents, incident(fmt.Sprintf("i%d", i), at(opened), at(opened+rapid.IntRange(1, 900).Draw(t, "lasted")), c.ID))
		}
	}
	finished := map[string]time.Time{}
	for _, c := range d.Changes {
		finished[c.ID] = c.FinishedAt
	}
	for i, c := range d.Changes {
		if !finished[c.RolledBackBy].After(c.FinishedAt) {
			d.Changes[i].RolledBackBy = "" // nothing is taken back before it is there
		}
	}
	return d
}

// TestWhatAFactTellsOfLaterIsNotKnownBefore: of two deployments, the first was rolled back and had an incident.
func TestWhatAFactTellsOfLaterIsNotKnownBefore(t *testing.T) {
	hurt, back := change("a", at(0)), change("b", at(60))
	hurt.RolledBackBy, hurt.Incidents, hurt.RecoveredAt = "b", []string{"i"}, at(60)
	hurt.Verdict = &correlate.Verdict{Outcome: correlate.Regressed, DecidedAt: at(30)}
	told := correlate.IncidentRecord{Incident: correlate.Incident{ID: "i", OpenedAt: at(20), ResolvedAt: at(90)}, AttributedTo: "a"}
	all := dora.Data{Changes: []correlate.ChangeRecord{hurt, back}, Incidents: []correlate.IncidentRecord{told}}
	for name, c := range map[string]struct {
		minute             int
		changes, incidents int
		failed, resolved   bool
		verdict, taken     bool
	}{
		"before anything":             {-1, 0, 0, false, false, false, false},
		"a deployment is complete":    {0, 1, 0, false, false, false, false},
		"an incident opens":           {20, 1, 1, true, false, false, false},
		"it is judged":                {30, 1, 1, true, false, true, false},
		"it is rolled back":           {60, 2, 1, true, false, true, true},
		"the incident is resolved":    {90, 2, 1, true, true, true, true},
		"nothing more happens at all": {9000, 2, 1, true, true, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			known := all.By(at(c.minute))
			require.Len(t, known.Changes, c.changes)
			require.Len(t, known.Incidents, c.incidents)
			for _, i := range known.Incidents {
				require.Equal(t, c.resolved, !i.ResolvedAt.IsZero())
			}
			if c.changes > 0 {
				first := known.Changes[0]
				require.Equal(t, c.failed, len(first.Incidents) > 0)
				require.Equal(t, c.verdict, first.Verdict != nil)
				require.Equal(t, c.taken, first.RolledBackBy == "b" && first.RecoveredAt.Equal(at(60)))
			}
		})
	}
	require.Equal(t, "b", all.Changes[0].RolledBackBy, "the data is as it was")
	require.Equal(t, []string{"i"}, all.Changes[0].Incidents)
}

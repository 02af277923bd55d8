package correlate_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

func TestWhatALaterReportOfAChangeCorrects(t *testing.T) {
	done := correlate.Change{ID: "c", Service: "s", StartedAt: at(0), FinishedAt: at(5), UpdatedAt: at(5)}
	change := func(edit func(*correlate.Change)) correlate.Change {
		c := done
		edit(&c)
		return c
	}
	said := func(minutes int, edit func(*correlate.Change)) correlate.Change {
		c := correlate.Change{ID: "c", Service: "s", StartedAt: at(0), UpdatedAt: at(minutes)}
		edit(&c)
		return c
	}
	for name, c := range map[string]struct {
		first, later correlate.Change
		want         func(*testing.T, correlate.Change)
	}{
		"an earlier finish": {done, change(func(c *correlate.Change) { c.FinishedAt, c.UpdatedAt = at(3), at(9) }),
			func(t *testing.T, c correlate.Change) { require.Equal(t, at(3), c.FinishedAt) }},
		"a later start": {done, change(func(c *correlate.Change) { c.StartedAt, c.UpdatedAt = at(2), at(9) }),
			func(t *testing.T, c correlate.Change) { require.Equal(t, at(2), c.StartedAt) }},
		"a finish before the start that was told": {change(func(c *correlate.Change) { c.StartedAt = at(4) }),
			correlate.Change{ID: "c", Service: "s", FinishedAt: at(3), UpdatedAt: at(9)},
			func(t *testing.T, c correlate.Change) {
				require.Equal(t, []time.Time{at(3), at(3)}, []time.Time{c.StartedAt, c.FinishedAt})
			}},
		"a failure that was none": {change(func(c *correlate.Change) { c.Status = correlate.StatusFailed }),
			change(func(c *correlate.Change) { c.Status, c.UpdatedAt = correlate.StatusSucceeded, at(9) }),
			func(t *testing.T, c correlate.Change) { require.Equal(t, correlate.StatusSucceeded, c.Status) }},
		"a failure, by a report that doesn't tell the status": {change(func(c *correlate.Change) { c.Status = correlate.StatusFailed }),
			change(func(c *correlate.Change) { c.FinishedAt, c.UpdatedAt = at(4), at(9) }),
			func(t *testing.T, c correlate.Change) {
				require.Equal(t, correlate.StatusFailed, c.Status)
				require.Equal(t, at(4), c.FinishedAt)
			}},
		"a success that was told too early": {done, said(9, func(c *correlate.Change) { c.Status = correlate.StatusStarted }),
			func(t *testing.T, c correlate.Change) {
				require.Equal(t, correlate.StatusStarted, c.Status)
				require.Zero(t, c.FinishedAt)
			}},
		"the end of what was under way, without a status": {said(1, func(c *correlate.Change) { c.Status = correlate.StatusStarted }), change(func(c *correlate.Change) { c.UpdatedAt = at(9) }),
			func(t *testing.T, c correlate.Change) {
				require.Equal(t, correlate.StatusSucceeded, c.Status)
				require.Equal(t, at(5), c.FinishedAt)
			}},
		"a kind back to what is implied": {change(func(c *correlate.Change) { c.Kind = correlate.KindRollback }),
			change(func(c *correlate.Change) { c.Kind, c.UpdatedAt = correlate.KindDeployment, at(9) }),
			func(t *testing.T, c correlate.Change) { require.Equal(t, correlate.KindDeployment, c.Kind) }},
		"an environment back to what is implied": {change(func(c *correlate.Change) { c.Environment = "staging" }),
			change(func(c *correlate.Change) { c.Environment, c.UpdatedAt = "production", at(9) }),
			func(t *testing.T, c correlate.Change) { require.Equal(t, "production", c.Environment) }},
		"not what it leaves out": {change(func(c *correlate.Change) { c.Kind, c.Environment = correlate.KindRollback, "staging" }),
			change(func(c *correlate.Change) { c.UpdatedAt = at(9) }),
			func(t *testing.T, c correlate.Change) {
				require.Equal(t, correlate.KindRollback, c.Kind)
				require.Equal(t, "staging", c.Environment)
			}},
		"nothing when it says not when it was changed": {done,
			correlate.Change{ID: "c", Service: "s", Status: correlate.StatusStarted, StartedAt: at(6)},
			func(t *testing.T, c correlate.Change) { require.Equal(t, correlate.StatusSucceeded, c.Status) }},
	} {
		t.Run(name, func(t *testing.T) {
			reports := []correlate.Change{c.first.WithDefaults(), c.later.WithDefaults()}
			for range 2 {
				var all []correlate.ChangeReport
				for i, r := range reports {
					all = correlate.AddChangeReport(all, correlate.ChangeReport{ReceivedAt: at(i), Said: r})
				}
				is := correlate.FoldChange(all)
				c.want(t, is)
				require.Empty(t, is.Implied)
				slices.Reverse(reports)
			}
		})
	}
}

func TestWhatALaterReportOfAnIncidentCorrects(t *testing.T) {
	resolved := correlate.Incident{ID: "i", Environment: "staging", OpenedAt: at(0), ResolvedAt: at(8), UpdatedAt: at(8)}
	incident := func(edit func(*correlate.Incident)) correlate.Incident {
		i := resolved
		edit(&i)
		return i
	}
	for name, c := range map[string]struct {
		first, later     correlate.Incident
		opened, resolved time.Time
		environment      string
	}{
		"an earlier resolution": {resolved, incident(func(i *correlate.Incident) { i.ResolvedAt, i.UpdatedAt = at(4), at(9) }), at(0), at(4), "staging"},
		"a later opening":       {resolved, incident(func(i *correlate.Incident) { i.OpenedAt, i.UpdatedAt = at(2), at(9) }), at(2), at(8), "staging"},
		"it is open again":      {resolved, incident(func(i *correlate.Incident) { i.ResolvedAt, i.UpdatedAt = time.Time{}, at(9) }), at(0), time.Time{}, "staging"},
		"it was open before": {
			incident(func(i *correlate.Incident) { i.ResolvedAt, i.UpdatedAt = time.Time{}, at(7) }), resolved, at(0), at(8), "staging"},
		"where it was": {resolved, incident(func(i *correlate.Incident) { i.Environment, i.UpdatedAt = "production", at(9) }), at(0), at(8), "production"},
		"not where, when it leaves that out": {
			resolved, incident(func(i *correlate.Incident) { i.Environment, i.UpdatedAt = "", at(9) }), at(0), at(8), "staging"},
		"a resolution told in the future": {
			incident(func(i *correlate.Incident) { i.ResolvedAt = at(90) }), incident(func(i *correlate.Incident) { i.UpdatedAt = at(9) }), at(0), at(8), "staging"},
		"nothing when it says not when it was changed": {
			resolved, correlate.Incident{ID: "i", OpenedAt: at(0)}, at(0), at(8), "staging"},
		"but then it opened after it was resolved": {
			incident(func(i *correlate.Incident) { i.UpdatedAt = time.Time{} }), correlate.Incident{ID: "i", OpenedAt: at(9)}, at(0), time.Time{}, "staging"},
	} {
		t.Run(name, func(t *testing.T) {
			reports := []correlate.Incident{c.first.WithDefaults(), c.later.WithDefaults()}
			for range 2 {
				var all []correlate.IncidentReport
				for n, r := range reports {
					all = correlate.AddIncidentReport(all, correlate.IncidentReport{ReceivedAt: at(n), Said: r})
				}
				is := correlate.FoldIncident(all)
				require.Equal(t, []any{c.opened, c.resolved, c.environment}, []any{is.OpenedAt, is.ResolvedAt, is.Environment})
				require.Empty(t, is.Implied)
				slices.Reverse(reports)
			}
		})
	}
}

// The latest dated report is right, whatever the others say and in whatever order they come.
func TestTheLatestReportIsRight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var reports []correlate.ChangeReport
		for n := range rapid.IntRange(0, 5).Draw(t, "reports") {
			c := drawChange(t, nil)
			c.UpdatedAt = rapid.SampledFrom([]time.Time{{}, at(n), at(n + 3)}).Draw(t, "updated")
			reports = append(reports, correlate.ChangeReport{ReceivedAt: at(n), Said: c.WithDefaults()})
		}
		right := drawChange(t, nil)
		right.Kind, right.Environment, right.Status = correlate.KindRollback, "staging", correlate.StatusFailed
		right.StartedAt, right.FinishedAt, right.UpdatedAt = at(3), at(4), at(100)
		reports = append(reports, correlate.ChangeReport{ReceivedAt: at(0), Said: right})
		var all []correlate.ChangeReport
		for _, r := range rapid.Permutation(reports).Draw(t, "order") {
			all = correlate.AddChangeReport(all, r)
		}
		is := correlate.FoldChange(all)
		require.Equal(t, []any{right.Kind, right.Environment, right.Status, right.StartedAt, right.FinishedAt},
			[]any{is.Kind, is.Environment, is.Status, is.StartedAt, is.FinishedAt})
	})
}

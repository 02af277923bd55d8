package host

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite"
	"github.com/shipwake/shipwake/sinks"
)

// clocked is a reader of a ledger whose clock is told the time.
func clocked(t interface {
	require.TestingT
	Cleanup(func())
	Context() context.Context
}, dir string, now *time.Time) reader {
	l, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir, Now: func() time.Time { return *now }})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	h := newHost(componenttest.NewNopTelemetrySettings(), *createDefaultConfig().(*Config), Options{})
	h.keepIn(l)
	return reader{h}
}

// known is what a naive reader of the effects knows: maps.
type known struct {
	changes   map[string]correlate.ChangeRecord
	incidents map[string]correlate.IncidentRecord
}

func (k known) with(effects []correlate.Effect) known {
	k = known{maps.Clone(k.changes), maps.Clone(k.incidents)}
	for _, e := range effects {
		switch {
		case e.Change != nil:
			k.changes[e.Change.ID] = *e.Change
		case e.Incident != nil:
			k.incidents[e.Incident.ID] = *e.Incident
		}
	}
	return k
}

func (k known) data() dora.Data {
	return dora.Data{Changes: slices.Collect(maps.Values(k.changes)), Incidents: slices.Collect(maps.Values(k.incidents))}
}

// drawEffects are some records of a week of two services, each drawn anew whenever it comes again.
func drawEffects(t *rapid.T) []correlate.Effect {
	id := func(prefix, label string) string { return prefix + fmt.Sprint(rapid.IntRange(0, 5).Draw(t, label)) }
	var effects []correlate.Effect
	for range rapid.IntRange(1, 4).Draw(t, "effects") {
		if rapid.IntRange(0, 2).Draw(t, "is an incident") == 0 {
			opened := rapid.IntRange(0, 7*24).Draw(t, "opened")
			e := broke(id("i", "incident"), "checkout", rapid.SampledFrom([]string{"", id("c", "cause")}).Draw(t, "cause"), float64(opened), float64(opened+3))
			effects = append(effects, e)
			continue
		}
		effects = append(effects, deployed(id("c", "change"), float64(rapid.IntRange(-24, 8*24).Draw(t, "hours")), func(c *correlate.ChangeRecord) {
			c.Service = rapid.SampledFrom([]string{"cart", "checkout"}).Draw(t, "service")
			c.Status = rapid.SampledFrom([]correlate.Status{correlate.StatusSucceeded, correlate.StatusFailed}).Draw(t, "status")
			c.Phase = rapid.SampledFrom([]correlate.Phase{correlate.PhaseObserving, correlate.PhaseClosed}).Draw(t, "phase")
			c.Redeploy = rapid.Bool().Draw(t, "redeploy")
			if rapid.Bool().Draw(t, "rolled back") {
				c.RolledBackBy = id("c", "by")
			}
			if rapid.Bool().Draw(t, "hotfix") {
				c.Labels = map[string]string{dora.LabelClass: dora.ClassHotfix}
			}
		}))
	}
	return effects
}

// A report as of an instant is the one that counting over the effects up to then gives, byte for byte.
func TestAsOfIsWhatWasKnownThen(t *testing.T) {
	places := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp(places, "as-of")
		require.NoError(t, err)
		now := lastWeek
		r := clocked(t, dir, &now)
		type moment struct {
			at time.Time
			known
		}
		moments := []moment{{now, known{map[string]correlate.ChangeRecord{}, map[string]correlate.IncidentRecord{}}}}
		for range rapid.IntRange(1, 8).Draw(t, "commits") {
			now = now.Add(time.Duration(rapid.IntRange(1, 30).Draw(t, "hours")) * time.Hour)
			effects := drawEffects(t)
			require.NoError(t, r.h.ledger.CommitEffects(t.Context(), effects, nil, 0))
			moments = append(moments, moment{now, moments[len(moments)-1].with(effects)})
		}
		for range 5 {
			i := rapid.IntRange(0, len(moments)-1).Draw(t, "moment")
			asOf := moments[i].at.Add(time.Duration(rapid.IntRange(0, 59).Draw(t, "minutes")) * time.Minute)
			q := week
			q.AsOf = asOf
			q.By, q.Policy = rapid.SampledFrom(dora.GroupBys()).Draw(t, "by"), rapid.SampledFrom(dora.Policies()).Draw(t, "policy")
			got, err := r.DORA(t.Context(), q)
			require.NoError(t, err)
			require.Equal(t, text(t, dora.Compute(q, moments[i].data(), asOf)), text(t, got))

			changes, err := r.Changes(t.Context(), sinks.ChangeQuery{AsOf: asOf})
			require.NoError(t, err)
			require.Len(t, changes, len(moments[i].changes))
			for _, c := range changes {
				require.Equal(t, text(t, moments[i].changes[c.ID]), text(t, c))
			}
		}
	})
}

func text(t require.TestingT, v any) string {
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

// Restatements compare what was published with what is known now, over the ledger.
func TestRestatements(t *testing.T) {
	monday := time.Date(1970, 1, 5, 0, 0, 0, 0, time.UTC)
	begin := time.Now().UTC().AddDate(0, 0, -28)
	begin = begin.Add(-begin.Sub(monday) % (7 * 24 * time.Hour))
	hour := func(h int) time.Time { return begin.Add(time.Duration(h) * time.Hour) }
	deploy := func(id string, h int, incidents ...string) correlate.Effect {
		return correlate.Effect{Change: &correlate.ChangeRecord{
			Change:    correlate.Change{ID: id, Service: "checkout", StartedAt: hour(h), FinishedAt: hour(h)}.WithDefaults(),
			Phase:     correlate.PhaseClosed,
			Incidents: incidents,
		}}
	}
	incident := func(id string, h int, cause string) correlate.Effect {
		return correlate.Effect{Incident: &correlate.IncidentRecord{
			Incident: correlate.Incident{ID: id, Service: "checkout", OpenedAt: hour(h), ResolvedAt: hour(h + 1)}.WithDefaults(), AttributedTo: cause,
		}}
	}
	now := begin
	r := clocked(t, t.TempDir(), &now)
	commit := func(h int, effects ...correlate.Effect) {
		now = hour(h)
		require.NoError(t, r.h.ledger.CommitEffects(t.Context(), effects, nil, 0))
	}
	commit(11, deploy("a", 10), deploy("b", 8))
	commit(12, incident("i", 11, "a"), deploy("a", 10, "i"))
	commit(7*24+20, deploy("next week", 7*24+19), incident("of next week", 7*24+20, ""))
	commit(10*24, incident("i", 11, "b"), deploy("a", 10), deploy("b", 8, "i"))
	commit(11*24, deploy("late", 30))
	commit(12*24, deploy("next week again", 12*24))
	q := dora.RestateQuery{From: begin, To: begin.AddDate(0, 0, 8), WindowDays: 7, Scope: dora.Scope{Service: "checkout"}}
	got, err := r.Restatements(t.Context(), q)
	require.NoError(t, err)
	require.Equal(t, 1, got.Compared)
	var words []string
	for _, s := range got.Restated {
		words = append(words, s.Text)
		require.Equal(t, begin.AddDate(0, 0, 8), s.PublishedAt)
	}
	require.Equal(t, []string{
		"7-day deployments of checkout 2 → 3: 1 change reported late",
		"7-day change fail rate of checkout 50 % (1 of 2) → 33.3 % (1 of 3): 1 change reported late",
		"7-day failed deployment recovery time of checkout 2h 0m (n 1) → 4h 0m (n 1): 1 incident relinked",
		"7-day deployment rework rate of checkout 0 % (0 of 2) → 0 % (0 of 3): 1 change reported late",
	}, words)
	require.Equal(t, hour(11*24), got.Restated[0].RestatedAt)
	require.Equal(t, hour(10*24), got.Restated[2].RestatedAt)

	day := dora.RestateQuery{From: begin, To: begin.AddDate(0, 0, 8), WindowDays: 1, Scope: dora.Scope{Service: "cart"}}
	got, err = r.Restatements(t.Context(), day)
	require.NoError(t, err)
	require.Equal(t, 8, got.Compared)
	require.Empty(t, got.Restated)
}

// TestAsOfBeforeTheHistoryGoesByTheTimesOfFacts: what was taken in today is known as of last week, as it stood then.
func TestAsOfBeforeTheHistoryGoesByTheTimesOfFacts(t *testing.T) {
	now := lastWeek
	r := clocked(t, t.TempDir(), &now)
	completed := lastWeek.Add(-48 * time.Hour)
	c := correlate.ChangeRecord{Change: correlate.Change{
		ID: "told-late", Service: "cart", Environment: "production", Kind: correlate.KindDeployment, Status: correlate.StatusSucceeded,
		StartedAt: completed, FinishedAt: completed,
	}, Phase: correlate.PhaseHistory, Incidents: []string{"PD-1"}}
	i := correlate.IncidentRecord{Incident: correlate.Incident{ID: "PD-1", OpenedAt: completed.Add(6 * time.Hour)}, AttributedTo: c.ID}
	require.NoError(t, r.h.ledger.CommitEffects(t.Context(), []correlate.Effect{{Change: &c}, {Incident: &i}}, nil, 0))
	for hours, want := range map[int][2]int{-1: {0, 0}, 1: {1, 0}, 7: {1, 1}} {
		q := dora.Query{From: completed.Add(-24 * time.Hour), To: lastWeek, AsOf: completed.Add(time.Duration(hours) * time.Hour)}
		got, err := r.DORA(t.Context(), q)
		require.NoError(t, err)
		require.Equal(t, want, [2]int{got.Total.Deployments, got.Total.OpenFailures}, "%d hours after it", hours)
		require.True(t, q.AsOf.Equal(got.AsOf))
	}
}

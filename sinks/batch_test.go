package sinks_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
)

func decided(id string, revision int, o correlate.Outcome) correlate.Effect {
	return correlate.Effect{Verdict: &correlate.Verdict{ChangeID: id, Service: "cart", Environment: "production", Version: "v2", Revision: revision, Outcome: o}}
}

func recorded(id, team string) correlate.Effect {
	return correlate.Effect{Change: &correlate.ChangeRecord{Change: correlate.Change{ID: id, Team: team}}}
}

func nothing(string) sinks.Past { return sinks.Past{} }

func TestABatchHasTheNewestOfEachKind(t *testing.T) {
	incident := func(id, title string) correlate.Effect {
		return correlate.Effect{Incident: &correlate.IncidentRecord{Incident: correlate.Incident{ID: id, Title: title}}}
	}
	regression := func(id, signal string) correlate.Effect {
		return correlate.Effect{Regression: &correlate.Regression{ID: id, Signal: signal}}
	}
	b := sinks.NewBatch([]correlate.Effect{
		recorded("a", "old"), decided("a", 1, correlate.Healthy), incident("1", "old"), regression("r", "old"), decided("b", 1, correlate.Healthy),
		incident("2", "other"), decided("a", 2, correlate.Regressed), recorded("a", "new"), incident("1", "new"), regression("r", "new"), {},
	}, nothing)
	require.Len(t, b.Decisions, 2)
	require.Equal(t, []string{"b", "a"}, []string{b.Decisions[0].Record.ID, b.Decisions[1].Record.ID}, "in the order of the last decision")
	a := b.Decisions[1]
	require.Equal(t, "new", a.Record.Team)
	require.Equal(t, 2, a.Verdict.Revision)
	require.Equal(t, &a.Verdict, a.Record.Verdict)
	require.Len(t, a.Prior, 1)
	require.Equal(t, correlate.Change{ID: "b", Service: "cart", Environment: "production", Version: "v2"}, b.Decisions[0].Record.Change,
		"what the verdict itself says")
	require.Equal(t, []string{"other", "new"}, []string{b.Incidents[0].Title, b.Incidents[1].Title})
	require.Len(t, b.Regressions, 1)
	require.Equal(t, "new", b.Regressions[0].Signal)
	require.Equal(t, sinks.Batch{}, sinks.NewBatch(nil, nothing))
}

func TestARegressionComesWithTheFaultsThatSuspectTheChange(t *testing.T) {
	fault := func(id, signal string, suspects ...string) correlate.Regression {
		r := correlate.Regression{ID: id, Signal: signal}
		for _, s := range suspects {
			r.Suspects = append(r.Suspects, correlate.Suspect{ChangeID: s})
		}
		return r
	}
	known := []correlate.Regression{fault("2", "old", "a"), fault("1", "old", "a", "b"), fault("0", "old", "a")}
	newer, cleared, other, first := fault("1", "newer", "a"), fault("0", "cleared", "b"), fault("4", "other", "b"), fault("3", "first", "a")
	for outcome, want := range map[correlate.Outcome][]correlate.Regression{
		correlate.Regressed: {first, newer, known[0]}, correlate.Healthy: nil,
	} {
		b := sinks.NewBatch([]correlate.Effect{
			recorded("a", "shop"), {Regression: &newer}, {Regression: &cleared}, {Regression: &other}, {Regression: &first}, decided("a", 1, outcome),
		}, func(string) sinks.Past { return sinks.Past{Faults: known} })
		require.Equal(t, want, b.Decisions[0].Faults)
	}
}

func TestBeforeIsTrueWhenItCannotBeKnown(t *testing.T) {
	regressed := func(v correlate.Verdict) bool { return v.Outcome == correlate.Regressed }
	for name, c := range map[string]struct {
		past sinks.Past
		want bool
	}{
		"nothing before":                 {sinks.Past{}, false},
		"it regressed before":            {sinks.Past{Prior: []correlate.Verdict{{Revision: 1, Outcome: correlate.Regressed}}}, true},
		"it was healthy before":          {sinks.Past{Prior: []correlate.Verdict{{Revision: 1, Outcome: correlate.Healthy}}}, false},
		"it can't be read":               {sinks.Past{Unknown: true}, true},
		"this revision is stored by now": {sinks.Past{Prior: []correlate.Verdict{{Revision: 2, Outcome: correlate.Regressed}}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := sinks.NewBatch([]correlate.Effect{decided("a", 2, correlate.Healthy)}, func(string) sinks.Past { return c.past })
			require.Equal(t, c.want, b.Decisions[0].Before(regressed))
		})
	}
}

// TestABatchDoesNotDependOnTransactions: however revisions are spread over transactions, the last decision of each change
// has all of those before it.
func TestABatchDoesNotDependOnTransactions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stored := map[string][]correlate.Verdict{}
		next := map[string]int{}
		for range rapid.IntRange(1, 6).Draw(t, "transactions") {
			var effects []correlate.Effect
			for range rapid.IntRange(0, 6).Draw(t, "effects") {
				id := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "id")
				next[id]++
				effects = append(effects, decided(id, next[id], correlate.Healthy))
			}
			asked := map[string]int{}
			b := sinks.NewBatch(effects, func(id string) sinks.Past {
				asked[id]++
				return sinks.Past{Prior: slices.Clone(stored[id])}
			})
			for _, e := range effects {
				stored[e.Verdict.ChangeID] = append(stored[e.Verdict.ChangeID], *e.Verdict)
			}
			for _, d := range b.Decisions {
				id := d.Verdict.ChangeID
				require.LessOrEqual(t, asked[id], 1)
				require.Equal(t, stored[id], append(slices.Clone(d.Prior), d.Verdict))
			}
		}
	})
}

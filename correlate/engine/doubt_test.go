package engine

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// TestAChangeToldDaysLateCastsDoubt: the conviction of a change can't stand when another one of the same service turns out
// to have come before the fault, and nothing is left to tell them apart.
func TestAChangeToldDaysLateCastsDoubt(t *testing.T) {
	convicted := func(t *testing.T) (*Engine, *outcome) {
		s := &script{t: t, e: New(DefaultConfig()), now: midnight.Unix()}
		s.run("serve shop 00:00-06:00 version=v1 rps=40\nserve shop 02:00-06:00 version=v2 rps=40 errors=0.2")
		s.run("until 02:00\nchange v2 shop 02:00 version=v2 finish=02:01\nuntil 06:00")
		o := newOutcome()
		o.Changes["v2"] = *s.e.change("v2").rec
		require.Equal(t, correlate.Regressed, o.Changes["v2"].Verdict.Outcome)
		require.True(t, o.Changes["v2"].Verdict.Final)
		return s.e, o
	}
	for name, c := range map[string]struct {
		start, received int64 // after midnight
		status          correlate.Status
		doubted         bool
	}{
		"began before the fault, told three days later": {2*3600 - 300, 3 * 24 * 3600, correlate.StatusSucceeded, true},
		"told nine days later":                          {2*3600 - 300, 9 * 24 * 3600, correlate.StatusSucceeded, false},
		"began long before":                             {1800, 3 * 24 * 3600, correlate.StatusSucceeded, false},
		"began after the fault":                         {2*3600 + 900, 3 * 24 * 3600, correlate.StatusSucceeded, false},
		"never reached anybody":                         {2*3600 - 300, 3 * 24 * 3600, correlate.StatusCancelled, false},
	} {
		t.Run(name, func(t *testing.T) {
			e, o := convicted(t)
			told := correlate.Change{
				ID: "told late", Service: "shop", Status: c.status, Kind: correlate.KindConfig,
				StartedAt: at(midnight.Unix() + c.start), FinishedAt: at(midnight.Unix() + c.start + 10), Source: "generic",
			}
			o.take(e.Apply(Input{Facts: []Fact{{Fact: correlate.Fact{Change: &told}, ReceivedAt: at(midnight.Unix() + c.received)}}}))
			v := e.change("v2").rec.Verdict
			if !c.doubted {
				require.Equal(t, correlate.Regressed, v.Outcome)
				return
			}
			require.Equal(t, []any{correlate.Inconclusive, correlate.ReasonConfounded}, []any{v.Outcome, v.Reason})
			require.Equal(t, []any{correlate.LateChange, "told late", v.Revision - 1}, []any{v.Reopened, v.ReopenedBy, v.Supersedes})
			require.NotEmpty(t, v.Evidence)
			require.Equal(t, correlate.PhaseHistory, o.Changes["told late"].Phase)
		})
	}
}

// TestConvictionsAreThoseOfTheirPlace: where a change was before it was told to be elsewhere, nothing is left of it.
func TestConvictionsAreThoseOfTheirPlace(t *testing.T) {
	onset := midnight
	convicted := correlate.Verdict{Outcome: correlate.Regressed, Reason: correlate.ReasonErrorRatio, Final: true, OnsetAt: &onset}
	e := New(DefaultConfig())
	told := func(id, service string) *change {
		e.Apply(Input{Facts: []Fact{{Fact: correlate.Fact{Change: &correlate.Change{
			ID: id, Service: service, Status: correlate.StatusSucceeded, FinishedAt: midnight, Source: "generic",
		}}, ReceivedAt: midnight}}})
		return e.change(id)
	}
	for _, id := range []string{"b", "a"} {
		c := told(id, "shop")
		c.course = []correlate.Verdict{convicted}
		e.convictions.note(c)
	}
	told("acquitted", "shop")
	shop, web := place{Service: "shop", Environment: "production"}, place{Service: "web", Environment: "production"}
	require.Equal(t, []*change{e.change("a"), e.change("b")}, e.convictions.of(shop))
	told("b", "web")
	require.Equal(t, []*change{e.change("a")}, e.convictions.of(shop))
	require.NotContains(t, e.convictions[shop], e.change("b"))
	e.convictions.drop(shop, e.change("a"))
	require.NotContains(t, e.convictions, shop)
	require.Equal(t, []*change{e.change("b")}, e.convictions.of(web))
}

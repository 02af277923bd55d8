package ledgertest

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
)

// problem is a delivery that nobody could map.
func problem(source, id, why string) correlate.Delivery {
	d := Delivery(source, id)
	d.Facts, d.Problem = nil, why
	return d
}

func heldFor(t require.TestingT, l ledger.Ledger, ctx contextual, source, release string, now time.Time) map[string]int64 {
	numbers, deliveries, err := l.HeldFor(ctx.Context(), source, release, now)
	require.NoError(t, err)
	require.Len(t, deliveries, len(numbers))
	found := make(map[string]int64, len(numbers))
	for i, d := range deliveries {
		require.Equal(t, source, d.Source)
		found[d.ID] = numbers[i]
	}
	return found
}

func held(t *testing.T, open Opener) {
	l, place := start(t, open)
	none := Delivery("github", "good")
	commit(t, l, problem("github", "a", "unmapped: a"), none, problem("gitlab", "b", "unmapped: b"), problem("github", "c", "future: c"))
	require.NoError(t, l.CommitEffects(t.Context(), nil, nil, 1))
	list, err := l.Held(t.Context(), 0)
	require.NoError(t, err)
	require.Len(t, list, 3, "newest first")
	c, a := list[0], list[2]
	require.Equal(t, correlate.Held{
		Number: a.Number, Source: "github", ID: "a", Event: "deployment_status", ContentType: "application/json",
		ReceivedAt: none.ReceivedAt, Bytes: int64(len(none.Raw[:0])) + 10, Problem: "unmapped: a", Release: a.Release,
	}, a)
	list, err = l.Held(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, []correlate.Held{c}, list)

	require.Equal(t, map[string]int64{"a": a.Number, "c": c.Number}, heldFor(t, l, t, "github", "next", epoch))
	numbers, deliveries, err := l.HeldFor(t.Context(), "gitlab", "next", epoch)
	require.NoError(t, err)
	want := problem("gitlab", "b", "unmapped: b")
	require.Equal(t, []correlate.Delivery{want}, deliveries, "as it came")
	require.Len(t, numbers, 1)

	facts := Delivery("github", "a").Facts
	due := epoch.Add(time.Hour)
	retries := []correlate.Retry{
		{Number: a.Number, Facts: facts},
		{Number: c.Number, Problem: "future: c, still", Due: due},
		{Number: a.Number, Facts: facts}, // twice, and one that nobody knows
		{Number: 4711, Facts: facts},
	}
	for _, want := range []int{1, 0} {
		released, err := l.Retried(t.Context(), "next", retries)
		require.NoError(t, err)
		require.Equal(t, want, released, "once")
	}
	require.NoError(t, l.Close())

	l = reopen(t, open, place)
	left, err := l.Unapplied(t.Context())
	require.NoError(t, err)
	require.Len(t, left, 1)
	require.Equal(t, a.Number, left[0].Delivery)
	require.Equal(t, a.ReceivedAt, left[0].ReceivedAt, "when it was received, not when it was released")
	require.Equal(t, facts[0], left[0].Fact)
	list, err = l.Held(t.Context(), 0)
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Equal(t, "future: c, still", list[0].Problem)
	require.Equal(t, due, list[0].Due)
	require.Equal(t, "next", list[0].Release)
	require.Empty(t, heldFor(t, l, t, "github", "next", due.Add(-time.Second)), "tried by this release")
	require.Equal(t, map[string]int64{"c": c.Number}, heldFor(t, l, t, "github", "next", due))
	require.Equal(t, map[string]int64{"c": c.Number}, heldFor(t, l, t, "github", "later", epoch))
	require.Empty(t, heldFor(t, l, t, "nobody", "later", epoch))
	receipt, _, err := l.CommitFacts(t.Context(), []correlate.Delivery{problem("github", "a", "unmapped: a")}, nil)
	require.NoError(t, err)
	require.Equal(t, correlate.Receipt{Duplicate: 1}, receipt)
}

func heldMany(t *testing.T, open Opener) {
	l, _ := start(t, open)
	var many []correlate.Delivery
	for n := range 1200 {
		many = append(many, problem("github", string(rune('a'+n%26))+time.Duration(n).String(), "unmapped"))
	}
	many[0].Raw, many[1].Raw = make([]byte, 9<<20), make([]byte, 9<<20)
	commit(t, l, many...)
	tried, rounds := 0, 0
	for {
		found := heldFor(t, l, t, "github", "next", epoch)
		if len(found) == 0 {
			break
		}
		var retries []correlate.Retry
		for _, number := range found {
			retries = append(retries, correlate.Retry{Number: number, Problem: "unmapped"})
		}
		_, err := l.Retried(t.Context(), "next", retries)
		require.NoError(t, err)
		tried += len(found)
		rounds++
	}
	require.Equal(t, len(many), tried, "each once")
	require.GreaterOrEqual(t, rounds, 4, "not all in memory at a time")
}

// holding is what the model knows of a delivery in quarantine.
type holding struct {
	source, id, release, problem string
	due                          time.Time
}

func (m *machine) hold(d correlate.Delivery) {
	m.held = append(m.held, holding{source: d.Source, id: d.ID, problem: d.Problem})
}

// retry parses again what a release hasn't tried.
func (m *machine) retry(t *rapid.T) {
	source, release, now := someService.Draw(t, "source"), rapid.SampledFrom([]string{"1", "2"}).Draw(t, "release"), someTime.Draw(t, "now")
	found := heldFor(t, m.l, t, source, release, now)
	var want []string
	for _, h := range m.held {
		if h.source == source && (h.release != release || !h.due.IsZero() && !h.due.After(now)) {
			want = append(want, h.id)
		}
	}
	require.Len(t, found, len(want))
	var retries []correlate.Retry
	var left []holding
	var told []correlate.Fact
	for _, h := range m.held {
		number, ok := found[h.id]
		if h.source != source || !ok {
			left = append(left, h)
			continue
		}
		r := correlate.Retry{Number: number}
		if rapid.Bool().Draw(t, "released") {
			r.Facts = rapid.SliceOfN(rapid.Custom(drawFact), 1, 2).Draw(t, "facts")
			told = append(told, r.Facts...)
		} else {
			r.Problem, r.Due = "still", maybeTime.Draw(t, "due")
			h.release, h.problem, h.due = release, r.Problem, r.Due
			left = append(left, h)
		}
		retries = append(retries, r)
	}
	before := m.facts
	m.tried(t, func() error {
		_, err := m.l.Retried(t.Context(), release, retries)
		return err
	})
	m.held = left
	all, err := m.l.Unapplied(t.Context())
	require.NoError(t, err)
	newest := int64(0)
	if len(before) > 0 {
		newest = before[len(before)-1].Seq
	}
	var added []ledger.Fact
	for _, f := range all {
		if f.Seq > newest {
			added = append(added, f)
		}
	}
	require.Len(t, added, len(told))
	for i, f := range added {
		require.Equal(t, told[i], f.Fact)
	}
	m.facts = append(m.facts, added...)
}

// listHeld compares what is held.
func (m *machine) listHeld(t *rapid.T) {
	list, err := m.l.Held(t.Context(), 0)
	require.NoError(t, err)
	var got []holding
	for _, h := range list {
		got = append(got, holding{h.Source, h.ID, h.Release, h.Problem, h.Due})
	}
	want := slices.Clone(m.held)
	for _, all := range [][]holding{got, want} {
		slices.SortFunc(all, func(a, b holding) int { return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.id, b.id)) })
	}
	require.Equal(t, len(want), len(got))
	for i := range want {
		require.Equal(t, want[i], got[i])
	}
}

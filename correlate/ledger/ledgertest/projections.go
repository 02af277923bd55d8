package ledgertest

import (
	"cmp"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
)

// problem is a delivery that nobody could map.
func problem(source, id, why string) correlate.Entry {
	e := Entry(source, id)
	e.Facts, e.Problem = nil, why
	return e
}

func stale(t require.TestingT, l ledger.Ledger, ctx contextual, source, digest string, now time.Time) map[string]ledger.Kept {
	found, err := l.Stale(ctx.Context(), source, digest, now)
	require.NoError(t, err)
	all := make(map[string]ledger.Kept, len(found))
	for _, k := range found {
		require.Equal(t, source, k.Source)
		all[k.ID] = k
	}
	require.Len(t, all, len(found), "each once")
	return all
}

func project(t *testing.T, l ledger.Ledger, readings ...ledger.Reading) ledger.Projected {
	t.Helper()
	done, err := l.Project(t.Context(), readings)
	require.NoError(t, err)
	return done
}

// version is a fact as another version of a parser reads it.
func version(id, version string) correlate.Fact {
	f := Entry("github", id).Facts[0]
	f.Change.Version = version
	return f
}

func reads(number int64, digest string, facts ...correlate.Fact) ledger.Reading {
	return ledger.Reading{Number: number, Projection: correlate.Projection{Digest: digest, Facts: facts}}
}

func holds(number int64, digest, problem string, due time.Time) ledger.Reading {
	return ledger.Reading{Number: number, Projection: correlate.Projection{Digest: digest, Problem: problem, Due: due}}
}

// row is what matters of a row of the log.
type row struct {
	delivery  int64
	retracted bool
	fact      correlate.Fact
}

func rowsOf(t *testing.T, l ledger.Ledger) []row {
	t.Helper()
	facts, err := l.Unapplied(t.Context(), 0)
	require.NoError(t, err)
	var all []row
	for _, f := range facts {
		all = append(all, row{f.Delivery, f.Retracted, f.Fact})
	}
	return all
}

func held(t *testing.T, open Opener) {
	l, place := start(t, open)
	good := Entry("github", "good")
	future := problem("github", "c", "future: c")
	future.Due = epoch.Add(time.Hour)
	commit(t, l, problem("github", "a", "unmapped: a"), good, problem("gitlab", "b", "unmapped: b"), future)
	require.NoError(t, l.CommitEffects(t.Context(), nil, nil, 1))
	list, err := l.Held(t.Context(), 0)
	require.NoError(t, err)
	require.Len(t, list, 3, "newest first")
	c, a := list[0], list[2]
	require.Equal(t, correlate.Held{
		Number: a.Number, Source: "github", ID: "a", Event: "deployment_status", ContentType: "application/json",
		ReceivedAt: good.ReceivedAt, Bytes: 10, Problem: "unmapped: a", Digest: "1",
	}, a)
	require.Equal(t, future.Due, c.Due)
	list, err = l.Held(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, []correlate.Held{c}, list)

	require.Empty(t, stale(t, l, t, "github", "1", future.Due.Add(-time.Second)), "all are read by this version")
	require.Equal(t, []string{"c"}, slices.Collect(maps.Keys(stale(t, l, t, "github", "1", future.Due))), "its time has come")
	require.Len(t, stale(t, l, t, "github", "2", epoch), 3)
	require.Equal(t, map[string]ledger.Kept{"b": {Number: list[0].Number - 1, Raw: problem("gitlab", "b", "").Raw}},
		stale(t, l, t, "gitlab", "2", epoch), "as it came")
	require.Empty(t, stale(t, l, t, "nobody", "2", epoch))

	requireNextDue(t, l, epoch, future.Due)
	requireNextDue(t, l, future.Due, time.Time{})

	due := epoch.Add(2 * time.Hour)
	readings := []ledger.Reading{
		reads(a.Number, "2", version("a", "1.4.2")),
		holds(c.Number, "2", "future: c, still", due),
		reads(a.Number, "2", version("a", "1.4.2")), // twice, and one that nobody knows
		reads(4711, "2", version("a", "1.4.2")),
	}
	require.Equal(t, ledger.Projected{Stored: 3, Released: 1}, project(t, l, readings...))
	require.Equal(t, ledger.Projected{Stored: 3}, project(t, l, readings...), "released once")
	require.NoError(t, l.Close())

	l = reopen(t, open, place)
	left, err := l.Unapplied(t.Context(), 0)
	require.NoError(t, err)
	require.Equal(t, []row{{a.Number, false, version("a", "1.4.2")}}, rowsOf(t, l))
	require.Equal(t, a.ReceivedAt, left[0].ReceivedAt, "when it was received, not when it was released")
	list, err = l.Held(t.Context(), 0)
	require.NoError(t, err)
	require.Len(t, list, 2)
	c.Problem, c.Digest, c.Due = "future: c, still", "2", due
	require.Equal(t, c, list[0])
	requireNextDue(t, l, epoch, due)
	receipt, _, err := l.Append(t.Context(), []correlate.Entry{problem("github", "a", "unmapped: a")}, nil)
	require.NoError(t, err)
	require.Equal(t, correlate.Receipt{Duplicate: 1}, receipt)
}

func requireNextDue(t *testing.T, l ledger.Ledger, after, want time.Time) {
	t.Helper()
	next, err := l.NextDue(t.Context(), after)
	require.NoError(t, err)
	require.Equal(t, want, next)
}

func staleMany(t *testing.T, open Opener) {
	l, _ := start(t, open)
	var many []correlate.Entry
	for n := range 1200 {
		many = append(many, Entry("github", time.Duration(n).String()))
	}
	many[0].Body, many[1].Body = make([]byte, 9<<20), make([]byte, 9<<20)
	commit(t, l, many...)
	read, rounds := 0, 0
	for {
		found := stale(t, l, t, "github", "2", epoch)
		if len(found) == 0 {
			break
		}
		var readings []ledger.Reading
		for id, k := range found {
			readings = append(readings, reads(k.Number, "2", version(id, "1.4.2")))
		}
		require.Equal(t, ledger.Projected{Stored: len(found)}, project(t, l, readings...))
		read += len(found)
		rounds++
	}
	require.Equal(t, len(many), read, "each once")
	require.GreaterOrEqual(t, rounds, 4, "not all in memory at a time")
}

func readAgain(t *testing.T, open Opener) {
	l, place := start(t, open)
	two := Entry("github", "a")
	two.Facts = append(two.Facts, version("b", "1"))
	number := commit(t, l, two)[0].Delivery
	a, b := two.Facts[0], two.Facts[1]
	corrected := version("a", "2")

	require.Equal(t, ledger.Projected{Stored: 1, Retracted: 1}, project(t, l, reads(number, "2", b, corrected)))
	require.NoError(t, l.Close())
	l = reopen(t, open, place)
	log := []row{{number, false, a}, {number, false, b}, {number, false, corrected}, {number, true, a}}
	require.Equal(t, log, rowsOf(t, l), "what replaces a fact comes before its retraction")

	require.Equal(t, ledger.Projected{Stored: 1, Retracted: 2}, project(t, l, holds(number, "3", "unmapped", time.Time{})))
	require.Equal(t, ledger.Projected{Stored: 1, Released: 1}, project(t, l, reads(number, "4", a)), "what was retracted can be stated again")
	log = append(log, row{number, true, b}, row{number, true, corrected}, row{number, false, a})
	require.Equal(t, log, rowsOf(t, l))
	left, err := l.Unapplied(t.Context(), 4)
	require.NoError(t, err)
	require.Len(t, left, 4)
	require.True(t, left[3].Retracted)
	require.Equal(t, two.ReceivedAt, left[3].ReceivedAt)
	require.NoError(t, l.CommitEffects(t.Context(), nil, nil, left[3].Seq))
	require.Equal(t, log[4:], rowsOf(t, l), "a retraction is applied like a fact")
}

func statedTwice(t *testing.T, open Opener) {
	l, _ := start(t, open)
	hook, pull := Entry("github", "hook"), Entry("github", "pull")
	hook.Facts, pull.Facts = []correlate.Fact{version("a", "1")}, []correlate.Fact{version("a", "1")}
	facts := commit(t, l, hook, pull)
	h, p := facts[0].Delivery, facts[1].Delivery
	log := rowsOf(t, l)

	require.Equal(t, ledger.Projected{Stored: 1}, project(t, l, reads(h, "2")), "the other states it")
	require.Equal(t, log, rowsOf(t, l))
	require.Equal(t, ledger.Projected{Stored: 1, Retracted: 1}, project(t, l, reads(p, "2")))
	require.Equal(t, append(log, row{p, true, version("a", "1")}), rowsOf(t, l), "once")
}

func readTheSame(t *testing.T, open Opener) {
	l, _ := start(t, open)
	ping := Entry("github", "ping")
	ping.Facts = nil
	twice := Entry("github", "twice")
	twice.Facts = append(twice.Facts, version("twice", "1.4.2"))
	number := commit(t, l, ping, twice)[0].Delivery
	log := rowsOf(t, l)
	require.Equal(t, ledger.Projected{Stored: 2}, project(t, l, reads(number, "2", version("twice", "1.4.2")), reads(number-1, "2")))
	require.Equal(t, log, rowsOf(t, l))
	require.Empty(t, stale(t, l, t, "github", "2", epoch))
	require.Equal(t, ledger.Projected{}, project(t, l))
}

// kept is what the model knows of a delivery: what was given, its current projection, and the facts that it states.
type kept struct {
	correlate.Entry
	states []string // the facts in words, each once, in the order of the log
}

// texts are facts in words, in which they can be compared.
func texts(t *rapid.T, facts []correlate.Fact) []string {
	var all []string
	for _, f := range facts {
		if one := text(t, f); !slices.Contains(all, one) {
			all = append(all, one)
		}
	}
	return all
}

// known are the model's deliveries in the order in which the ledger goes through them.
func (m *machine) known() []*kept {
	return slices.SortedFunc(maps.Values(m.deliveries), func(a, b *kept) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.ID, b.ID))
	})
}

// nextDue is when the first delivery is due after an instant.
func (m *machine) nextDue(after time.Time) (next time.Time) {
	for _, k := range m.deliveries {
		if k.Due.After(after) && (next.IsZero() || k.Due.Before(next)) {
			next = k.Due
		}
	}
	return next
}

// project reads again what is stale for a version. The facts are some that were stated somewhere, and new ones.
func (m *machine) project(t *rapid.T) {
	source, digest, now := someService.Draw(t, "source"), someDigest.Draw(t, "digest"), someTime.Draw(t, "now")
	found := stale(t, m.l, t, source, digest, now)
	choice := []*rapid.Generator[correlate.Fact]{rapid.Custom(drawFact)}
	for _, k := range m.known() {
		if len(k.Facts) > 0 {
			choice = append(choice, rapid.SampledFrom(k.Facts))
		}
	}
	next, err := m.l.NextDue(t.Context(), now)
	require.NoError(t, err)
	require.Equal(t, m.nextDue(now), next)
	var readings []ledger.Reading
	var of []*kept
	for _, k := range m.known() {
		want := k.Source == source && (k.Digest != digest || !k.Due.IsZero() && !k.Due.After(now))
		got, ok := found[k.ID]
		require.Equal(t, want, ok && k.Source == source)
		if want && rapid.IntRange(0, 3).Draw(t, "left for later") > 0 {
			requireAsGiven(t, k.Raw, got.Raw)
			readings = append(readings, ledger.Reading{Number: got.Number, Projection: drawProjection(t, digest, rapid.OneOf(choice...))})
			of = append(of, k)
		}
	}
	var done ledger.Projected
	m.tried(t, func() (err error) {
		done, err = m.l.Project(t.Context(), readings)
		return err
	})
	want := ledger.Projected{Stored: len(readings)}
	var rows []row
	for i, r := range readings {
		if of[i].Problem != "" && r.Problem == "" {
			want.Released++
		}
		added, retracted := m.reread(t, of[i], r.Projection)
		want.Retracted += len(retracted)
		for _, f := range added {
			rows = append(rows, row{r.Number, false, f})
		}
		for _, f := range retracted {
			rows = append(rows, row{r.Number, true, f})
		}
	}
	require.Equal(t, want, done)
	m.followed(t, rows)
}

// reread replaces the projection of one delivery in the model, and returns what that adds to the log.
func (m *machine) reread(t *rapid.T, k *kept, p correlate.Projection) (added, retracted []correlate.Fact) {
	before, after := k.states, texts(t, p.Facts)
	all := slices.Concat(k.Facts, p.Facts)
	k.Projection = p
	k.states = slices.DeleteFunc(slices.Clone(before), func(one string) bool { return !slices.Contains(after, one) })
	for _, one := range after {
		if !slices.Contains(before, one) {
			k.states = append(k.states, one)
			added = append(added, factOf(t, all, one))
		}
	}
	for _, one := range before {
		stated := func(o *kept) bool { return slices.Contains(o.states, one) }
		if !slices.ContainsFunc(m.known(), stated) {
			retracted = append(retracted, factOf(t, all, one))
		}
	}
	return added, retracted
}

func factOf(t *rapid.T, facts []correlate.Fact, words string) correlate.Fact {
	i := slices.IndexFunc(facts, func(f correlate.Fact) bool { return text(t, f) == words })
	require.GreaterOrEqual(t, i, 0)
	return facts[i]
}

// followed reads the rows after those that the model knows.
func (m *machine) followed(t *rapid.T, want []row) {
	all, err := m.l.Unapplied(t.Context(), 0)
	require.NoError(t, err)
	newest := m.applied
	if n := len(m.facts); n > 0 {
		newest = max(newest, m.facts[n-1].Seq)
	}
	var got []row
	for _, f := range all {
		if f.Seq > newest {
			got = append(got, row{f.Delivery, f.Retracted, f.Fact})
			m.facts = append(m.facts, f)
		}
	}
	require.Equal(t, want, got)
}

// requireAsGiven: a delivery comes back as it was given; an empty body may have become one of no bytes.
func requireAsGiven(t *rapid.T, want, got correlate.Raw) {
	require.Equal(t, string(want.Body), string(got.Body))
	want.Body, got.Body = nil, nil
	require.Equal(t, want, got)
}

// holding is what the model compares of a delivery in quarantine.
type holding struct {
	source, id, digest, problem string
	due                         time.Time
}

// listHeld compares what is held.
func (m *machine) listHeld(t *rapid.T) {
	list, err := m.l.Held(t.Context(), 0)
	require.NoError(t, err)
	var got, want []holding
	for _, h := range list {
		got = append(got, holding{h.Source, h.ID, h.Digest, h.Problem, h.Due})
	}
	slices.SortFunc(got, func(a, b holding) int { return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.id, b.id)) })
	for _, k := range m.known() {
		if k.Problem != "" {
			want = append(want, holding{k.Source, k.ID, k.Digest, k.Problem, k.Due})
		}
	}
	require.Equal(t, want, got)
}

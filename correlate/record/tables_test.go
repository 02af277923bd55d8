package record

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// from is a change that a source reports: its id, its source, its start in seconds after noon, and the rest.
func from(id, source string, start int64, opt func(*correlate.Change)) correlate.Fact {
	return shipped(id, "shop", start, func(c *correlate.Change) {
		c.Source = source
		if opt != nil {
			opt(c)
		}
	})
}

func both(opts ...func(*correlate.Change)) func(*correlate.Change) {
	return func(c *correlate.Change) {
		for _, opt := range opts {
			opt(c)
		}
	}
}

func took(seconds int64) func(*correlate.Change) {
	return func(c *correlate.Change) { c.FinishedAt = c.StartedAt.Add(time.Duration(seconds) * time.Second) }
}

func begun(c *correlate.Change)                     { c.Status, c.FinishedAt = correlate.StatusStarted, time.Time{} }
func failed(c *correlate.Change)                    { c.Status = correlate.StatusFailed }
func kind(k correlate.Kind) func(*correlate.Change) { return func(c *correlate.Change) { c.Kind = k } }
func commit(sha string) func(*correlate.Change)     { return func(c *correlate.Change) { c.Commit = sha } }
func previous(v string) func(*correlate.Change) {
	return func(c *correlate.Change) { c.PreviousVersion = v }
}
func environment(e string) func(*correlate.Change) {
	return func(c *correlate.Change) { c.Environment = e }
}

// groups are the ids of each rollout, the one it goes by first.
func groups(b *Book) map[string]string {
	all := map[string]string{}
	for id, c := range b.changes {
		if c.Record.MergedInto == "" {
			all[id] = strings.Join(c.Record.MergedFrom, " ")
		}
	}
	return all
}

func TestWhichReportsAreOneRollout(t *testing.T) {
	seen := func(id string, start int64, v string) correlate.Fact {
		return from(id, SourceTelemetry, start, both(version(v), begun))
	}
	for name, c := range map[string]struct {
		facts []correlate.Fact
		want  map[string]string
	}{
		"two sources tell the same version a minute apart": {
			[]correlate.Fact{from("a", "x", 0, version("1")), from("b", "y", 60, version("1"))}, map[string]string{"a": "b"}},
		"it goes by whoever began first, not by who was heard first": {
			[]correlate.Fact{from("a", "x", 60, version("1")), from("b", "y", 0, version("1"))}, map[string]string{"b": "a"}},
		"one source doesn't tell a rollout under two ids": {
			[]correlate.Fact{from("a", "x", 0, version("1")), from("b", "x", 60, version("1"))}, map[string]string{"a": "", "b": ""}},
		"another version": {
			[]correlate.Fact{from("a", "x", 0, version("1")), from("b", "y", 60, version("2"))}, map[string]string{"a": "", "b": ""}},
		"a version with and without v": {
			[]correlate.Fact{from("a", "x", 0, version("v1.2")), from("b", "y", 60, version("1.2"))}, map[string]string{"a": "b"}},
		"a version that is the commit of the other": {
			[]correlate.Fact{from("a", "x", 0, version("0123456")), from("b", "y", 60, commit("0123456789abcdef"))}, map[string]string{"a": "b"}},
		"a name, and within two minutes a commit": {
			[]correlate.Fact{from("a", "x", 0, version("v2")), from("b", "y", 48, both(version(one), commit(one)))}, map[string]string{"a": "b"}},
		"a name, and while it is rolled out a commit": {
			[]correlate.Fact{from("a", "x", 0, both(version("v2"), took(900))), from("b", "y", 600, both(version(one), commit(one)))}, map[string]string{"a": "b"}},
		"a name, and minutes later a commit": {
			[]correlate.Fact{from("a", "x", 0, version("v2")), from("b", "y", 121, both(version(one), commit(one)))}, map[string]string{"a": "", "b": ""}},
		"a name with its commit, and another commit": {
			[]correlate.Fact{from("a", "x", 0, both(version("v2"), commit(other))), from("b", "y", 48, both(version(one), commit(one)))}, map[string]string{"a": "", "b": ""}},
		"a name that holds another commit": {
			[]correlate.Fact{from("a", "x", 0, version("main-"+other[:7])), from("b", "y", 48, both(version(one), commit(one)))}, map[string]string{"a": "", "b": ""}},
		"a name and a commit, of one source": {
			[]correlate.Fact{from("a", "x", 0, version("v2")), from("b", "x", 48, both(version(one), commit(one)))}, map[string]string{"a": "", "b": ""}},
		"two names and one commit: the nearer is it": {
			[]correlate.Fact{from("a", "x", 0, version("v2")), from("b", "x", 90, version("v3")), from("c", "y", 100, both(version(one), commit(one)))},
			map[string]string{"a": "", "b": "c"}},
		"one doesn't say which version": {
			[]correlate.Fact{from("a", "x", 0, version("1")), from("b", "y", 60, nil)}, map[string]string{"a": "b"}},
		"ten minutes apart": {
			[]correlate.Fact{from("a", "x", 0, version("1")), from("b", "y", 600, version("1"))}, map[string]string{"a": "b"}},
		"more than ten minutes apart": {
			[]correlate.Fact{from("a", "x", 0, version("1")), from("b", "y", 601, version("1"))}, map[string]string{"a": "", "b": ""}},
		"reported while a long rollout is under way": {
			[]correlate.Fact{from("a", "x", 0, both(version("1"), took(7200))), from("b", "y", 3600, version("1"))}, map[string]string{"a": "b"}},
		"reported days after a rollout that never ends began": {
			[]correlate.Fact{from("a", "x", 0, both(version("1"), took(10*24*3600))), from("b", "y", 5*24*3600, version("1"))},
			map[string]string{"a": "", "b": ""}},
		"in another environment": {
			[]correlate.Fact{from("a", "x", 0, version("1")), from("b", "y", 60, both(version("1"), environment("staging")))},
			map[string]string{"a": "", "b": ""}},
		"a flag is no rollout": {
			[]correlate.Fact{from("a", "x", 0, nil), from("b", "y", 0, kind(correlate.KindFeatureFlag))}, map[string]string{"a": "", "b": ""}},
		"nobody knows who reported it": {
			[]correlate.Fact{from("a", "x", 0, nil), from("b", "", 0, nil)}, map[string]string{"a": "", "b": ""}},
		"the nearest are put together first": {
			[]correlate.Fact{from("a", "x", 0, nil), from("b", "y", 50, nil), from("c", "x", 60, nil)}, map[string]string{"a": "", "b": "c"}},
		"three sources": {
			[]correlate.Fact{from("a", "x", 0, nil), from("b", "y", 20, nil), from("c", "z", 40, nil)}, map[string]string{"a": "b c"}},
		"two that know the version are not joined by one that doesn't": {
			[]correlate.Fact{from("a", "x", 0, version("1")), from("b", "y", 10, nil), from("c", "z", 30, version("2"))},
			map[string]string{"a": "b", "c": ""}},
		"telemetry sees the version that was reported": {
			[]correlate.Fact{from("a", "x", 0, version("1")), seen("t", 300, "1")}, map[string]string{"a": "t"}},
		"telemetry sees it long before": {
			[]correlate.Fact{from("a", "x", 3000, version("1")), seen("t", 0, "1")}, map[string]string{"a": "", "t": ""}},
		"telemetry sees another version while something is rolled out": {
			[]correlate.Fact{from("a", "x", 0, both(version("1"), took(300))), seen("t", 100, "abc")}, map[string]string{"a": "t"}},
		"what telemetry sees belongs to the nearest report": {
			[]correlate.Fact{from("a", "x", 0, version("1")), from("b", "x", 200, version("1")), seen("t", 210, "1")},
			map[string]string{"a": "", "b": "t"}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, groups(settled(c.facts...))) })
	}
}

func TestWhereMoreHappensThanTimeTellsApartEachStandsAlone(t *testing.T) {
	dense := func(n int) *Book {
		b := newBook(config, limits{group: 3, chain: 100, line: 32})
		for i := range n {
			b.Report(from(string(rune('a'+i)), "x", int64(i*10), nil), noon)
		}
		b.Report(from("other", "y", 5, nil), noon)
		b.Settle(0)
		return b
	}
	require.Equal(t, "a", dense(2).Change("other").Record.MergedInto)
	b := dense(3)
	require.Empty(t, b.Change("other").Record.MergedInto, "it is the fourth of ten minutes")
	b.Retract(from("c", "x", 20, nil))
	b.Settle(0)
	require.Equal(t, "a", b.Change("other").Record.MergedInto, "one less, and they can be told apart")

	b = newBook(config, limits{group: 100, chain: 3, line: 32})
	for i, source := range []string{"x", "y", "x", "y"} {
		b.Report(from(string(rune('a'+i)), source, int64(i*500), nil), noon)
		b.Settle(0)
		require.Equal(t, []string{"", "a", "a", ""}[i], b.Change("b").record().MergedInto, "%d", i)
	}
}

// TestARolloutGoesByItsName: of a name and a commit telemetry may show either.
func TestARolloutGoesByItsName(t *testing.T) {
	b := settled(from("a", "x", 0, version("v2")), from("b", "y", 48, both(version(one), commit(one))))
	r := b.Change("a").Record
	require.Equal(t, []string{"v2", one}, []string{r.Version, r.Commit})
	require.Equal(t, one, b.Change("b").Record.Version, "what each said stays")
}

// record is what is known of a change; nothing of one that isn't known.
func (c *Change) record() correlate.ChangeRecord {
	if c == nil {
		return correlate.ChangeRecord{}
	}
	return c.Record
}

// digest is that of an image.
func digest(letter string) func(*correlate.Change) {
	return func(c *correlate.Change) { c.Digest = "sha256:" + strings.Repeat(letter, 64) }
}

// one and other are two commits.
const one, other = "8c1f2a0de2b44d2c5b1f0a9e7d6c5b4a39281706", "b0a9e7dde2b44d2c5b1f0a9e7d6c5b4a39281706"

func TestWhatChangesMeanToOneAnother(t *testing.T) {
	for name, c := range map[string]struct {
		facts []correlate.Fact
		want  string // of each change, in order: R for rollback, = for redeploy, the id of who took it back
	}{
		"versions follow one another": {
			[]correlate.Fact{from("a", "x", 0, version("1")), from("b", "x", 1, version("2"))}, "a: b:"},
		"a version comes back": {
			[]correlate.Fact{from("a", "x", 0, version("1")), from("b", "x", 1, version("2")), from("c", "x", 2, version("1"))}, "a: b:c c:R"},
		"a version comes back past several": {
			[]correlate.Fact{from("a", "x", 0, version("1")), from("b", "x", 1, version("2")), from("c", "x", 2, version("3")), from("d", "x", 3, version("1"))},
			"a: b:d c:d d:R"},
		"the same version again": {
			[]correlate.Fact{from("a", "x", 0, version("1")), from("b", "x", 1, version("1"))}, "a: b:="},
		"what failed was never live": {
			[]correlate.Fact{from("a", "x", 0, version("1")), from("b", "x", 1, both(version("2"), failed)), from("c", "x", 2, version("1"))}, "a: b: c:="},
		"said to be a rollback, to a version never seen": {
			[]correlate.Fact{from("a", "x", 0, version("1")), from("b", "x", 1, version("2")), from("c", "x", 2, both(version("0"), kind(correlate.KindRollback)))},
			"a: b:c c:R"},
		"the first change says what was before it": {
			[]correlate.Fact{from("a", "x", 0, both(version("2"), previous("1"))), from("b", "x", 1, version("1"))}, "a:b b:R"},
		"taken back, and forward again": {
			[]correlate.Fact{from("a", "x", 0, version("1")), from("b", "x", 1, version("2")), from("c", "x", 2, version("1")), from("d", "x", 3, version("2"))},
			"a: b:c c:R d:"},
		"a flag is no version": {
			[]correlate.Fact{from("a", "x", 0, version("1")), from("b", "x", 1, both(version("2"), kind(correlate.KindFeatureFlag))), from("c", "x", 2, version("1"))},
			"a: b: c:="},
		"another commit under the same label": {
			[]correlate.Fact{from("a", "x", 0, both(version("2.0"), commit(one))), from("b", "x", 1, both(version("2.0"), commit(other))), from("c", "x", 2, both(version("2.0"), commit(one)))},
			"a: b:c c:R"},
		"the same commit under the same label": {
			[]correlate.Fact{from("a", "x", 0, both(version("latest"), commit(one))), from("b", "x", 1, both(version("latest"), commit(one[:9])))}, "a: b:="},
		"a commit that comes back abbreviated": {
			[]correlate.Fact{from("a", "x", 0, both(version(one), commit(one))), from("b", "x", 1, both(version(other), commit(other))), from("c", "x", 2, both(version(one[:7]), commit(one[:7])))},
			"a: b:c c:R"},
		"a version that comes back without its v": {
			[]correlate.Fact{from("a", "x", 0, version("v1")), from("b", "x", 1, version("v2")), from("c", "x", 2, version("1"))}, "a: b:c c:R"},
		"a commit, and the tag of an image of it": {
			[]correlate.Fact{from("a", "x", 0, version(one)), from("b", "x", 1, version("sha-"+one[:7]))}, "a: b:="},
		"another image under the same tag": {
			[]correlate.Fact{from("a", "x", 0, both(version("latest"), digest("a"))), from("b", "x", 1, both(version("latest"), digest("b"))), from("c", "x", 2, both(version("latest"), digest("a")))},
			"a: b:c c:R"},
		"the same image under another tag": {
			[]correlate.Fact{from("a", "x", 0, both(version("v2"), digest("a"))), from("b", "x", 1, both(version("stable"), digest("a")))}, "a: b:="},
		"versions that nobody tells are no redeploys": {
			[]correlate.Fact{from("a", "x", 0, nil), from("b", "x", 1, nil)}, "a: b:"},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for c := range settled(c.facts...).At(correlate.Place{Service: "shop", Environment: "production"}) {
				part := c.Record.ID + ":" + c.Record.RolledBackBy
				if c.Record.Rollback {
					part += "R"
				}
				if c.Record.Redeploy {
					part += "="
				}
				got = append(got, part)
			}
			require.Equal(t, c.want, strings.Join(got, " "))
		})
	}
}

func TestWhomAnIncidentIsHeldAgainst(t *testing.T) {
	a, b := from("a", "x", 0, version("1")), from("b", "x", 600, version("2"))
	for name, c := range map[string]struct {
		facts    []correlate.Fact
		opened   int64
		causedBy string
		want     string
		inferred bool
	}{
		"the last change before it":           {[]correlate.Fact{a, b}, 700, "", "b", true},
		"at the instant it was complete":      {[]correlate.Fact{a, b}, 600, "", "b", true},
		"not one that came later":             {[]correlate.Fact{a, b}, 599, "", "a", true},
		"not one so long ago":                 {[]correlate.Fact{a}, 3*3600 + 1, "", "", false},
		"as long ago as may be":               {[]correlate.Fact{a}, 3 * 3600, "", "a", true},
		"the one it names":                    {[]correlate.Fact{a, b}, 700, "a", "a", false},
		"one that nobody reported":            {[]correlate.Fact{a, b}, 700, "elsewhere", "elsewhere", false},
		"none, as somebody says":              {[]correlate.Fact{a, b}, 700, correlate.CausedByNone, "", false},
		"not one that failed":                 {[]correlate.Fact{a, from("b", "x", 600, failed)}, 700, "", "a", true},
		"not the rollback":                    {[]correlate.Fact{a, b, from("c", "x", 650, version("1"))}, 700, "", "b", true},
		"a change that is under way":          {[]correlate.Fact{a, from("b", "x", 600, begun)}, 700, "", "b", true},
		"not one that was given up":           {[]correlate.Fact{a, from("b", "x", 600, begun)}, 600 + 2400, "", "a", true},
		"a rollout that is complete later":    {[]correlate.Fact{a, from("b", "x", 600, took(2400))}, 1300, "", "b", true},
		"before that rollout began":           {[]correlate.Fact{a, from("b", "x", 600, took(2400))}, 599, "", "a", true},
		"the instant at which it begins":      {[]correlate.Fact{a, from("b", "x", 600, took(2400))}, 600, "", "b", true},
		"a rollout that fails in the end":     {[]correlate.Fact{a, from("b", "x", 600, both(took(1200), failed))}, 1300, "", "", false},
		"the instant at which it fails":       {[]correlate.Fact{a, from("b", "x", 600, both(took(1200), failed))}, 1800, "", "", false},
		"after a rollout has failed":          {[]correlate.Fact{a, from("b", "x", 600, both(took(1200), failed))}, 1801, "", "a", true},
		"a cancelled rollout":                 {[]correlate.Fact{a, from("b", "x", 600, both(took(1200), status(correlate.StatusCancelled)))}, 1300, "", "", false},
		"a rollback that is under way":        {[]correlate.Fact{a, b, from("c", "x", 650, both(version("1"), took(600)))}, 700, "", "b", true},
		"of two rollouts the later one":       {[]correlate.Fact{from("b", "x", 600, both(version("2"), took(2400))), from("c", "x", 700, both(version("3"), took(2400)))}, 1300, "", "c", true},
		"a flag in the midst of a rollout":    {[]correlate.Fact{a, from("b", "x", 600, took(2400)), from("f", "x", 900, kind(correlate.KindFeatureFlag))}, 1300, "", "f", true},
		"a rollout whose end nobody told yet": {[]correlate.Fact{from("a", "x", 0, both(version("1"), took(900))), from("b", "x", 600, begun)}, 1300, "", "b", true},
		"a rollout that began too long ago":   {[]correlate.Fact{from("a", "x", 0, took(4*3600))}, 3*3600 + 1, "", "", false},
		"the rollout that it names by an id":  {[]correlate.Fact{a, from("z", "y", 30, version("1"))}, 700, "z", "a", false},
	} {
		t.Run(name, func(t *testing.T) {
			book := settled(append(c.facts, incidentAt("i", c.opened, c.causedBy))...)
			book.Settle(noon.Unix() + c.opened)
			i := book.Incident("i").Record
			require.Equal(t, []any{c.want, c.inferred}, []any{i.AttributedTo, i.Inferred})
			for _, change := range book.changes {
				require.Equal(t, change.Record.ID == c.want, len(change.Record.Incidents) == 1, change.Record.ID)
			}
		})
	}
}

func TestWhyAnIncidentIsNobodys(t *testing.T) {
	a := from("a", "x", 0, version("1"))
	edited := func(edit func(*correlate.Incident)) correlate.Fact {
		f := incidentAt("i", 700, "")
		edit(f.Incident)
		return f
	}
	for name, c := range map[string]struct {
		facts    []correlate.Fact
		incident correlate.Fact
		want     correlate.Unlinked
	}{
		"somebody's":                {[]correlate.Fact{a}, incidentAt("i", 700, ""), ""},
		"nothing was rolled out":    {nil, incidentAt("i", 700, ""), correlate.UnlinkedNoChange},
		"it is said to be nobody's": {[]correlate.Fact{a}, incidentAt("i", 700, correlate.CausedByNone), correlate.UnlinkedSaid},
		"no service is told":        {[]correlate.Fact{a}, edited(func(i *correlate.Incident) { i.Service = "" }), correlate.UnlinkedNoService},
		"the service is a guess":    {[]correlate.Fact{a}, edited(func(i *correlate.Incident) { i.ServiceGuessed = true }), correlate.UnlinkedGuess},
		"only its end is known":     {[]correlate.Fact{a}, edited(func(i *correlate.Incident) { i.ResolvedAt = i.OpenedAt }), correlate.UnlinkedEndOnly},
		"what was rolled out failed": {
			[]correlate.Fact{a, from("b", "x", 600, both(took(300), failed))}, incidentAt("i", 700, ""), correlate.UnlinkedNotDeployed},
	} {
		t.Run(name, func(t *testing.T) {
			i := settled(append(c.facts, c.incident)...).Incident("i").Record
			require.Equal(t, c.want, i.UnlinkedReason)
			require.Equal(t, c.want == "", i.AttributedTo == "a")
			require.Contains(t, append(correlate.AllUnlinked(), ""), i.UnlinkedReason)
		})
	}
}

// TestAVerdictOfHealthyUnlinks: nobody is held responsible by inference who was judged healthy, and whoever was is so again
// when the verdict is another; also in a book that was brought back.
func TestAVerdictOfHealthyUnlinks(t *testing.T) {
	b := settled(from("a", "x", 0, version("1")), from("b", "x", 600, version("2")), incidentAt("i", 700, ""), incidentAt("named", 700, "b"))
	for range 2 {
		for _, outcome := range []correlate.Outcome{correlate.Healthy, correlate.Inconclusive, correlate.Healthy} {
			b.Change("b").Record.Verdict = &correlate.Verdict{Outcome: outcome}
			b.Judged(b.Change("b"))
			b.Settle(0)
			i, c := b.Incident("i").Record, b.Change("b")
			require.Equal(t, []string{"i", "named"}, c.Objections())
			require.Equal(t, []string{"b"}, i.SuspectedOf())
			require.Equal(t, "b", b.Incident("named").Record.AttributedTo)
			if outcome == correlate.Healthy {
				require.Equal(t, []any{"", false, correlate.UnlinkedHealthy, "b"}, []any{i.AttributedTo, i.Inferred, i.UnlinkedReason, i.Exonerated})
				require.Equal(t, []string{"named"}, c.Record.Incidents)
				continue
			}
			require.Equal(t, []any{"b", true, correlate.Unlinked(""), ""}, []any{i.AttributedTo, i.Inferred, i.UnlinkedReason, i.Exonerated})
			require.Equal(t, []string{"i", "named"}, c.Record.Incidents)
		}
		restored := New(config)
		restored.Recall(Runs([]correlate.ChangeRecord{b.Change("a").Record, b.Change("b").Record}, time.Time{}), []correlate.IncidentRecord{b.Incident("i").Record, b.Incident("named").Record})
		require.Equal(t, Difference{}, restored.Settle(0))
		b = restored
	}
}

func TestSinceWhenAChangeIsMended(t *testing.T) {
	opened := func(id string, resolved int64) correlate.Fact {
		f := incidentAt(id, 100, "a")
		if resolved > 0 {
			f.Incident.ResolvedAt = after(resolved)
		}
		return f
	}
	a, b := from("a", "x", 0, version("1")), from("b", "x", 10, version("2"))
	back := from("c", "x", 50, both(version("1"), took(20)))
	incidentOf := func(id string, at, resolved int64) correlate.Fact {
		f := opened("of "+id, resolved)
		f.Incident.CausedBy, f.Incident.OpenedAt = id, after(at)
		return f
	}
	for name, c := range map[string]struct {
		facts    []correlate.Fact
		id       string
		verdict  *correlate.Verdict
		want     int64
		unmended bool
	}{
		"nothing was wrong":             {facts: []correlate.Fact{a}, id: "a", unmended: true},
		"its incident was resolved":     {facts: []correlate.Fact{a, opened("i", 200)}, id: "a", want: 200},
		"while it was still rolled out": {facts: []correlate.Fact{from("a", "x", 0, both(version("1"), took(400))), opened("i", 200)}, id: "a", want: 200},
		"one of its incidents is open":  {facts: []correlate.Fact{a, opened("i", 200), opened("j", 0)}, id: "a", unmended: true},
		"the last of its incidents":     {facts: []correlate.Fact{a, opened("i", 200), opened("j", 300)}, id: "a", want: 300},
		"it was taken back":             {facts: []correlate.Fact{a, b, from("c", "x", 50, both(version("1"), took(20)))}, id: "b", want: 70},
		"taking it back is under way":   {facts: []correlate.Fact{a, b, from("c", "x", 50, both(version("1"), begun))}, id: "b", unmended: true},
		"its incident stays open after it was taken back": {
			facts: []correlate.Fact{a, b, back, incidentOf("b", 20, 3000)}, id: "b", want: 3000},
		"its incident is over soon after it was taken back": {
			facts: []correlate.Fact{a, b, back, incidentOf("b", 20, 300)}, id: "b", want: 70},
		"its incident is still open after it was taken back": {
			facts: []correlate.Fact{a, b, back, incidentOf("b", 20, 0)}, id: "b", unmended: true},
		"taking it back hurt as well": {
			facts: []correlate.Fact{a, b, back, incidentOf("c", 80, 0)}, id: "b", unmended: true},
		"telemetry shows it":             {facts: []correlate.Fact{a}, id: "a", verdict: &correlate.Verdict{Outcome: correlate.Regressed, RecoveredAt: new(after(90))}, want: 90},
		"of a healthy change it doesn't": {facts: []correlate.Fact{a}, id: "a", verdict: &correlate.Verdict{Outcome: correlate.Healthy, RecoveredAt: new(after(90))}, unmended: true},
	} {
		t.Run(name, func(t *testing.T) {
			book := settled(c.facts...)
			change := book.Change(c.id)
			change.Record.Verdict = c.verdict
			book.Judged(change)
			if c.unmended {
				require.Zero(t, change.Record.RecoveredAt)
				return
			}
			require.Equal(t, after(c.want), change.Record.RecoveredAt)
		})
	}
}

// TestAVerdictOnARollbackBearsOnWhatItTookBack: a rollback that is judged bad mended nothing, and one after which telemetry is
// as bad did not either, also in a book that was brought back.
func TestAVerdictOnARollbackBearsOnWhatItTookBack(t *testing.T) {
	seen := func(o correlate.Outcome, observed float64) *correlate.Verdict {
		return &correlate.Verdict{Outcome: o, Evidence: []correlate.Evidence{{Signal: "error_ratio", Baseline: 0.01, Observed: observed}}}
	}
	for name, c := range map[string]struct {
		verdict *correlate.Verdict
		want    time.Time
	}{
		"none yet":                  {nil, after(70)},
		"telemetry is back":         {seen(correlate.Inconclusive, 0.02), after(70)},
		"telemetry is as bad":       {seen(correlate.Inconclusive, 0.15), time.Time{}},
		"it made something worse":   {seen(correlate.Regressed, 0.02), time.Time{}},
		"nothing tells of the same": {&correlate.Verdict{Outcome: correlate.Inconclusive}, after(70)},
	} {
		t.Run(name, func(t *testing.T) {
			lived := settled(from("a", "x", 0, version("1")), from("b", "x", 10, version("2")), from("c", "x", 50, both(version("1"), took(20))))
			restored := New(config)
			var records []correlate.ChangeRecord
			for _, c := range lived.changes {
				records = append(records, c.Record)
			}
			restored.Recall(Runs(records, time.Time{}), nil)
			for _, b := range []*Book{lived, restored} {
				bad, back := b.Change("b"), b.Change("c")
				bad.Record.Verdict = seen(correlate.Regressed, 0.2)
				b.Judged(bad)
				back.Record.Verdict = c.verdict
				require.Equal(t, []*Change{back, bad}, b.Judged(back))
				require.Equal(t, c.want, bad.Record.RecoveredAt)
			}
		})
	}
}

func TestAChangeWhoseEndNobodyTellsIsGivenUp(t *testing.T) {
	b := settled(from("a", "x", 0, begun))
	require.Equal(t, after(2400), b.Change("a").Record.WindowEnd, "it is watched until then")
	require.Equal(t, Difference{}, b.Settle(noon.Unix()+2399))
	d := b.Settle(noon.Unix() + 2400)
	require.Len(t, d.Changes, 1)
	require.True(t, b.Change("a").Record.Abandoned)
	require.False(t, d.Changes[0].Before.Abandoned)
	require.Equal(t, Difference{}, b.Settle(noon.Unix()+9000), "once")

	b.Report(from("a", "x", 0, took(5000)), noon)
	b.Settle(noon.Unix() + 9000)
	require.False(t, b.Change("a").Record.Abandoned)
	require.Equal(t, after(5000+1220), b.Change("a").Record.WindowEnd)
}

// Telemetry tells when a rollout began that waited for its turn. What opens before that isn't held against it.
func TestAnIncidentIsNotHeldAgainstWhatHasNotBegun(t *testing.T) {
	old := from("old", "x", -3600, version("1"))
	waits := from("new", "x", 0, both(version("2"), func(c *correlate.Change) { c.FinishedAt = after(7260) }))
	for name, c := range map[string]struct {
		began  int64 // 0: when it was told to have
		waits  bool
		opened int64
		want   string
	}{
		"it began when it was told to have": {opened: 600, want: "new"},
		"it waits":                          {waits: true, opened: 600, want: "old"},
		"it began later":                    {began: 7200, opened: 600, want: "old"},
		"it has begun":                      {began: 7200, opened: 7230, want: "new"},
		"it is complete":                    {began: 7200, opened: 7300, want: "new"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, first := range []bool{true, false} {
				b := New(config)
				incident := correlate.Fact{Incident: &correlate.Incident{ID: "i", Service: "shop", OpenedAt: after(c.opened)}}
				b.Report(old, noon)
				b.Report(waits, noon)
				if first {
					b.Report(incident, noon)
				}
				b.Settle(0)
				began := time.Time{}
				if c.began > 0 {
					began = after(c.began)
				}
				Begun(b, b.Change("new"), began, c.waits)
				b.Settle(0)
				if !first {
					b.Report(incident, noon)
					b.Settle(0)
				}
				require.Equal(t, c.want, b.Incident("i").Record.AttributedTo, "reported first: %v", first)
				require.Equal(t, c.waits, b.Change("new").Record.Waiting)
				require.True(t, began.Equal(b.Change("new").Record.BeganAt))
				Begun(b, b.Change("new"), began, c.waits)
				require.Empty(t, b.Settle(0).Changes, "nothing is another")

				Begun(b, b.Change("new"), time.Time{}, false)
				b.Settle(0)
				require.Equal(t, "new", b.Incident("i").Record.AttributedTo, "it began when it was told to have")
			}
		})
	}
}

// TestAnIncidentOfSeveralServices: changes of any of its services may have caused it, and one is held responsible: of those
// that weren't judged healthy the one that began last. Also in a book that was brought back.
func TestAnIncidentOfSeveralServices(t *testing.T) {
	of := func(service string) func(*correlate.Change) { return func(c *correlate.Change) { c.Service = service } }
	shop, pay := from("shop", "x", 0, version("1")), from("pay", "x", 300, both(version("7"), of("pay")))
	incident := correlate.Fact{Incident: &correlate.Incident{ID: "i", Services: []string{"cart", "shop", "pay"}, OpenedAt: after(700)}}
	judged := func(b *Book, id string, outcome correlate.Outcome) {
		b.Change(id).Record.Verdict = &correlate.Verdict{Outcome: outcome}
		b.Judged(b.Change(id))
		b.Settle(0)
	}
	for name, c := range map[string]struct {
		pay, shop  correlate.Outcome
		to         string
		why        correlate.Unlinked
		exonerated string
	}{
		"nothing is known of either":       {"", "", "pay", "", ""},
		"the later one was judged healthy": {correlate.Healthy, "", "shop", "", "pay"},
		"the earlier one was":              {"", correlate.Healthy, "pay", "", ""},
		"both were":                        {correlate.Healthy, correlate.Healthy, "", correlate.UnlinkedHealthy, "pay"},
		"both hurt":                        {correlate.Regressed, correlate.Regressed, "pay", "", ""},
		"the later one is healthy, the earlier one hurt": {correlate.Healthy, correlate.Regressed, "shop", "", "pay"},
	} {
		t.Run(name, func(t *testing.T) {
			b := settled(shop, pay, incident)
			judged(b, "pay", c.pay)
			judged(b, "shop", c.shop)
			for range 2 {
				i := b.Incident("i").Record
				require.Equal(t, []any{c.to, c.to != "", c.why, c.exonerated}, []any{i.AttributedTo, i.Inferred, i.UnlinkedReason, i.Exonerated})
				require.Equal(t, "cart", i.Service)
				require.Equal(t, []string{"pay", "shop"}, i.SuspectedOf())
				for _, id := range i.SuspectedOf() {
					require.Equal(t, []string{"i"}, b.Change(id).Objections())
					require.Equal(t, id == c.to, len(b.Change(id).Record.Incidents) == 1)
				}
				restored := New(config)
				restored.Recall(Runs([]correlate.ChangeRecord{b.Change("pay").Record}, time.Time{}), []correlate.IncidentRecord{i})
				restored.Recall(Runs([]correlate.ChangeRecord{b.Change("shop").Record}, time.Time{}), nil)
				require.Equal(t, Difference{}, restored.Settle(0))
				b = restored
			}
			judged(b, "pay", correlate.Healthy)
			judged(b, "shop", correlate.Inconclusive)
			require.Equal(t, "shop", b.Incident("i").Record.AttributedTo)

			b.Retract(incident)
			b.Settle(0)
			require.Empty(t, b.Change("shop").Record.Incidents)
			require.Empty(t, b.Change("pay").Objections())
		})
	}
}

package record

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

var (
	noon   = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	config = Config{AdoptAfter: 120, Watch: 1200, Grace: 20, Attribution: 3 * 3600, AbandonAfter: 2400}
)

type fact struct {
	correlate.Fact
	receivedAt time.Time
}

func after(seconds int64) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }

// drawFacts are reports about changes and incidents of a few services, dense in time and reported by several sources.
func drawFacts(t *rapid.T) (facts []fact) {
	minutes := rapid.Int64Range(5, 90).Draw(t, "minutes")
	for n := range rapid.IntRange(1, 14).Draw(t, "changes") {
		c := drawChange(t, n, minutes)
		facts = append(facts, fact{correlate.Fact{Change: &c}, after(rapid.Int64Range(0, minutes*60).Draw(t, "received"))})
		if rapid.IntRange(0, 2).Draw(t, "corrected?") == 0 {
			again := drawChange(t, n, minutes)
			again.Source = c.Source
			again.UpdatedAt = after(rapid.Int64Range(0, minutes*60).Draw(t, "updated"))
			again.Environment = rapid.SampledFrom([]string{"", "", "production", "staging"}).Draw(t, "environment")
			facts = append(facts, fact{correlate.Fact{Change: &again}, after(rapid.Int64Range(0, minutes*60).Draw(t, "received"))})
		}
	}
	for n := range rapid.IntRange(0, 5).Draw(t, "incidents") {
		i := correlate.Incident{
			ID: fmt.Sprint("i", n), OpenedAt: after(rapid.Int64Range(0, minutes*60).Draw(t, "opened")),
			CausedBy:       rapid.SampledFrom([]string{"", "", "", "c0", "c1", "nobody knows", correlate.CausedByNone}).Draw(t, "caused by"),
			ServiceGuessed: rapid.IntRange(0, 5).Draw(t, "guessed") == 0,
			DedupKey:       rapid.SampledFrom([]string{"", "disk", "disk", "errors"}).Draw(t, "key"),
		}
		i = i.Of(drawServices(t)...)
		if rapid.Bool().Draw(t, "resolved?") {
			i.ResolvedAt = i.OpenedAt.Add(time.Duration(rapid.Int64Range(0, 3000).Draw(t, "lasted")) * time.Second)
		}
		facts = append(facts, fact{correlate.Fact{Incident: &i}, i.OpenedAt})
		if rapid.IntRange(0, 2).Draw(t, "corrected?") == 0 {
			again := i.Of(drawServices(t)...)
			again.UpdatedAt = after(rapid.Int64Range(0, minutes*60).Draw(t, "updated"))
			again.OpenedAt = after(rapid.Int64Range(0, minutes*60).Draw(t, "opened"))
			again.ResolvedAt = rapid.SampledFrom([]time.Time{{}, again.OpenedAt.Add(600 * time.Second)}).Draw(t, "resolved")
			again.Environment = rapid.SampledFrom([]string{"", "production", "staging"}).Draw(t, "environment")
			facts = append(facts, fact{correlate.Fact{Incident: &again}, again.OpenedAt})
		}
	}
	return facts
}

func drawService(t *rapid.T) string {
	return rapid.SampledFrom([]string{"a", "a", "b"}).Draw(t, "service")
}

// drawServices are those of an incident.
func drawServices(t *rapid.T) []string {
	return rapid.SampledFrom([][]string{{"a"}, {"a"}, {"b"}, {"a", "b"}, {"b", "a"}, {"c", "b", "a"}}).Draw(t, "services")
}

func drawChange(t *rapid.T, n int, minutes int64) correlate.Change {
	c := correlate.Change{
		ID: fmt.Sprint("c", n), Service: drawService(t),
		Version:         rapid.SampledFrom([]string{"", "v1", "v2", "2", "v3", "latest", "8c1f2a0"}).Draw(t, "version"),
		Commit:          rapid.SampledFrom([]string{"", "", "", "8c1f2a0", "8c1f2a0de2b44d2c5b1f0a9e7d6c5b4a39281706", "b0a9e7d"}).Draw(t, "commit"),
		PreviousVersion: rapid.SampledFrom([]string{"", "", "v1"}).Draw(t, "previous"),
		Kind:            rapid.SampledFrom([]correlate.Kind{"", "", "", correlate.KindRollback, correlate.KindConfig}).Draw(t, "kind"),
		Status:          rapid.SampledFrom([]correlate.Status{"", "", "", correlate.StatusStarted, correlate.StatusFailed}).Draw(t, "status"),
		Source:          rapid.SampledFrom([]string{"x", "y", "z", SourceTelemetry, ""}).Draw(t, "source"),
		StartedAt:       after(rapid.Int64Range(0, minutes*60).Draw(t, "started")),
	}
	if c.Status != correlate.StatusStarted {
		c.FinishedAt = c.StartedAt.Add(time.Duration(rapid.Int64Range(0, 600).Draw(t, "took")) * time.Second)
	}
	return c
}

// small are bounds that a drawn history reaches.
var small = limits{group: 4, chain: 5, line: 3}

// requireAsAsked holds a Book against what the oracle says of the reports that count. Of records without any only the
// phase matters.
func requireAsAsked(t require.TestingT, b *Book, watermark int64, facts []fact) {
	changes, incidents := ask(config, b.limits, watermark, facts)
	for id, c := range b.changes {
		want, known := changes[id]
		if !known {
			require.Equal(t, correlate.PhaseRetracted, c.Record.Phase, id)
			require.False(t, c.Live())
			continue
		}
		require.Equal(t, text(want), text(c.Record), "%s", lines(facts))
		delete(changes, id)
	}
	require.Empty(t, changes, "not known")
	for id, i := range b.incidents {
		if want, known := incidents[id]; known {
			require.Equal(t, text(want), text(i.Record))
			delete(incidents, id)
			continue
		}
		require.True(t, i.Record.Retracted)
		require.Empty(t, i.Record.AttributedTo)
	}
	require.Empty(t, incidents, "not known")
}

func lines(facts []fact) (all string) {
	for _, f := range facts {
		all += text(f.Fact) + "\n"
	}
	return all
}

// TestRecordsAreAFunctionOfTheReports: whatever the order in which reports come and are taken back, however often, and
// wherever it is settled in between, the records are those that follow from the set of reports that count.
func TestRecordsAreAFunctionOfTheReports(t *testing.T) {
	for name, most := range map[string]limits{
		"bounds that no story reaches": New(config).limits,
		"bounds that stories reach":    small,
	} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				facts := drawFacts(t)
				b := newBook(config, most)
				var counts []fact
				watermark := int64(0)
				for _, f := range rapid.Permutation(append(facts, facts[:len(facts)/4]...)).Draw(t, "order") {
					b.Report(f.Fact, f.receivedAt)
					counts = append(counts, f)
					if rapid.IntRange(0, 4).Draw(t, "take back?") == 0 {
						gone := rapid.SampledFrom(counts).Draw(t, "taken back")
						b.Retract(gone.Fact)
						counts = slices.DeleteFunc(counts, func(f fact) bool { return text(f.Fact) == text(gone.Fact) })
					}
					if rapid.Bool().Draw(t, "settle?") {
						watermark += rapid.Int64Range(0, 600).Draw(t, "passes")
						b.Settle(noon.Unix() + watermark)
						requireAsAsked(t, b, noon.Unix()+watermark, counts)
					}
				}
				b.Settle(noon.Unix() + watermark)
				requireAsAsked(t, b, noon.Unix()+watermark, counts)
			})
		})
	}
}

// TestDifferencesLeadFromOneStateToTheNext: who follows the differences alone knows every record.
func TestDifferencesLeadFromOneStateToTheNext(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBook(config, small)
		changes, incidents := map[string]correlate.ChangeRecord{}, map[string]correlate.IncidentRecord{}
		for n, f := range drawFacts(t) {
			b.Report(f.Fact, f.receivedAt)
			d := b.Settle(noon.Unix() + int64(n)*300)
			for _, o := range d.Changes {
				require.Equal(t, text(changes[o.Record.ID]), text(o.Before))
				require.NotEqual(t, text(o.Before), text(o.Record))
				changes[o.Record.ID] = o.Record
			}
			for _, o := range d.Incidents {
				require.Equal(t, text(incidents[o.Record.ID]), text(o.Before))
				incidents[o.Record.ID] = o.Record
			}
		}
		require.Len(t, changes, len(b.changes))
		for id, c := range b.changes {
			require.Equal(t, text(c.Record), text(changes[id]))
		}
		for id, i := range b.incidents {
			require.Equal(t, text(i.Record), text(incidents[id]))
		}
	})
}

// TestARecalledBookGoesOnAsIfItHadNotBeenAway: records that were stored and brought back are what they were, and what is
// reported then means what it would have meant.
func TestARecalledBookGoesOnAsIfItHadNotBeenAway(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		facts := drawFacts(t)
		cut := rapid.IntRange(0, len(facts)).Draw(t, "cut")
		whole := newBook(config, small)
		for _, f := range facts[:cut] {
			whole.Report(f.Fact, f.receivedAt)
		}
		gone := drawFacts(t)
		for _, f := range gone {
			if c := f.Change; c != nil {
				c.ID += " taken back"
			} else {
				f.Incident.ID += " taken back"
			}
			whole.Report(f.Fact, f.receivedAt)
		}
		whole.Settle(noon.Unix())
		for _, f := range gone {
			whole.Retract(f.Fact)
		}
		whole.Settle(noon.Unix())
		var changes []correlate.ChangeRecord
		var incidents []correlate.IncidentRecord
		for _, c := range whole.changes {
			changes = append(changes, c.Record)
		}
		for _, i := range whole.incidents {
			incidents = append(incidents, i.Record)
		}
		rest := newBook(config, small)
		require.Len(t, rest.Recall(Runs(changes, time.Time{}), incidents), len(changes))
		require.Empty(t, rest.Recall(Runs(changes, time.Time{}), incidents), "they are in memory")
		require.Equal(t, Difference{}, rest.Settle(noon.Unix()), "nothing was reported")
		for _, f := range facts[cut:] {
			rest.Report(f.Fact, f.receivedAt)
		}
		rest.Settle(noon.Unix() + 3600)
		requireAsAsked(t, rest, noon.Unix()+3600, facts)
	})
}

func shipped(id, service string, at int64, opt func(*correlate.Change)) correlate.Fact {
	c := correlate.Change{ID: id, Service: service, Source: "x", StartedAt: after(at), FinishedAt: after(at)}
	if opt != nil {
		opt(&c)
	}
	return correlate.Fact{Change: &c}
}

// TestWhatAReportCostsDoesNotGrowWithItsService counts what is looked at while very many changes of one service are
// reported.
func TestWhatAReportCostsDoesNotGrowWithItsService(t *testing.T) {
	const most = 20_000
	sources := []string{"x", "y", "z"}
	for name, c := range map[string]struct {
		n     int
		steps int // looked at per report at most, on the average
		of    func(i int) correlate.Fact
	}{
		"20,000 within ten minutes, each with a version of its own": {most, 4, func(i int) correlate.Fact {
			return shipped(fmt.Sprint(i), "shop", int64(i*600/most), func(c *correlate.Change) { c.Version = fmt.Sprint("v", i) })
		}},
		"20,000 within ten minutes that nothing tells apart, reported by three sources": {most, 4, func(i int) correlate.Fact {
			return shipped(fmt.Sprint(i), "shop", int64(i*600/most), func(c *correlate.Change) { c.Source = sources[i%3] })
		}},
		"the last one first, so that each bears on the lineage of those after it": {5000, 40, func(i int) correlate.Fact {
			return shipped(fmt.Sprint(i), "shop", int64((5000-i)*600/5000), func(c *correlate.Change) { c.Source = sources[i%3] })
		}},
		"two versions in turn": {most, 4, func(i int) correlate.Fact {
			return shipped(fmt.Sprint(i), "shop", int64(i*600/most), func(c *correlate.Change) { c.Version = fmt.Sprint("v", i%2) })
		}},
		"one each minute for two weeks, reported by two sources": {most, 60, func(i int) correlate.Fact {
			return shipped(fmt.Sprint(i), "shop", int64(i/2*60), func(c *correlate.Change) {
				c.Source, c.Version = sources[i%2], fmt.Sprint("v", i/2)
			})
		}},
		"incidents between them": {most, 8, func(i int) correlate.Fact {
			if i%2 == 0 {
				return shipped(fmt.Sprint(i), "shop", int64(i), nil)
			}
			return correlate.Fact{Incident: &correlate.Incident{ID: fmt.Sprint(i), Service: "shop", OpenedAt: after(int64(i))}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			b := New(config)
			began := time.Now()
			for i := range c.n {
				b.Report(c.of(i), noon)
				b.Settle(noon.Unix())
				if i == c.n/10 {
					b.steps = 0 // what it takes to get going doesn't count
				}
			}
			t.Logf("%d steps per report, %s", b.steps/(c.n*9/10), time.Since(began))
			require.LessOrEqual(t, b.steps/(c.n*9/10), c.steps)
			require.Less(t, time.Since(began), 30*time.Second, "a guard against what isn't counted")
		})
	}
}

// TestAChainThatNeverEndsIsBounded: rollouts without a version, reported by two sources every twenty seconds, all day.
func TestAChainThatNeverEndsIsBounded(t *testing.T) {
	b := New(config)
	const n = 1000
	for i := range n {
		b.Report(shipped(fmt.Sprint(i), "shop", int64(i*40), func(c *correlate.Change) { c.Source = []string{"x", "y"}[i%2] }), noon)
		b.Settle(noon.Unix())
	}
	for _, c := range b.changes {
		require.Empty(t, c.Record.MergedInto)
	}
	require.Less(t, b.steps/n, 20_000)
}

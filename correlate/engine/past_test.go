package engine

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

// watchedDay is a service that serves 40 requests a second for two hours, of which one in a hundred fails, with a change after
// the first. By its telemetry its versions can't be told apart.
type watchedDay struct {
	errors int64 // of the 400 requests of a bucket after the change
}

const weekOf = 7 * 24 * 3600

// before is the week before midnight, in coarse buckets, six hours at a time.
func (watchedDay) before() (chunks []Input) {
	const chunk = 6 * 3600
	for from := midnight.Unix() - weekOf; from < midnight.Unix(); from += chunk {
		p := Past{At: midnight}
		for start := from; start < from+chunk; start += 300 {
			// What fails strays a little, as nothing fails by the clock.
			p.Cells = append(p.Cells, ofShop(start, 12_000, 120+start/300%7-3))
		}
		chunks = append(chunks, Input{Past: &p})
	}
	return chunks
}

func ofShop(start, requests, errors int64) correlate.Measurement {
	c := correlate.Cell{Start: start, Requests: requests, Errors: errors}
	c.Latency.Add(180, requests)
	return correlate.Measurement{
		Key:  correlate.Key{Service: "shop", Environment: "production", Kind: correlate.Traffic, Origin: correlate.OriginSpanMetrics},
		Cell: c,
	}
}

// run lives through the day. What is told of the past comes at the stages that it is told at, each a minute.
func (d watchedDay) run(told map[int][]Input) (o *outcome, verdicts []correlate.Verdict) {
	const stages, changed = 190, 60
	e, o := New(DefaultConfig()), newOutcome()
	take := func(effects []correlate.Effect) {
		for _, f := range effects {
			if f.Verdict != nil {
				verdicts = append(verdicts, *f.Verdict)
			}
		}
		o.take(slices.DeleteFunc(effects, func(f correlate.Effect) bool { return f.Rollup != nil && len(f.Rollup.Past) > 0 }))
	}
	for i := range int64(stages) {
		for _, in := range told[int(i)] {
			take(e.Apply(in))
		}
		start := midnight.Unix() + i*60
		for at := start; at < start+60; at += 10 {
			errors := 4 + at/10%3 - 1
			if i >= changed {
				errors = d.errors + at/10%3 - 1
			}
			take(e.Apply(Input{Measured: []correlate.Measurement{ofShop(at, 400, errors)}}))
			take(e.Apply(Input{Drained: time.Unix(at+10, 0)}))
		}
		if i == changed {
			take(e.Apply(factTold(correlate.Fact{Change: &correlate.Change{
				ID: "c", Service: "shop", Environment: "production", Version: "v2", Status: correlate.StatusSucceeded, Source: "generic",
				StartedAt: at(start), FinishedAt: at(start),
			}}, start)))
		}
		take(e.Apply(Input{Tick: at(start + 60 + 30)}))
	}
	return o, verdicts
}

func TestAWeekThatIsToldGivesTheFirstChangeGradeC(t *testing.T) {
	for name, c := range map[string]struct {
		errors      int64
		told, alone string
	}{
		"a change without effect": {4, "healthy C", "inconclusive D"},
		"one that hurts":          {12, "regressed C", "regressed D"},
	} {
		t.Run(name, func(t *testing.T) {
			last := func(told map[int][]Input) string {
				_, all := watchedDay{errors: c.errors}.run(told)
				require.NotEmpty(t, all)
				v := all[len(all)-1]
				require.True(t, v.Final)
				return string(v.Outcome) + " " + string(v.Grade)
			}
			require.Equal(t, c.alone, last(nil))
			require.Equal(t, c.told, last(map[int][]Input{0: watchedDay{}.before()}))
		})
	}
}

// Told before the first measurement, among them or just before the change, in pieces of any order and twice: what is decided is
// the same, to the byte.
func TestThePastMayBeToldBeforeOrAfterTheLiveData(t *testing.T) {
	day := watchedDay{errors: 6}
	want, _ := day.run(map[int][]Input{0: day.before()})
	rapid.Check(t, func(t *rapid.T) {
		told := map[int][]Input{}
		for _, in := range rapid.Permutation(day.before()).Draw(t, "order") {
			at := rapid.IntRange(0, 60).Draw(t, "at")
			told[at] = append(told[at], in)
			if rapid.IntRange(0, 3).Draw(t, "twice") == 0 {
				again := rapid.IntRange(at, 189).Draw(t, "again at")
				told[again] = append(told[again], in)
			}
		}
		got, _ := day.run(told)
		requireSame(t, want, got)
	})
}

// Whenever the past is told, what was decided by then is not corrected, and later looks know it.
func TestThePastCorrectsNothing(t *testing.T) {
	day := watchedDay{errors: 4}
	for name, at := range map[string]int{"while the change is watched": 90, "when its window is over": 185} {
		t.Run(name, func(t *testing.T) {
			_, alone := day.run(nil)
			_, all := day.run(map[int][]Input{at: day.before()})
			for _, v := range all {
				require.Zero(t, v.Supersedes)
				require.Empty(t, v.Reopened)
			}
			if at > 180 {
				require.Equal(t, alone, all)
				return
			}
			require.Equal(t, correlate.GradeC, all[len(all)-1].Grade)
		})
	}
}

// What is told goes into rollups, so that an engine that is restored from them knows as much.
func TestARestoredEngineKnowsThePast(t *testing.T) {
	day := watchedDay{}
	e, again := New(DefaultConfig()), New(DefaultConfig())
	var kept []correlate.Rollup
	for _, in := range day.before() {
		for _, f := range e.Apply(in) {
			kept = append(kept, *f.Rollup)
		}
	}
	require.Len(t, kept, weekOf/300)
	for _, r := range kept {
		again.RestoreRollup(r)
	}
	again.RestoreCheckpoint(midnight, nil)
	again.Resume(time.Time{})
	require.Empty(t, again.Apply(day.before()[3]), "it is known already")
	require.Equal(t, e.Memory().Series, again.Memory().Series)
	require.Less(t, again.Memory().Bytes, e.Memory().Bytes*3/2, "most of it is packed")
}

// A process of the service didn't answer a scrape: whatever the others say, nothing is healthy, and what hurts still does.
func TestAMissedScrapeMakesNoVerdictGreener(t *testing.T) {
	missed := Input{Measured: []correlate.Measurement{{
		Key:  correlate.Key{Service: "shop", Environment: "production", Kind: correlate.Lost, Name: correlate.LostScrapes},
		Cell: correlate.Cell{Start: midnight.Unix() + 70*60, Requests: 1},
	}}}
	for name, c := range map[string]struct {
		errors  int64
		outcome correlate.Outcome
		reason  correlate.Reason
	}{
		"a change without effect": {4, correlate.Inconclusive, correlate.ReasonNoCoverage},
		"one that hurts":          {12, correlate.Regressed, correlate.ReasonErrorRatio},
	} {
		t.Run(name, func(t *testing.T) {
			day := watchedDay{errors: c.errors}
			_, all := day.run(map[int][]Input{0: day.before(), 71: {missed}})
			last := all[len(all)-1]
			require.Equal(t, []any{c.outcome, c.reason}, []any{last.Outcome, last.Reason})
		})
	}
}

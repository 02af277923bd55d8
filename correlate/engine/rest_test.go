package engine

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/record"
)

// restAll lets all places rest that may, and returns how many do.
func (e *Engine) restAll() int {
	if !e.derived.unfinished && len(e.decisions) == 0 {
		for _, p := range slices.Collect(record.Places(e.book)) {
			e.shelf.rest(p)
		}
	}
	return len(e.shelf.places)
}

// beside applies what happens to an engine of which everything rests that may, and to one that never sleeps, and holds what
// the one says against what the other does.
type beside struct {
	resting, awake *Engine
	rested         int
}

func newBeside(cfg Config) *beside { return &beside{resting: New(cfg), awake: New(cfg)} }

func (b *beside) apply(t require.TestingT, in Input) {
	b.rested += b.resting.restAll()
	want, got := text(b.awake.Apply(in)), text(b.resting.Apply(in))
	require.Equal(t, want, got)
}

// What is told of the past, in any order, is the same whether or not places rest in between.
func TestHistoryThatRestsIsTheSame(t *testing.T) {
	rested := 0
	for n := range uint64(150) {
		r := rand.New(rand.NewPCG(n, 2))
		var facts []Fact
		for _, f := range drawFacts(r) {
			f.ReceivedAt = f.ReceivedAt.Add(48 * time.Hour)
			facts = append(facts, f.Fact)
		}
		for range r.IntN(4) {
			taken := facts[r.IntN(len(facts))]
			taken.Retracted = r.IntN(2) == 0
			facts = append(facts, taken)
		}
		r.Shuffle(len(facts), func(i, j int) { facts[i], facts[j] = facts[j], facts[i] })
		b := newBeside(lateConfig())
		for i := range facts {
			b.apply(t, Input{Facts: facts[i : i+1]})
		}
		rested += b.rested
	}
	require.Greater(t, rested, 150, "some did")
}

// What is judged, and what is told again of it when its time is over, is the same whether or not places rest in between.
func TestWhatIsJudgedIsTheSameWhenPlacesRest(t *testing.T) {
	rested := 0
	rapid.Check(t, func(t *rapid.T) {
		cfg := propertyConfig()
		cfg.Watch, cfg.Reopen, cfg.AllowedLateness = 300, rapid.Int64Range(0, 300).Draw(t, "reopen"), 60
		b := newBeside(cfg)
		var told []Fact
		for _, st := range drawHistory(t).stages {
			for _, in := range st.inputs {
				told = append(told, in.Facts...)
				b.apply(t, in)
			}
			if len(told) > 0 && rapid.IntRange(0, 4).Draw(t, "again?") == 0 {
				b.apply(t, Input{Facts: []Fact{drawAgain(t, told, st.tick)}})
			}
			b.apply(t, Input{Tick: at(st.tick)})
		}
		require.Equal(t, text(b.awake.Conclude()), text(b.resting.Conclude()))
		rested += b.rested
	})
	require.Positive(t, rested)
}

// drawAgain is something that was told before, taken back or told otherwise.
func drawAgain(t *rapid.T, told []Fact, now int64) Fact {
	f := rapid.SampledFrom(told).Draw(t, "of")
	f.ReceivedAt = at(now)
	if c := f.Change; c != nil {
		said := *c
		switch rapid.IntRange(0, 4).Draw(t, "how") {
		case 0:
			f.Retracted = true
		case 1:
			said.Version = rapid.SampledFrom([]string{"v1", "v2", "v3"}).Draw(t, "version")
		case 2:
			said.Service = rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "service")
		case 3:
			said.Status, said.FinishedAt = correlate.StatusFailed, said.Start().Add(time.Minute)
		default:
			said.ID += "-other"
			said.Source = "other"
		}
		said.UpdatedAt = at(now)
		f.Change = &said
	}
	return f
}

// closedLong is an engine with one closed change of a service, which rests.
func closedLong(t *testing.T) *Engine {
	e := New(propertyConfig())
	done := midnight.AddDate(0, 0, -1)
	e.Apply(Input{Tick: midnight})
	e.Apply(Input{Facts: []Fact{{ReceivedAt: midnight, Fact: correlate.Fact{Change: &correlate.Change{
		ID: "c", Service: "shop", Version: "v1", StartedAt: done, FinishedAt: done, Labels: map[string]string{"team": "x"},
	}}}}})
	for now := int64(0); now <= 2*restEvery; now++ {
		e.Apply(Input{Tick: midnight.Add(time.Duration(now) * time.Second)})
	}
	require.Empty(t, e.changes)
	return e
}

func TestAPlaceRestsWhenNothingIsHeardOfIt(t *testing.T) {
	e := closedLong(t)
	require.Len(t, e.shelf.places, 1)
	require.Nil(t, e.change("d"))
	require.Empty(t, e.changes)
	require.True(t, e.Knows("c"))
	require.Equal(t, map[string]string{"team": "x"}, e.change("c").rec.Labels)
	require.Empty(t, e.shelf.places)
	require.Empty(t, e.shelf.ids)
	e.shelf.tire(e.now + restEvery)
	require.Empty(t, e.shelf.places, "it was just asked for")
	e.shelf.tire(e.now + 2*restEvery)
	require.Len(t, e.shelf.places, 1)
}

func TestAGlanceLeavesAPlaceAtRest(t *testing.T) {
	e := closedLong(t)
	p := place{Service: "shop", Environment: correlate.DefaultEnvironment}
	packed := e.shelf.places[p].packed
	require.Len(t, e.subjects(p).All, 1)
	require.Equal(t, packed, e.shelf.places[p].packed)
	require.Empty(t, e.changes)
}

func TestWhatDoesNotRest(t *testing.T) {
	for name, disturb := range map[string]func(e *Engine){
		"an open incident of the place": func(e *Engine) {
			e.Apply(factTold(correlate.Fact{Incident: &correlate.Incident{ID: "i", Service: "shop", OpenedAt: midnight}}, midnight.Unix()))
		},
		"an incident that names the change": func(e *Engine) {
			e.Apply(factTold(correlate.Fact{Incident: &correlate.Incident{ID: "i", Service: "web", CausedBy: "c", OpenedAt: midnight}}, midnight.Unix()))
		},
		"a change that is observed": func(e *Engine) {
			e.Apply(factTold(correlate.Fact{Change: &correlate.Change{ID: "d", Service: "shop", Version: "v2", FinishedAt: e.at()}}, e.now))
		},
		"a rollout whose end nobody told": func(e *Engine) {
			e.Apply(factTold(correlate.Fact{Change: &correlate.Change{
				ID: "d", Service: "shop", Version: "v2", Status: correlate.StatusStarted, StartedAt: midnight.AddDate(0, 0, -1),
			}}, e.now))
		},
		"a name that JSON can't tell": func(e *Engine) {
			done := midnight.AddDate(0, 0, -1)
			e.Apply(factTold(correlate.Fact{Change: &correlate.Change{ID: "d\xff", Service: "shop", Version: "v2", FinishedAt: done}}, e.now))
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := closedLong(t)
			disturb(e)
			require.Zero(t, e.restAll())
			require.NotEmpty(t, e.changes)
		})
	}
}

func (e *Engine) at() time.Time { return at(e.now) }

// Changes that rest leave memory when their time has come, as others do.
func TestWhatRestsIsForgottenAsWell(t *testing.T) {
	cfg := propertyConfig()
	cfg.KeepRecords = 3600
	b := newBeside(cfg)
	b.apply(t, Input{Tick: midnight})
	for n := range 3 * correlate.Lineage {
		done := midnight.Add(time.Duration(n-100) * 6 * time.Hour)
		b.apply(t, factTold(correlate.Fact{Change: &correlate.Change{ID: fmt.Sprintf("c%02d", n), Service: "shop", Version: fmt.Sprint("v", n), FinishedAt: done}}, midnight.Unix()))
	}
	require.Positive(t, b.resting.restAll())
	for _, e := range []*Engine{b.resting, b.awake} {
		e.forget()
		require.Len(t, e.changes, 1, "nothing is measured any more of the time of those before")
	}
	require.Equal(t, slices.Sorted(maps.Keys(b.awake.changes)), slices.Sorted(maps.Keys(b.resting.changes)))
	require.Positive(t, b.resting.restAll())
	b.apply(t, factTold(correlate.Fact{Change: &correlate.Change{ID: "back", Service: "shop", Version: "v3", FinishedAt: midnight.AddDate(0, 0, -1)}}, midnight.Unix()))
	require.True(t, b.resting.change("back").rec.Rollback, "what was live before what is in memory is known as well")
}

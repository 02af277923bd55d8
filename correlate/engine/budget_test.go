package engine

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/cells"
)

// drawBomb is a history with new services, and with losses, in each stage.
func drawBomb(t *rapid.T) history {
	h := drawHistory(t)
	for i := range h.stages {
		st := &h.stages[i]
		start := st.tick - 90
		var cells []correlate.Measurement
		for n := range rapid.IntRange(0, 20).Draw(t, "new services") {
			cells = append(cells, traffic(fmt.Sprintf("bomb-%d-%d", i, n), "v1", start, 1))
		}
		if rapid.IntRange(0, 5).Draw(t, "lost?") == 0 {
			cells = append(cells, lost(rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "whose"),
				rapid.SampledFrom([]string{correlate.LostShed, correlate.LostSignals}).Draw(t, "what"), start))
		}
		if len(cells) > 0 {
			st.inputs = append(st.inputs, Input{Measured: cells})
		}
	}
	return h
}

func traffic(service, version string, start, requests int64) correlate.Measurement {
	m := correlate.Measurement{
		Key: correlate.Key{
			Service: service, Environment: correlate.DefaultEnvironment, Version: version, Kind: correlate.Traffic, Origin: correlate.OriginSpan,
		},
		Cell: correlate.Cell{Start: start, Requests: requests},
	}
	m.Latency.Add(190, requests)
	return m
}

func lost(service, what string, start int64) correlate.Measurement {
	k := correlate.Key{Service: service, Environment: correlate.DefaultEnvironment, Kind: correlate.Lost, Name: what}
	if service == "" {
		k.Environment = ""
	}
	return correlate.Measurement{Key: k, Cell: correlate.Cell{Start: start, Requests: 1}}
}

// drawTight is a configuration in which memory is short.
func drawTight(t *rapid.T) Config {
	cfg := propertyConfig()
	cfg.Memory = rapid.Int64Range(20_000, 600_000).Draw(t, "budget")
	return cfg
}

// fold is an input as the host would store and apply it.
func fold(e *Engine, in Input) Input {
	if in.Measured != nil {
		in.Measured = slices.Clone(in.Measured)
		for i := range in.Measured {
			in.Measured[i].Latency = slices.Clone(in.Measured[i].Latency)
		}
		in.Measured = e.Fold(in.Measured)
	}
	return in
}

func TestArrivalOrderDoesNotShowWhenMemoryIsShort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, cfg := drawBomb(t), drawTight(t)
		first, second := New(cfg), New(cfg)
		a, b := newOutcome(), newOutcome()
		for i, st := range h.stages {
			order := rapid.Permutation(indexes(len(st.inputs))).Draw(t, fmt.Sprintf("order %d", i))
			for n := range st.inputs {
				a.take(first.Apply(fold(first, st.inputs[n])))
			}
			for n := range st.inputs {
				in := st.inputs[order[n]]
				if in.Facts != nil {
					continue
				}
				for _, piece := range pieces(in) {
					if in := fold(second, piece); len(in.Measured) > 0 {
						b.take(second.Apply(in))
					}
				}
			}
			for n := range st.inputs {
				if st.inputs[n].Facts != nil {
					b.take(second.Apply(st.inputs[n]))
				}
			}
			a.take(first.Apply(Input{Tick: at(st.tick)}))
			b.take(second.Apply(Input{Tick: at(st.tick)}))
			require.Equal(t, first.Memory(), second.Memory())
		}
		a.take(first.Conclude())
		b.take(second.Conclude())
		requireSame(t, a, b)
	})
}

// What was forgotten stays forgotten: a restored engine knows of the same services, and lets in as many new ones.
func TestARestoredEngineHasForgottenTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, cfg := drawBomb(t), drawTight(t)
		cut := rapid.IntRange(1, len(h.stages)-1).Draw(t, "cut")
		whole, stored, all := New(cfg), &memory{cfg: cfg}, newOutcome()
		for _, st := range h.stages[:cut] {
			for _, in := range append(slices.Clone(st.inputs), Input{Tick: at(st.tick)}) {
				in := fold(whole, in)
				effects := whole.Apply(in)
				all.take(effects)
				stored.take(in, effects)
			}
		}
		half := stored.restore(all)
		require.Equal(t, whole.Memory().Full, half.Memory().Full)
		require.Equal(t, whole.store.Places(), half.store.Places())
	})
}

// bombed is an engine with two services that are known, one of them with an open window when it is bombed.
func bombed(t *testing.T, cfg Config, bombs int, lost ...correlate.Measurement) (*Engine, map[string]int64) {
	t.Helper()
	e := New(cfg)
	sent := map[string]int64{}
	start := midnight.Unix()
	c := correlate.Change{
		ID: "c1", Service: "watched", Environment: correlate.DefaultEnvironment, Version: "v2", Kind: correlate.KindDeployment,
		Status: correlate.StatusSucceeded, StartedAt: at(start + 1200), FinishedAt: at(start + 1200), Source: "generic",
	}
	for i := range int64(240) {
		s := start + i*10
		var cells []correlate.Measurement
		serving := [][2]string{{"known", ""}, {"watched", "v1"}}
		if i > 120 {
			serving = append(serving, [2]string{"watched", "v2"})
		}
		for _, of := range serving {
			name := of[0]
			m := traffic(name, of[1], s, 10_000)
			m.Errors = 100
			cells = append(cells, m)
			if s >= start+1800 {
				sent[name] += m.Requests
			}
		}
		if i > 60 {
			for n := range bombs {
				cells = append(cells, traffic(fmt.Sprintf("bomb-%d-%d", i, n), "v1", s, 1))
			}
		}
		e.Apply(Input{Measured: e.Fold(cells)})
		if i == 140 && lost != nil {
			e.Apply(Input{Measured: lost})
		}
		if i == 121 {
			e.Apply(Input{Facts: []Fact{{Fact: correlate.Fact{Change: &c}, ReceivedAt: at(s)}}})
		}
		e.Apply(Input{Tick: at(s + 10)})
	}
	return e, sent
}

func TestABombOfServicesLeavesKnownTotalsExactAndEnds(t *testing.T) {
	cfg := propertyConfig()
	cfg.Memory = 400_000
	e, sent := bombed(t, cfg, 50)
	counted := map[string]int64{}
	for _, p := range e.store.Places() {
		s := e.store.Service(p)
		for _, k := range s.Keys() {
			if k.Kind == correlate.Traffic {
				counted[p.Service] += cells.Requests(s.Stream(k).Total().Between(midnight.Unix()+1800, math.MaxInt64))
			}
		}
	}
	require.Equal(t, sent["watched"], counted["watched"], "the totals of a service with an open window")
	require.Equal(t, sent["known"], counted["known"], "the latest ten minutes of any other")
	require.Less(t, e.Memory().Bytes, cfg.Memory*5)
	require.Positive(t, counted[correlate.Overflow])
	require.Less(t, e.Memory().Services, 400)

	from := midnight.Unix() + 2400
	for i := range int64(120) {
		m := traffic("known", "v1", from+i*10, 100)
		e.Apply(Input{Measured: e.Fold([]correlate.Measurement{m})})
		e.Apply(Input{Tick: at(from + i*10 + 10)})
	}
	require.False(t, e.Memory().Full, "new services are told apart again")
	e.Apply(Input{Measured: e.Fold([]correlate.Measurement{traffic("new", "", from+1200, 1)})})
	require.Contains(t, e.store.Places(), place{Service: "new", Environment: correlate.DefaultEnvironment})
}

func TestDegradedInputIsNotCalledHealthy(t *testing.T) {
	first := midnight.Unix() + 1300
	for name, c := range map[string]struct {
		lost []correlate.Measurement
		want correlate.Outcome
	}{
		"nothing lost":                 {nil, correlate.Healthy},
		"lost of the service":          {[]correlate.Measurement{lost("watched", correlate.LostSignals, first)}, correlate.Inconclusive},
		"lost of another":              {[]correlate.Measurement{lost("known", correlate.LostSignals, first)}, correlate.Healthy},
		"lost of somebody":             {[]correlate.Measurement{lost("", correlate.LostRefused, first)}, correlate.Inconclusive},
		"shed, and sent again in time": {[]correlate.Measurement{lost("", correlate.LostShed, first), lost("", correlate.LostShed, first+10)}, correlate.Healthy},
		"shed for longer than that": {
			[]correlate.Measurement{
				lost("", correlate.LostShed, first), lost("", correlate.LostShed, first+10), lost("", correlate.LostShed, first+30),
			}, correlate.Inconclusive,
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := propertyConfig()
			cfg.AllowedLateness = 0
			e, _ := bombed(t, cfg, 0, c.lost...)
			e.Apply(Input{Tick: at(midnight.Unix() + 2500)})
			e.Conclude()
			v := e.change("c1").rec.Verdict
			require.NotNil(t, v)
			require.Equal(t, c.want, v.Outcome)
			if c.want == correlate.Inconclusive {
				require.Equal(t, correlate.ReasonNoCoverage, v.Reason)
			}
		})
	}
}

// TestRestoredHalfPlusRestIsTheWholeWhenMemoryIsShort: what was forgotten is forgotten after a restart as well, so the same
// is known in the end.
func TestRestoredHalfPlusRestIsTheWholeWhenMemoryIsShort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, cfg := drawBomb(t), drawTight(t)
		cut := rapid.IntRange(1, len(h.stages)-1).Draw(t, "cut")
		whole, stored := New(cfg), &memory{cfg: cfg}
		all, rest := newOutcome(), newOutcome()
		var half *Engine
		for i, st := range h.stages {
			if i == cut {
				half = stored.restore(all)
				require.Equal(t, whole.Memory().Full, half.Memory().Full)
				rest.Changes, rest.Incidents = maps.Clone(all.Changes), maps.Clone(all.Incidents)
			}
			for _, in := range append(slices.Clone(st.inputs), Input{Tick: at(st.tick)}) {
				in := fold(whole, in)
				effects := whole.Apply(in)
				all.take(effects)
				if half == nil {
					stored.take(in, effects)
				} else {
					rest.take(half.Apply(fold(half, in)))
				}
			}
		}
		all.take(whole.Conclude())
		rest.take(half.Conclude())
		requireSame(t, all.known(), rest.known())
	})
}

package observe

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/cells"
	"github.com/shipwake/shipwake/correlate/judge"
	"github.com/shipwake/shipwake/correlate/window"
)

// lookAt is the case of a change at an instant, for somebody who looks for the first time.
func (w *world) lookAt(s *Subject, at int64) judge.Case {
	return w.Case(w.Watch(nil, w.view(at), s, now(at)), now(0), now(at))
}

func stream(c *judge.Case, kind correlate.SignalKind) *judge.Stream {
	i := slices.IndexFunc(c.Streams, func(s judge.Stream) bool { return s.Kind == kind })
	if i < 0 {
		return nil
	}
	return &c.Streams[i]
}

func TestACaseSplitsWhatTheNewVersionServes(t *testing.T) {
	w := newWorld(t)
	for at := int64(-7200); at < 600; at += 10 {
		w.serve("shop", "v1", at, 100)
		if at >= 100 {
			w.serve("shop", "v2", at, 50)
		}
	}
	s := w.change("c1", "shop", "v2", 0)
	c := w.lookAt(&s, 300)
	require.Equal(t, []int64{now(300), now(0), now(0), 10, 300}, []int64{c.Now, c.Start, c.Finish, c.Resolution, c.Coarse})
	require.Len(t, c.Streams, 1)
	traffic := c.Streams[0]
	require.Equal(t, now(-3600), traffic.Whole[0].Start, "the baseline is an hour")
	require.Equal(t, now(290), traffic.Whole[len(traffic.Whole)-1].Start, "what starts at the instant isn't over")
	require.EqualValues(t, 150, traffic.Whole[len(traffic.Whole)-1].Requests)
	require.Len(t, traffic.New, 20)
	require.Len(t, traffic.Old, 30)
	require.Less(t, traffic.History[len(traffic.History)-1].Start, now(-3600), "rollups of the time before")
	require.Equal(t, now(290), c.Heard)
	require.Empty(t, traffic.Past, "no earlier rollout says how it warms up")
	c = w.lookAt(&s, 100)
	require.Nil(t, c.Streams[0].New, "the new version hasn't served")
}

func TestTheFinestCompleteAccountCountsTheRequests(t *testing.T) {
	type account struct {
		origin      correlate.Origin
		before, now int64 // requests in a bucket
	}
	for name, c := range map[string]struct {
		accounts []account
		want     correlate.Origin
	}{
		"spans before a server's metric":            {[]account{{correlate.OriginSpan, 10, 10}, {correlate.OriginServerMetric, 10, 10}}, correlate.OriginSpan},
		"unless they are a sample":                  {[]account{{correlate.OriginSpan, 5, 5}, {correlate.OriginServerMetric, 10, 10}}, correlate.OriginServerMetric},
		"of metrics, the most trusted":              {[]account{{correlate.OriginServiceGraph, 10, 10}, {correlate.OriginServerMetric, 10, 10}}, correlate.OriginServerMetric},
		"unless it tells only some of the requests": {[]account{{correlate.OriginServiceGraph, 10, 10}, {correlate.OriginServerMetric, 4, 4}}, correlate.OriginServiceGraph},
		"or only those since the change":            {[]account{{correlate.OriginServiceGraph, 10, 10}, {correlate.OriginServerMetric, 0, 10}}, correlate.OriginServiceGraph},
		"what ended with the change is given up":    {[]account{{correlate.OriginSpan, 10, 0}, {correlate.OriginServerMetric, 0, 10}}, correlate.OriginServerMetric},
		"where nothing was told before, the same":   {[]account{{correlate.OriginSpan, 0, 9}, {correlate.OriginServerMetric, 0, 10}}, correlate.OriginSpan},
		"and a sample is none there":                {[]account{{correlate.OriginSpan, 0, 3}, {correlate.OriginServerMetric, 0, 10}}, correlate.OriginServerMetric},
		"a log is better than nothing":              {[]account{{correlate.OriginLog, 10, 10}}, correlate.OriginLog},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for at := int64(-600); at < 600; at += 10 {
				for _, a := range c.accounts {
					n := a.before
					if at >= 0 {
						n = a.now
					}
					if n > 0 {
						w.measure(correlate.Key{Service: "shop", Kind: correlate.Traffic, Origin: a.origin}, at, correlate.Cell{Requests: n})
					}
				}
			}
			s := w.change("c1", "shop", "v2", 0)
			k := w.lookAt(&s, 600)
			require.Len(t, k.Streams, 1)
			require.EqualValues(t, c.want, k.Streams[0].Account)
		})
	}
}

func TestACaseHoldsWhatElseIsMeasured(t *testing.T) {
	w := newWorld(t)
	for at := int64(-600); at < 600; at += 10 {
		w.serve("shop", "", at, 100)
		w.measure(correlate.Key{Service: "shop", Kind: correlate.Gauge, Name: "orders", Origin: correlate.OriginCustom}, at, correlate.Cell{N: 1, Sum: 5})
		w.measure(correlate.Key{Service: "shop", Kind: correlate.Gauge, Name: "queue", Origin: correlate.OriginCustom}, at, correlate.Cell{N: 1, Sum: 5})
		w.measure(correlate.Key{Service: "shop", Kind: correlate.Trace, Name: "v1", Peer: "db"}, at, correlate.Cell{Requests: 5})
		w.call("web", "shop", at)
		w.call("app", "shop", at)
		w.call("shop", "db", at)
		for _, route := range []string{"/buy", "/list"} {
			w.measure(correlate.Key{Service: "shop", Kind: correlate.Route, Name: route}, at, correlate.Cell{Requests: 50})
		}
	}
	s := w.change("c1", "shop", "v2", 0)
	c := w.lookAt(&s, 330)
	require.Len(t, c.Streams, 4, "two signals, requests, and the callers' view; traces and calls to others are none")
	require.Equal(t, correlate.BadDown, c.Streams[0].Bad, "orders, as configured")
	require.Equal(t, correlate.BadUp, c.Streams[1].Bad)
	require.EqualValues(t, 20, stream(&c, correlate.Edge).Whole[0].Requests, "all callers together")
	require.EqualValues(t, 60, c.Minute)
	parts := c.Routes()
	require.Equal(t, []string{"/buy", "/list"}, []string{parts[0].Name, parts[1].Name})
	require.Equal(t, now(240), parts[0].Cells[len(parts[0].Cells)-1].Start, "the last minute that was over")
	require.False(t, parts[0].New)
}

func TestGapsAndBadTimeAreLeftOut(t *testing.T) {
	w := newWorld(t)
	for at := int64(-3600); at < 600; at += 10 {
		w.serve("shop", "", at, 100)
	}
	w.store.Gap(window.Span{From: now(-100), To: now(-50)})
	w.store.Gap(window.Span{From: now(400), To: now(450)})
	w.changes = append(w.changes, regressed(Subject{
		ID: "c0", Place: place("shop"), Kind: correlate.KindDeployment, Start: now(-1800), Finish: now(-1800), End: now(-5), Live: true,
	}, now(-1200)))
	s := w.change("c1", "shop", "v2", 0)
	c := w.lookAt(&s, 300)
	require.Equal(t, []judge.Gap{{From: now(-100), To: now(-50)}, {From: now(-1800), To: now(-1200)}}, c.Gaps, "what comes later isn't known")
	require.Len(t, c.Streams[0].Whole, 360-60+30)
	require.Equal(t, []int64{now(-1800)}, c.Changed)
}

func TestAPlaceThatNobodyMeasuredIsAnEmptyCase(t *testing.T) {
	w := newWorld(t)
	s := w.change("c1", "shop", "v2", 0)
	c := w.lookAt(&s, 300)
	require.Empty(t, c.Streams)
	require.Nil(t, c.Routes)
	require.Zero(t, c.Heard)
}

func drawWorld(t *rapid.T, w *world) []correlate.Measurement {
	name := rapid.SampledFrom([]string{"shop", "web", "db"})
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) correlate.Measurement {
		k := correlate.Key{
			Service: name.Draw(t, "service"), Environment: correlate.DefaultEnvironment,
			Version: rapid.SampledFrom([]string{"", "v1", "v2"}).Draw(t, "version"),
			Kind: rapid.SampledFrom([]correlate.SignalKind{
				correlate.Traffic, correlate.Traffic, correlate.Log, correlate.Edge, correlate.Zone, correlate.Route,
			}).Draw(t, "kind"),
			Origin: rapid.SampledFrom([]correlate.Origin{correlate.OriginSpan, correlate.OriginServerMetric}).Draw(t, "origin"),
		}
		switch k.Kind {
		case correlate.Edge:
			k.Peer, k.Origin = name.Draw(t, "peer"), correlate.OriginClientSpan
		case correlate.Zone, correlate.Route:
			k.Name = rapid.SampledFrom([]string{"x", "y"}).Draw(t, "name")
		}
		c := correlate.Cell{Start: now(10 * rapid.Int64Range(-60, 90).Draw(t, "bucket")), Requests: rapid.Int64Range(1, 99).Draw(t, "requests")}
		c.Latency.Add(180, c.Requests)
		return correlate.Measurement{Key: k, Cell: c}
	}), 0, 60).Draw(t, "measurements")
}

func (w *world) add(all []correlate.Measurement, before int64) {
	for _, m := range all {
		if m.Start < before {
			m.Latency = slices.Clone(m.Latency)
			w.store.Add(m)
		}
	}
}

func drawChanges(t *rapid.T, w *world) {
	for i, at := range slices.Sorted(slices.Values(rapid.SliceOfN(rapid.Int64Range(-300, 500), 0, 3).Draw(t, "other changes"))) {
		s := w.change(string(rune('d'+i)), rapid.SampledFrom([]string{"shop", "web"}).Draw(t, "of"), "v1", at)
		s.End = s.Start + 600
		if rapid.Bool().Draw(t, "bad?") {
			s = regressed(s, 0)
		}
		w.changes[len(w.changes)-1] = s
	}
}

func requireSameCase(t require.TestingT, want, got judge.Case) {
	require.Equal(t, want.Routes == nil, got.Routes == nil)
	if want.Routes != nil {
		require.Equal(t, want.Routes(), got.Routes())
	}
	require.Equal(t, want.Calls == nil, got.Calls == nil)
	if want.Calls != nil {
		require.Equal(t, callsOf(want), callsOf(got))
	}
	want.Routes, got.Routes, want.Calls, got.Calls, want.Lost, got.Lost = nil, nil, nil, nil, nil, nil
	for i := range want.Streams {
		require.Equal(t, cellsOf(want.Streams[i]), cellsOf(got.Streams[i]))
	}
	for i := range want.Zones {
		require.Equal(t, len(want.Zones[i].Cells), len(got.Zones[i].Cells))
		require.Equal(t, cells.Requests(want.Zones[i].Cells), cells.Requests(got.Zones[i].Cells))
		want.Zones[i].Cells, got.Zones[i].Cells = nil, nil
	}
	require.Len(t, got.Streams, len(want.Streams))
	want.Streams, got.Streams = nil, nil
	require.Equal(t, want, got)
}

// callsOf are the calls of a case in such a form as cellsOf has.
func callsOf(c judge.Case) (all []any) {
	for _, calls := range c.Calls() {
		all = append(all, calls.Peer, cellsOf(judge.Stream{Whole: calls.Whole, History: calls.History}))
	}
	return all
}

// cellsOf is a stream in a form that doesn't tell an empty list from none.
func cellsOf(s judge.Stream) (all [][]int64) {
	for _, list := range [][]correlate.Cell{s.New, s.Old, s.Whole, s.History, s.Past} {
		row := []int64{int64(s.Kind), int64(s.Account)}
		for _, c := range list {
			row = append(row, c.Start, c.Requests)
		}
		all = append(all, row)
	}
	return all
}

// A case at an instant is the same whether or not it is known what comes after: of measurements and of changes.
func TestACaseKnowsNothingOfWhatComesAfter(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		then, later := newWorld(t), newWorld(t)
		all := drawWorld(rt, then)
		s := Subject{ID: "c1", Place: place("shop"), Kind: correlate.KindDeployment, Version: "v2", Start: now(0), Finish: now(60), End: now(900), Live: true}
		drawChanges(rt, later)
		at := 10 * rapid.Int64Range(1, 60).Draw(rt, "at")
		then.add(all, now(at))
		later.add(all, now(10_000))
		for _, c := range later.changes {
			if known := c.At(now(at)); known.ID != "" {
				then.changes = append(then.changes, known)
			}
		}
		requireSameCase(rt, then.lookAt(&s, at), later.lookAt(&s, at))
		a, b := then.Basis(nil, then.view(at), &s, now(at)), later.Basis(nil, later.view(at), &s, now(at))
		require.Equal(rt, a, b)
	})
}

// What is remembered from look to look changes nothing in what is seen.
func TestALookWithAMemoryIsALookWithout(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		drawChanges(rt, w)
		w.add(drawWorld(rt, w), now(10_000))
		s := Subject{ID: "c1", Place: place("shop"), Kind: correlate.KindDeployment, Version: "v2", Start: now(0), Finish: now(60), End: now(900), Live: true}
		var kept *Watch
		for _, step := range slices.Sorted(slices.Values(rapid.SliceOfN(rapid.Int64Range(1, 80), 1, 6).Draw(rt, "looks"))) {
			at := step * 10
			kept = w.Watch(kept, w.view(at), &s, now(at))
			requireSameCase(rt, w.lookAt(&s, at), w.Case(kept, now(0), now(at)))
			_, near := w.Neighbour(w.view(at), place("web"), now(0), now(at))
			fresh := &world{Observer: New(testConfig(), w.store), store: w.store, changes: w.changes}
			_, anew := fresh.Neighbour(fresh.view(at), place("web"), now(0), now(at))
			requireSameCase(rt, *anew, *near)
		}
	})
}

// The basis of an assessment is another when the assessment may be.
func TestABasisIsAnotherWhenSomethingIsKnown(t *testing.T) {
	for name, become := range map[string]func(w *world, s *Subject){
		"the rollout is complete":         func(_ *world, s *Subject) { s.Finish = now(200) },
		"it began earlier":                func(_ *world, s *Subject) { s.Start-- },
		"it is of another kind":           func(_ *world, s *Subject) { s.Kind = correlate.KindConfig },
		"it reached a zone":               func(_ *world, s *Subject) { s.Zones = []Step{{"east", now(100)}} },
		"its version serves":              func(w *world, _ *Subject) { w.serve("shop", "v2", 100, 10) },
		"telemetry was lost":              func(w *world, _ *Subject) { w.store.Gap(window.Span{From: now(100), To: now(200)}) },
		"an earlier change turns out bad": func(w *world, _ *Subject) { w.changes[0] = regressed(w.changes[0], 0) },
		"another one began before it":     func(w *world, _ *Subject) { w.change("c8", "shop", "v0", -900) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.serve("shop", "v1", -600, 10)
			w.change("c0", "shop", "v1", -4000)
			s := Subject{ID: "c1", Place: place("shop"), Kind: correlate.KindDeployment, Version: "v2", Start: now(0), Live: true}
			before := w.Basis(nil, w.view(300), &s, now(300))
			require.Equal(t, before, w.Basis(nil, w.view(300), &s, now(300)))
			become(w, &s)
			require.NotEqual(t, before, w.Basis(nil, w.view(300), &s, now(300)))
		})
	}
}

// The stamp of a watch is the same until something of its place, or of who calls it, comes or goes.
func TestAStampIsTheSameWhileNothingComesOrGoes(t *testing.T) {
	for name, c := range map[string]struct {
		become func(w *world)
		same   bool
	}{
		"a cell of a stream that is known": {func(w *world) { w.serve("shop", "v1", 300, 10) }, true},
		"another service":                  {func(w *world) { w.serve("cart", "v1", 300, 10) }, true},
		"its version serves":               {func(w *world) { w.serve("shop", "v2", 300, 10) }, false},
		"another signal": {func(w *world) {
			w.measure(correlate.Key{Service: "shop", Kind: correlate.Exception, Name: "E"}, 300, correlate.Cell{Errors: 1})
		}, false},
		"somebody else calls it": {func(w *world) { w.call("app", "shop", 300) }, false},
		"who calls it tells a route": {func(w *world) {
			w.measure(correlate.Key{Service: "web", Kind: correlate.Route, Name: "/"}, 300, correlate.Cell{Requests: 1})
		}, false},
		"telemetry was lost": {func(w *world) { w.store.Gap(window.Span{From: now(100), To: now(200)}) }, false},
		"cells are dropped":  {func(w *world) { w.store.Expire(now(-300), now(-300)) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for at := int64(-600); at < 300; at += 10 {
				w.serve("shop", "v1", at, 10)
				w.call("web", "shop", at)
			}
			s := w.change("c1", "shop", "v2", 0)
			v := w.view(300)
			require.Zero(t, w.Stamp(nil, v, &s))
			kept := w.Watch(nil, v, &s, now(300))
			require.Zero(t, w.Stamp(kept, v, &s))
			w.Case(kept, s.Finish, now(300))
			before := w.Stamp(kept, v, &s)
			require.NotZero(t, before)
			require.Equal(t, before, w.Stamp(kept, v, &s))
			other := s
			if c.become(w); c.same {
				require.Equal(t, before, w.Stamp(kept, v, &s))
				require.NotEqual(t, before, w.Stamp(kept, v, &other))
				return
			}
			require.NotEqual(t, before, w.Stamp(kept, v, &s))
			w.Case(kept, s.Finish, now(310))
			require.NotEqual(t, before, w.Stamp(kept, v, &s))
		})
	}
}

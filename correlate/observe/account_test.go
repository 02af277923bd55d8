package observe

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/cells"
)

// toldBy is what a service's requests, ten a second, come to as one instrumentation tells them.
type toldBy struct {
	origin correlate.Origin
	every  int64 // seconds
	parts  int64 // of ten requests so many are told
}

func drawTellers(t *rapid.T) (all []toldBy) {
	for _, origin := range []correlate.Origin{correlate.OriginServerMetric, correlate.OriginSpanMetrics, correlate.OriginSpan} {
		if rapid.Bool().Draw(t, "told?") {
			all = append(all, toldBy{origin, 10 * rapid.Int64Range(1, 6).Draw(t, "buckets"), rapid.Int64Range(1, 10).Draw(t, "parts")})
		}
	}
	return all
}

// All looks at a change count by one account, and that is one which tells three quarters of what any other does.
func TestAllLooksCountByOneAccount(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w, all := newWorld(t), drawTellers(rt)
		var most int64
		for _, a := range all {
			most = max(most, a.parts)
			for at := int64(-1800); at < 1200; at += a.every {
				version := "v1"
				if at >= 0 && at/a.every%2 == 0 {
					version = "v2"
				}
				w.measure(correlate.Key{Service: "shop", Version: version, Kind: correlate.Traffic, Origin: a.origin}, at, correlate.Cell{Requests: a.parts * a.every})
			}
		}
		s := w.change("c1", "shop", "v2", 0)
		var chosen []uint64
		var kept *Watch
		for at := int64(10); at <= 1200; at += 10 * rapid.Int64Range(1, 12).Draw(rt, "until the next look") {
			kept = w.Watch(kept, w.view(at), &s, now(at))
			c := w.Case(kept, now(0), now(at))
			require.Equal(rt, len(all) > 0, len(c.Streams) > 0)
			if len(all) > 0 {
				chosen = append(chosen, c.Streams[0].Account)
			}
		}
		if chosen = slices.Compact(chosen); len(all) == 0 {
			return
		}
		require.Len(rt, chosen, 1)
		i := slices.IndexFunc(all, func(a toldBy) bool { return uint64(a.origin) == chosen[0] })
		require.GreaterOrEqual(rt, 8*all[i].parts+1, mostOf*most)
	})
}

func TestWhatAnAccountMissedIsCountedOnce(t *testing.T) {
	w := newWorld(t)
	for at := int64(-600); at < 1200; at += 10 {
		w.measure(correlate.Key{Service: "shop", Kind: correlate.Traffic, Origin: correlate.OriginServerMetric}, at, correlate.Cell{Requests: 1})
		if at < 300 || at >= 900 {
			w.serve("shop", "", at, 1)
		}
	}
	s := w.change("c1", "shop", "v2", 0)
	watch := w.Watch(nil, w.view(1200), &s, now(1200))
	shop := w.store.Service(place("shop"))
	of := func(o correlate.Origin) account {
		k := cells.Key{Kind: correlate.Traffic, Origin: o}
		return account{k, shop.Stream(k), watch.track(shop.Stream(k))}
	}
	spans, metric := of(correlate.OriginSpan), of(correlate.OriginServerMetric)
	for _, look := range []struct{ at, want int64 }{
		{300, 0}, {600, 0}, {700, 4}, {1200, 25}, {700, 4}, {1200, 25},
	} {
		require.Equal(t, look.want, watch.missed(spans, metric.Stream, now(look.at)), "after %d s", look.at)
	}
	require.Zero(t, watch.missed(metric, spans.Stream, now(1200)))
}

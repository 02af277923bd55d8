package observe

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

func (w *world) serveIn(zone, version string, from, to int64) {
	for at := from; at < to; at += 10 {
		w.serve("shop", version, at, 10)
		w.measure(correlate.Key{Service: "shop", Version: version, Kind: correlate.Zone, Name: zone}, at, correlate.Cell{Requests: 10})
	}
}

func TestZonesAreComparedWhereTheyTellWhatTheChangeReached(t *testing.T) {
	for name, c := range map[string]struct {
		serve func(w *world)
		steps []Step
		want  map[string]int64 // when each zone was reached; nil when zones tell nothing
		apart bool
	}{
		"the new version in one zone alone": {
			serve: func(w *world) {
				w.serveIn("east", "v1", -600, 0)
				w.serveIn("east", "v2", 0, 600)
				w.serveIn("west", "v1", -600, 600)
			}, want: map[string]int64{"east": now(0), "west": 0}, apart: true,
		},
		"both versions in one zone are compared there": {
			serve: func(w *world) {
				w.serveIn("east", "v1", -600, 600)
				w.serveIn("east", "v2", 0, 600)
				w.serveIn("west", "v1", -600, 600)
			},
		},
		"a zone that was told of, without versions": {
			serve: func(w *world) { w.serveIn("east", "", -600, 600); w.serveIn("west", "", -600, 600) },
			steps: []Step{{"east", now(100)}}, want: map[string]int64{"east": now(100), "west": 0},
		},
		"a zone without a time was reached at the start": {
			serve: func(w *world) { w.serveIn("east", "", -600, 600); w.serveIn("west", "", -600, 600) },
			steps: []Step{{"east", 0}}, want: map[string]int64{"east": now(0), "west": 0},
		},
		"everywhere": {
			serve: func(w *world) { w.serveIn("east", "", -600, 600); w.serveIn("west", "", -600, 600) },
			steps: []Step{{correlate.Everywhere, now(200)}, {"east", now(100)}}, want: map[string]int64{"east": now(100), "west": now(200)},
		},
		"none that was reached by then": {
			serve: func(w *world) { w.serveIn("east", "", -600, 600); w.serveIn("west", "", -600, 600) },
			steps: []Step{{"east", now(700)}},
		},
		"a service in one zone": {
			serve: func(w *world) { w.serveIn("east", "", -600, 600) }, steps: []Step{{"east", 0}},
		},
		"nobody tells of zones or versions": {
			serve: func(w *world) { w.serveIn("east", "", -600, 600); w.serveIn("west", "", -600, 600) },
		},
		"a version that served there before reached nothing": {
			serve: func(w *world) { w.serveIn("east", "v2", -600, 600); w.serveIn("west", "v1", -600, 600) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c.serve(w)
			s := w.change("c1", "shop", "v2", 0)
			s.Zones = c.steps
			k := w.lookAt(&s, 600)
			if c.want == nil {
				require.Empty(t, k.Zones)
				return
			}
			reached := map[string]int64{}
			for _, z := range k.Zones {
				reached[z.Name] = z.Reached
				require.Len(t, z.Cells, 120, "all versions of a zone together")
			}
			require.Equal(t, c.want, reached)
			if c.apart {
				require.Nil(t, stream(&k, correlate.Traffic).New, "the versions differ as zones differ")
			}
		})
	}
}

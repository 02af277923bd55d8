package observe

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/window"
)

func TestPseudoChangesAreSpreadOverTime(t *testing.T) {
	phases := map[int64]bool{}
	for i := range 50 {
		phases[phase(place(fmt.Sprint("service-", i)))/60] = true
	}
	require.Len(t, phases, 6, "of every ten minutes of the hour, some")
}

func TestPlacebosAreJudgedWhereNothingChanged(t *testing.T) {
	end := int64(6000) // a pseudo-change ends here
	for (now(end)/10-phase(place("shop")))%placeboEvery != 0 {
		end += 10
	}
	for name, c := range map[string]struct {
		from      int64 // when it began to be measured
		fails     int64 // since when it fails, 0: never
		edit      func(w *world)
		pretended int64
		alarms    int64
	}{
		"one an hour, and nothing is found":     {from: -7000, pretended: 1},
		"a fault without a change is found":     {from: -7000, fails: end - 1200, pretended: 1, alarms: 1},
		"not without a baseline":                {from: end - 3000},
		"not where telemetry was lost":          {from: -7000, edit: func(w *world) { w.store.Gap(window.Span{From: now(end - 1000), To: now(end - 900)}) }},
		"not while a change is observed":        {from: -7000, edit: func(w *world) { w.change("c1", "shop", "v2", end-3600) }},
		"not near one":                          {from: -7000, edit: func(w *world) { w.call("web", "shop", 0); w.change("c1", "web", "v2", end-3600) }},
		"again, a while after its window ended": {from: -7000, edit: func(w *world) { w.change("c1", "shop", "v2", end-3900-2000) }, pretended: 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for at := c.from; at < end; at += 10 {
				errors := int64(5)
				if c.fails > 0 && at >= c.fails {
					errors = 300
				}
				w.measure(correlate.Key{Service: "shop", Kind: correlate.Traffic}, at, correlate.Cell{Requests: 1000, Errors: errors})
			}
			if c.edit != nil {
				c.edit(w)
			}
			pretended, alarms, at := int64(0), int64(0), int64(end-3600)
			for ; at < end; at += 600 {
				p, a := w.Placebos(w.view(at+600), now(at))
				pretended, alarms = pretended+p, alarms+a
			}
			require.Equal(t, []int64{c.pretended, c.alarms}, []int64{pretended, alarms})
		})
	}
}

// A service that has nothing but a custom signal is tried like others. That its values hardly alarm is for the judge.
func TestPlacebosOfServicesThatHaveOnlyCustomSignals(t *testing.T) {
	end := int64(6000)
	for (now(end)/10-phase(place("shop")))%placeboEvery != 0 {
		end += 10
	}
	for name, c := range map[string]struct {
		kind      correlate.SignalKind
		falls     int64 // since when it is less, 0: never
		pretended int64
		alarms    int64
	}{
		"a value that holds still":   {kind: correlate.Gauge, pretended: 1},
		"a value that falls":         {kind: correlate.Gauge, falls: end - 1700, pretended: 1, alarms: 1},
		"a resource can't be judged": {kind: correlate.Saturation},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			key := correlate.Key{Service: "shop", Name: "orders", Kind: c.kind, Origin: correlate.OriginCustom}
			days := now(end-6900) / 300 * 300
			for at := days - 7*86400; at < days; at += 300 {
				k := key
				k.Environment = correlate.DefaultEnvironment
				cell := correlate.Cell{Start: at, N: 1, Sum: 100 * correlate.Fixed}
				w.store.Restore(correlate.Rollup{Start: at, Cells: []correlate.Measurement{{Key: k, Cell: cell}}})
			}
			for at := end - 6900; at < end; at += 60 {
				v := int64(100)
				if c.falls > 0 && at >= c.falls {
					v = 20
				}
				w.measure(key, at, correlate.Cell{N: 1, Sum: v * correlate.Fixed})
			}
			pretended, alarms := w.Placebos(w.view(end), now(end-600))
			require.Equal(t, []int64{c.pretended, c.alarms}, []int64{pretended, alarms})
		})
	}
}

package observe

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/blame"
)

func TestStepsOfARolloutAreThoseOfItsShare(t *testing.T) {
	s := Subject{Start: 600, Finish: 1800}
	var all []Serving
	for i, fresh := range []int64{0, 0, 95, 110, 102, 98, 500, 510, 495, 300, 1000, 1000} {
		all = append(all, Serving{at: 600 + int64(i)*60, fresh: fresh, all: 1000})
	}
	all = level(all)
	require.Equal(t, []int64{600, 720, 960, 1200, 1800}, s.Steps(all, 3600), "a few requests more are no step, and fewer neither")
	require.NotContains(t, s.Steps(all, 1500), int64(1800), "the finish isn't known yet")
	few := level([]Serving{{at: 600, all: 10}, {at: 660, fresh: 3, all: 10}, {at: 720, fresh: 1, all: 10}})
	require.True(t, slices.IsSorted(s.Steps(few, 3600)))
	require.Equal(t, []int64{600, 1800}, s.Steps(few, 3600), "of ten requests three are chance")
	s.Zones = []Step{{"east", 600}, {"west", 900}, {"north", 4000}}
	require.Equal(t, []int64{600, 900, 1800}, s.Steps(nil, 3600), "each zone that was reached since is a step")
}

func TestARolloutIsWholeWhenOnlyItsVersionServes(t *testing.T) {
	all := level([]Serving{{at: 600, all: 1000}, {at: 660, fresh: 500, all: 1000}, {at: 720, fresh: 1000, all: 1000}})
	require.False(t, WholeAt(all, 599), "nothing is known of before")
	require.False(t, WholeAt(all, 719))
	require.True(t, WholeAt(all, 720))
	require.True(t, WholeAt(all, 10_000))
}

func TestADoseIsTheShareThatStoodInAWindow(t *testing.T) {
	course := blame.Course{Windows: []blame.Window{{At: 540}, {At: 600}, {At: 660}, {At: 720}, {At: 780}}}
	all := level([]Serving{{at: 600, fresh: 0, all: 1000}, {at: 660, fresh: 500, all: 1000}, {at: 780, fresh: 1000, all: 1000}})
	require.Equal(t, []float64{0, 0, 0.5, 0.5, 1}, Doses(&course, all))
	require.Nil(t, Doses(&course, nil), "telemetry doesn't tell")
}

func TestServingsFollowTheNewVersion(t *testing.T) {
	w := newWorld(t)
	for at := int64(-600); at < 600; at += 10 {
		w.serve("shop", "v1", at, 100)
		if at >= 0 {
			w.serve("shop", "v2", at, 300)
		}
	}
	c := w.change("c1", "shop", "v2", 0)
	all := w.Servings(&c, now(300), now(600))
	require.NotEmpty(t, all)
	require.Zero(t, all[0].share)
	require.InDelta(t, 0.75, all[len(all)-1].share, 1e-9)
	require.Equal(t, []int64{now(0)}, c.Steps(all, now(600)), "the step is where the change began")
	c.Version, c.Kind = "", correlate.KindConfig
	require.Nil(t, w.Servings(&c, now(300), now(600)), "a setting has no version")
}

func TestTheShareOfAVersionIsToldByTheFinestAccount(t *testing.T) {
	w := newWorld(t)
	metric := func(version string, at, requests int64) {
		w.measure(correlate.Key{Service: "shop", Version: version, Kind: correlate.Traffic, Origin: correlate.OriginServerMetric}, at, correlate.Cell{Requests: requests})
	}
	for at := int64(-600); at < 600; at += 10 {
		if at%60 == 0 {
			metric("v1", at, 600)
		}
		if at >= 0 && at%60 == 30 {
			metric("v2", at, 300)
		}
		w.serve("shop", "v1", at, 100)
		if at >= 0 {
			w.serve("shop", "v2", at, 100)
		}
	}
	s := w.change("c1", "shop", "v2", 0)
	all := w.Servings(&s, now(0), now(600))
	require.False(t, WholeAt(all, now(590)))
	for _, window := range all {
		want := 0.0
		if window.at >= now(0) {
			want = 0.5
		}
		require.Equal(t, want, window.share)
	}
	metric("v3", 0, 5)
	only := w.change("c2", "shop", "v3", 0)
	require.NotEmpty(t, w.Servings(&only, now(0), now(600)), "the metric, where spans don't tell the version")
}

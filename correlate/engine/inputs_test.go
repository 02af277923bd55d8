package engine

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// What a verdict's inputs hold of the changes near it is what going through all of them finds.
func TestTheChangesNearOneAreThoseOfAScan(t *testing.T) {
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		e := New(propertyConfig())
		for _, st := range h.stages {
			for _, in := range st.inputs {
				e.Apply(in)
			}
			e.Apply(Input{Tick: at(st.tick)})
			r := e.round(st.tick, false)
			after := rapid.Int64Range(st.tick-3600, st.tick).Draw(t, "after")
			for _, c := range r.changes {
				var want []int
				near := r.observer.Near(c.place(), r.At)
				for i, s := range r.Watched {
					if near[s.Place] && s.Live && s.Start > after {
						want = append(want, i)
					}
				}
				require.Equal(t, want, liveNear(r, c.place(), after))
				found += len(want)
			}
		}
	})
	require.NotZero(t, found)
}

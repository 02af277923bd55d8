package engine

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate/observe"
)

// What is remembered of the changes of each place is what would be derived from their records and courses, whatever came
// in.
func TestWhatIsKnownOfChangesIsNeverOld(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		e := New(propertyConfig())
		check := func() {
			for _, c := range e.changes {
				fresh, known := observe.Whole(e.subject(c)), e.known(c)
				require.Equal(t, fresh.Subject, known.Subject)
				s, hash := fresh.By(e.mark.At)
				by, of := known.By(e.mark.At)
				require.Equal(t, s, by)
				require.Equal(t, hash, of)
			}
			for p, known := range e.described {
				require.Len(t, known.All, len(e.lineup(p)))
			}
		}
		for _, st := range h.stages {
			for _, in := range st.inputs {
				e.Apply(in)
				if in.Facts != nil {
					check()
				}
			}
			e.Apply(Input{Tick: at(st.tick)})
			check()
		}
		e.Conclude()
		check()
	})
}

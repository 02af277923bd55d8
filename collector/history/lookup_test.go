package history

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestALookupIsAMapOfTheEarliest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l Lookup
		want := map[string]time.Time{}
		for range rapid.IntRange(0, 50).Draw(t, "n") {
			name := fmt.Sprint(rapid.IntRange(0, 20).Draw(t, "name"))
			at := time.Unix(int64(rapid.IntRange(1, 9).Draw(t, "at")), 0).UTC()
			require.NoError(t, l.Add(name, at))
			if was, ok := want[name]; !ok || at.Before(was) {
				want[name] = at
			}
		}
		for n := range 22 {
			require.Equal(t, want[fmt.Sprint(n)], l.Find(fmt.Sprint(n)))
		}
	})
}

func TestALookupHasABound(t *testing.T) {
	l := Lookup{known: make([]known, mostKnown)}
	require.ErrorContains(t, l.Add("x", time.Now()), "is too long to be remembered")
}

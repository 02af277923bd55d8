package dora_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate/dora"
)

// What is forgotten is no part of a report that the table covers: it is that of a table that never forgot.
func TestWhatIsForgottenIsNotCovered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all, bounded := dora.NewTable(), dora.NewTable()
		for i := range rapid.IntRange(1, 60).Draw(t, "changes") {
			c := change(fmt.Sprint("c", i), asOf.AddDate(0, 0, -rapid.IntRange(0, 400).Draw(t, "days ago")))
			in := incident(fmt.Sprint("i", i), c.FinishedAt, c.FinishedAt.AddDate(0, 0, 1), c.ID)
			all.Change(&c)
			bounded.Change(&c)
			if i%3 == 0 {
				all.Incident(&in)
				bounded.Incident(&in)
			}
			bounded.Forget(20)
			require.LessOrEqual(t, bounded.Len(), 20)
		}
		if rapid.Bool().Draw(t, "left and read") {
			bounded = restored(t, partsOf(bounded))
		}
		q := dora.Query{From: asOf.AddDate(0, 0, -rapid.IntRange(1, 400).Draw(t, "window")), To: asOf}
		if bounded.Covers(q) {
			require.Equal(t, all.Report(q, asOf), bounded.Report(q, asOf))
		} else {
			require.Greater(t, all.Len(), 20)
		}
	})
}

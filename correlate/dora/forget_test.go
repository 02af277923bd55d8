package dora_test

import (
	"fmt"
	"testing"
	"time"

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

// A label that tells changes one by one isn't kept, and what is counted by it is not covered; what is counted by others is.
func TestWhatIsCountedByALabelWithTooManyValuesIsNotCovered(t *testing.T) {
	table := dora.NewTable()
	var d dora.Data
	for i := range 3000 {
		c := change(fmt.Sprint("c", i), at(i))
		c.Labels = map[string]string{"build": fmt.Sprint(i), "region": fmt.Sprint(i % 3)}
		d.Changes = append(d.Changes, c)
		table.Change(&c)
	}
	for _, table := range []*dora.Table{table, restored(t, partsOf(table))} {
		byRegion, byBuild, ofBuild := month, month, month
		byRegion.By, byBuild.By = dora.ByLabel("region"), dora.ByLabel("build")
		ofBuild.Labels = []dora.Label{{Name: "build", Value: "7"}}
		require.False(t, table.Covers(byBuild))
		require.False(t, table.Covers(ofBuild))
		require.True(t, table.Covers(byRegion))
		require.Equal(t, dora.Compute(byRegion, d, asOf), table.Report(byRegion, asOf))
		require.Len(t, dora.Compute(byBuild, d, asOf).Groups, 3000)
	}
}

// A report has so many cells at most, and says when there were more.
func TestAReportHasSoManyCells(t *testing.T) {
	table := dora.NewTable()
	for i := range 400 {
		for day := range 300 {
			c := change(fmt.Sprint("c", i, "/", day), asOf.AddDate(0, 0, day-300).Add(time.Hour))
			c.Service, c.Team = fmt.Sprint("service-", i), fmt.Sprint("team-", i)
			table.Change(&c)
		}
	}
	q := dora.Query{From: asOf.AddDate(0, 0, -300), To: asOf, By: dora.ByTeam, Series: dora.Day}
	require.True(t, table.Report(q, asOf).Over)
	q.Series = dora.Week
	require.False(t, table.Report(q, asOf).Over)
}

package quality_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora/quality"
)

func TestAccuracyIsWhatPeopleSayOfRegressions(t *testing.T) {
	var none quality.AccuracyTally
	require.Equal(t, quality.Accuracy{Grades: []quality.GradeAccuracy{}}, none.Accuracy(), "no data is no rate")

	var tally quality.AccuracyTally
	add := func(id string, grade correlate.Grade, outcome correlate.Outcome, notes ...correlate.Note) {
		c := correlate.ChangeRecord{Change: correlate.Change{ID: id}, Verdict: &correlate.Verdict{Outcome: outcome, Grade: grade}}
		for _, n := range notes {
			n.Change, n.By, n.At = id, "ada", time.Unix(int64(len(c.Notes)), 0)
			c.Notes = correlate.AddNote(c.Notes, n)
		}
		tally.Change(&c)
	}
	overruled := func(instead string) correlate.Note {
		return correlate.Note{Kind: correlate.NoteOverrule, CausedBy: instead}
	}
	confirmed := correlate.Note{Kind: correlate.NoteConfirm}
	withdrawn := correlate.Note{Kind: correlate.NoteOverrule, Withdrawn: true}
	add("a", correlate.GradeA, correlate.Regressed)
	add("b", correlate.GradeA, correlate.Regressed, overruled("a"))
	add("c", correlate.GradeC, correlate.Regressed, overruled("missed"))
	add("d", correlate.GradeC, correlate.Regressed, overruled(""), confirmed)
	add("e", correlate.GradeC, correlate.Regressed, overruled(""), withdrawn)
	add("f", correlate.GradeC, correlate.Healthy, overruled(""))
	is := tally.Accuracy()
	require.Equal(t, 5, is.Regressed)
	require.Equal(t, [2]int{2, 5}, [2]int{is.Overruled.Numerator, is.Overruled.Denominator})
	require.InDelta(t, 0.118, is.Overruled.Interval[0], 0.001, "Wilson, by hand")
	require.InDelta(t, 0.769, is.Overruled.Interval[1], 0.001)
	require.Equal(t, 1, is.Confirmed.Numerator)
	require.Equal(t, 1, is.Missed, "the other one that is named was judged to hurt as well")
	require.Len(t, is.Grades, 2)
	require.Equal(t, correlate.GradeC, is.Grades[1].Grade)
	require.Equal(t, [2]int{1, 3}, [2]int{is.Grades[1].Overruled.Numerator, is.Grades[1].Regressed})
}

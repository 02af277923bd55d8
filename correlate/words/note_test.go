package words_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/correlate/dora/quality"
	"github.com/shipwake/shipwake/correlate/words"
)

func TestEveryKindOfNoteHasItsWords(t *testing.T) {
	said := map[string]bool{}
	for _, kind := range correlate.NoteKinds() {
		for _, withdrawn := range []bool{false, true} {
			text := words.NoteText(correlate.Note{Kind: kind, Change: "checkout-7", Incident: "PD-1", CausedBy: "cart-3", Withdrawn: withdrawn})
			require.NotEqual(t, string(kind), text)
			if kind != correlate.NoteOverrule && kind != correlate.NoteConfirm || !withdrawn {
				require.NotContains(t, said, text)
			}
			said[text] = true
		}
	}
	require.Contains(t, words.Note(correlate.Note{Kind: correlate.NoteOverrule, Change: "checkout-7", By: "ada", Reason: "a cold cache"}), "it was not checkout-7: a cold cache")
	require.Equal(t, "no change caused PD-1", words.NoteText(correlate.Note{Kind: correlate.NoteLink, Incident: "PD-1", CausedBy: correlate.CausedByNone}))
}

func TestAccuracyInWords(t *testing.T) {
	require.Equal(t, "No change was judged regressed.", words.Accuracy(quality.Accuracy{}))
	a := quality.Accuracy{
		Regressed: 141, Missed: 1, Confirmed: &dora.Ratio{Numerator: 9, Denominator: 141},
		Overruled: &dora.Ratio{Value: 0.0213, Numerator: 3, Denominator: 141, Interval: [2]float64{0.0073, 0.0607}},
	}
	require.Contains(t, words.Accuracy(a), "People overruled 3 of 141 verdicts that say regressed (")
	require.Contains(t, words.Accuracy(a), "and confirmed 9. They name 1 that were not judged regressed.")
}

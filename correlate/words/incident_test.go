package words_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
)

// TestEveryReasonWhyAnIncidentIsNobodysHasWords: each of the closed list its own, and none where a change is held responsible.
func TestEveryReasonWhyAnIncidentIsNobodysHasWords(t *testing.T) {
	said := map[string]correlate.Unlinked{}
	for _, why := range correlate.AllUnlinked() {
		i := correlate.IncidentRecord{
			Incident: correlate.Incident{ID: "PD-1", Service: "checkout", Environment: "production"}, UnlinkedReason: why, Exonerated: "checkout-7",
		}
		switch why {
		case correlate.UnlinkedSaid:
			i.CausedBy = correlate.CausedByNone
		case correlate.UnlinkedNoService:
			i.Service = ""
		case correlate.UnlinkedGuess:
			i.ServiceGuessed = true
		}
		text := words.Unlinked(i)
		require.NotEmpty(t, text, why)
		require.NotContains(t, said, text)
		said[text] = why
		require.Equal(t, why == correlate.UnlinkedNoChange, words.Unanswered(i), why)
		i.AttributedTo = "checkout-8"
		require.Empty(t, words.Unlinked(i))
	}
	several := correlate.IncidentRecord{Incident: correlate.Incident{Environment: "production"}.Of("cart", "pay", "shop"), UnlinkedReason: correlate.UnlinkedNoChange}
	require.Contains(t, words.Unlinked(several), "no change of cart, pay or shop in production")
	several.Incident = several.Of("a", "b", "c", "d", "e", "f", "g")
	require.Contains(t, words.Unlinked(several), "no change of a, b, c, d, e or 2 others in production")
	require.Equal(t, "nobody reports it any more", words.Unlinked(correlate.IncidentRecord{Retracted: true}))
}

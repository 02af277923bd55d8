package words

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/gate"
)

func TestEveryReasonOfTheGateHasItsWords(t *testing.T) {
	change := &correlate.ChangeRecord{
		Change: correlate.Change{Service: "cart", Version: "v2"}, RolledBackBy: "cart-9",
		Verdict: &correlate.Verdict{Reason: correlate.ReasonLatency},
	}
	said := map[string]gate.Why{}
	for _, why := range gate.Whys() {
		text := Gate(gate.Answer{Why: why, Open: []string{"a", "b", "c", "d"}}, change, "cart-7")
		require.NotContains(t, said, text, "%s and %s", why, said[text])
		said[text] = why
		if why != gate.Calm && why != gate.Trouble {
			require.Contains(t, text, "cart v2", why)
		}
	}
	require.Equal(t, "nobody has reported cart-7", Gate(gate.Answer{Why: gate.Unreported}, nil, "cart-7"))
	require.Contains(t, Gate(gate.Answer{Why: gate.Trouble, Open: []string{"a", "b", "c", "d"}}, nil, ""), "(a, b, c and 1 more)")
}

package evalue

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/internal/drawn"
)

func TestComplementOfCommonEvents(t *testing.T) {
	p := Default()
	h := p.Hypothesize(0, 1.25, 0.5, 0.4, 1)
	require.True(t, h.complement)
	require.InDelta(t, 1.2, h.Theta, 1e-9, "0.6 / (1 − 1.25·0.4)")
	require.Equal(t, Pair{drawn.Start, 60, 100, 30, 100}, h.Turn(Pair{drawn.Start, 70, 100, 40, 100}))
	bounds := h.Bounds(1, 2)
	require.InDelta(t, 1, bounds[0], 1e-9)
	require.InDelta(t, 1.75, bounds[1], 1e-9, "p_T = 1 − 0.6/2 = 0.7")
}

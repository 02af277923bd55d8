package evalue

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSmallestVisible(t *testing.T) {
	bar := -math.Log(0.01)
	h := Hypothesis{Theta: 1.25, Phi: 1, Control: 0.005}
	little := SmallestVisible(Pair{NT: 1000, NC: 1000}, h, bar)
	much := SmallestVisible(Pair{NT: 100_000, NC: 100_000}, h, bar)
	require.Greater(t, little, 3.0)
	require.Less(t, much, 1.7)
	require.Greater(t, much, 1.25)
	require.Zero(t, SmallestVisible(Pair{NC: 1000}, h, bar))
	require.Zero(t, SmallestVisible(Pair{NT: 10, NC: 10}, h, 100))
}

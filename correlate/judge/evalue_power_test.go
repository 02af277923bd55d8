package judge

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSmallestVisible(t *testing.T) {
	bar := -math.Log(0.01)
	h := hypothesis{theta: 1.25, phi: 1, control: 0.005}
	little := smallestVisible(pair{nT: 1000, nC: 1000}, h, bar)
	much := smallestVisible(pair{nT: 100_000, nC: 100_000}, h, bar)
	require.Greater(t, little, 3.0)
	require.Less(t, much, 1.7)
	require.Greater(t, much, 1.25)
	require.Zero(t, smallestVisible(pair{nC: 1000}, h, bar))
	require.Zero(t, smallestVisible(pair{nT: 10, nC: 10}, h, 100))
}

package app

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/host"
	"github.com/shipwake/shipwake/collector/reduce"
)

func TestTheMemoryLimitLeavesRoomForEdgesAndTraces(t *testing.T) {
	require.LessOrEqual(t, reduce.DefaultEdgeBytes+reduce.TraceBytes, int(host.Waiting))
}

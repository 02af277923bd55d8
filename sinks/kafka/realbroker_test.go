//go:build kafka

package kafka

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/kafka/kafkatest"
)

// TestEventsReachARealBroker: a thousand events, each acknowledged by all replicas in sync, once and in order.
func TestEventsReachARealBroker(t *testing.T) {
	const events = 1000
	b := kafkatest.Start(t)
	b.CreateTopics(3, "verdicts")
	out := opened(t, b.Address, "verdicts")
	for n := range events {
		_, err := out.Deliver(t.Context(), one(t, out, revision(n)))
		require.NoError(t, err)
	}
	all := read(t, b.Address, events)
	require.Len(t, all, events)
	for n, r := range all {
		require.Equal(t, one(t, out, revision(n)).Key, headers(r)["ce_id"])
		require.Equal(t, "com.github.shipwake.verdict.regressed", headers(r)["ce_type"])
	}
}

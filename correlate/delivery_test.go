package correlate_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

func TestAHeldDeliveryIsReleasedWhenItIsMappedAndItsTimeHasCome(t *testing.T) {
	received := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	dated := func(at time.Duration) correlate.Delivery {
		return correlate.Delivery{ReceivedAt: received, Facts: []correlate.Fact{
			{Change: &correlate.Change{ID: "a", StartedAt: received.Add(-time.Hour)}},
			{Change: &correlate.Change{ID: "b", StartedAt: received.Add(at)}},
		}}
	}
	ahead := dated(2 * time.Hour)
	require.True(t, ahead.HoldFuture().IsFuture())
	require.False(t, dated(0).HoldFuture().IsFuture())

	early := ahead.Again(received.Add(2*time.Hour - 1))
	require.Equal(t, received.Add(2*time.Hour), early.Due)
	require.Contains(t, early.Problem, "future: fact 2 of 2")
	require.Empty(t, early.Facts)
	require.Equal(t, correlate.Retry{Facts: ahead.Facts}, ahead.Again(received.Add(2*time.Hour)))
	require.Len(t, dated(correlate.MaxAhead).Again(received).Facts, 2)
	require.Equal(t, correlate.Retry{Problem: "unmapped: x"}, correlate.Delivery{Problem: "unmapped: x"}.Again(received))
	require.NotEmpty(t, correlate.Delivery{}.Again(received).Problem, "nothing is no fact")
}

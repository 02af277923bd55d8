package correlate_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

func TestADeliveryBecomesAnEntryAndBack(t *testing.T) {
	received := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	d := correlate.Delivery{
		Source: "github", ID: "1", ReceivedAt: received, ContentType: "application/json", Event: "push", Raw: []byte("{}"),
		Facts: []correlate.Fact{{Change: &correlate.Change{ID: "b", StartedAt: received}}},
	}
	e := d.Entry()
	require.Equal(t, map[string]string{"Content-Type": "application/json", "X-Github-Event": "push"}, e.Header)
	require.Equal(t, correlate.Projection{Facts: d.Facts}, e.Projection)
	back := e.Delivery()
	back.Facts = d.Facts
	require.Equal(t, d, back)

	d.Facts[0].Change.StartedAt = received.Add(time.Hour)
	require.Equal(t, "unread", d.HoldFuture().Entry().Digest, "it is read again to learn when its time comes")
	require.Nil(t, correlate.Delivery{}.Entry().Header)
	require.Equal(t, correlate.Move{Stream: "s", Next: []byte("7")}, correlate.Position{Stream: "s", Next: 7}.Move())
}

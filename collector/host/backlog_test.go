package host

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

func TestWhatIsAcknowledgedAndNotAppliedIsANumber(t *testing.T) {
	d := startDaemon(t, t.TempDir(), shippedAt)
	entry := func(id string) correlate.Entry {
		c := correlate.Change{ID: id, Service: "shop", StartedAt: shippedAt}
		return correlate.Entry{
			Raw:        correlate.Raw{Source: "generic", ID: id, ReceivedAt: shippedAt.Add(time.Second), Body: []byte("{}")},
			Projection: correlate.Projection{Digest: "1", Facts: []correlate.Fact{{Change: &c}}},
		}
	}
	_, _, err := d.h.ledger.Append(t.Context(), []correlate.Entry{entry("a"), entry("b")}, nil)
	require.NoError(t, err)

	s := reader{d.h}.Status()
	require.EqualValues(t, 2, s.Unapplied)
	require.Equal(t, shippedAt.Add(time.Second), s.OldestUnapplied)
	d.end()
	s = reader{d.h}.Status()
	require.EqualValues(t, 2, s.Unapplied, "the last answer stands while the ledger has none")

	d = startDaemon(t, d.dir, shippedAt)
	defer d.end()
	d.l.facts()
	s = reader{d.h}.Status()
	require.Zero(t, s.Unapplied)
	require.Zero(t, s.OldestUnapplied)
}

func TestADaemonThatIsReadyIsNotAlsoStarting(t *testing.T) {
	d := startDaemon(t, t.TempDir(), shippedAt)
	defer d.end()
	require.Equal(t, "starting", reader{d.h}.Status().NotReady)
	require.NoError(t, d.h.Ready())
	require.Empty(t, reader{d.h}.Status().NotReady)
	require.NoError(t, d.h.NotReady())
	d.l.report(shippedAt)
	require.Equal(t, "starting or stopping", reader{d.h}.Status().NotReady)
}

package app

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite"
)

// inLedger opens the ledger of a daemon that doesn't run.
func (p *process) inLedger(do func(ledger.Ledger)) {
	p.t.Helper()
	l, err := sqlite.Open(p.t.Context(), sqlite.Options{Dir: p.dir})
	require.NoError(p.t, err)
	do(l)
	require.NoError(p.t, l.Close())
}

// TestADaemonEndsInTheMiddleOfAHistory: what was acknowledged and isn't applied waits for the next start, which goes on there.
func TestADaemonEndsInTheMiddleOfAHistory(t *testing.T) {
	const changes = 40_000
	p := newProcess(t)
	p.usual = true
	backlog := func() (left int64) {
		p.inLedger(func(l ledger.Ledger) {
			b, err := l.Backlog(t.Context())
			require.NoError(t, err)
			left = b.Facts
		})
		return left
	}
	p.inLedger(func(l ledger.Ledger) {
		var entries []correlate.Entry
		for i := range changes {
			at := time.Now().Add(-time.Duration(changes-i) * 10 * time.Minute)
			c := correlate.Change{ID: fmt.Sprint("old-", i), Service: "shop", Version: fmt.Sprint("v", i), StartedAt: at, FinishedAt: at}
			entries = append(entries, correlate.Entry{
				Raw:        correlate.Raw{Source: "generic", ID: c.ID, ReceivedAt: time.Now(), Body: []byte("{}")},
				Projection: correlate.Projection{Digest: "1", Facts: []correlate.Fact{{Change: &c}}},
			})
		}
		_, _, err := l.Append(t.Context(), entries, nil)
		require.NoError(t, err)
	})
	left := int64(changes)
	for range 2 {
		p.start()
		asked := time.Now()
		require.NoError(t, p.end(syscall.SIGTERM), p.said())
		require.Less(t, time.Since(asked), 10*time.Second)
		now := backlog()
		require.Less(t, now, left, "each start goes on where the one before ended")
		left = now
	}
	require.Positive(t, left, "the history outlasts two starts")
}

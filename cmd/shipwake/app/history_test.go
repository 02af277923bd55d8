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

// oldChanges are deliveries of a change each, one every ten minutes up to now.
func oldChanges(n int) (entries []correlate.Entry) {
	now := time.Now().UTC().Truncate(time.Second)
	for i := range n {
		at := now.Add(-time.Duration(n-i) * 10 * time.Minute)
		c := correlate.Change{ID: fmt.Sprint("old-", i), Service: "shop", Version: fmt.Sprint("v", i), StartedAt: at, FinishedAt: at}
		entries = append(entries, correlate.Entry{
			Raw:        correlate.Raw{Source: "generic", ID: c.ID, ReceivedAt: now, Body: []byte("{}")},
			Projection: correlate.Projection{Digest: "1", Facts: []correlate.Fact{{Change: &c}}},
		})
	}
	return entries
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
		_, _, err := l.Append(t.Context(), oldChanges(changes), nil)
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

// TestAHistoryCountsOnceThroughKills: a daemon that is killed while it takes in a history goes on where it was, and a history
// that is told again adds nothing.
func TestAHistoryCountsOnceThroughKills(t *testing.T) {
	const changes = 3000
	entries := oldChanges(changes)
	p := newProcess(t)
	p.usual = true
	p.inLedger(func(l ledger.Ledger) {
		receipt, _, err := l.Append(t.Context(), entries, nil)
		require.NoError(t, err)
		require.Equal(t, changes, receipt.Accepted)
	})
	for left := int64(changes); left > 0; {
		p.start()
		require.Eventually(t, func() bool {
			waiting, _ := p.answer("/api/v1/status")["unapplied_facts"].(map[string]any)
			n, _ := waiting["count"].(float64)
			return int64(n) < left
		}, 30*time.Second, time.Millisecond)
		require.Error(t, p.end(syscall.SIGKILL))
		p.inLedger(func(l ledger.Ledger) {
			b, err := l.Backlog(t.Context())
			require.NoError(t, err)
			require.Less(t, b.Facts, left, "each start goes on where the one before was killed")
			left = b.Facts
			receipt, _, err := l.Append(t.Context(), entries, nil)
			require.NoError(t, err)
			require.Equal(t, correlate.Receipt{Duplicate: changes}, receipt)
		})
	}
	p.inLedger(func(l ledger.Ledger) {
		all, err := l.Changes(t.Context(), ledger.ChangeFilter{})
		require.NoError(t, err)
		require.Len(t, all, changes)
		for _, c := range all {
			require.Empty(t, c.Reports, "it was told once")
		}
	})
}

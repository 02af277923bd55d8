package sqlite

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/correlate/ledger/ledgertest"
)

// fillDisk checkpoints cells until the database takes no more.
func fillDisk(t *testing.T, l *Ledger, at time.Time) {
	t.Helper()
	noise := rand.New(rand.NewPCG(1, 2))
	for size := 2000; size > 0; size /= 4 {
		for {
			cells := make([]correlate.Measurement, size)
			for i := range cells {
				cells[i].Sum, cells[i].N = noise.Int64(), noise.Int64()
			}
			err := l.Checkpoint(t.Context(), at, cells)
			if err != nil {
				require.ErrorIs(t, err, correlate.ErrUnavailable)
				require.ErrorContains(t, err, "the disk is full")
				break
			}
		}
	}
}

func TestAFullDiskRefusesWritesKeepsReadsAndRecovers(t *testing.T) {
	dir := t.TempDir()
	l := openAt(t, Options{Dir: dir, MaxBytes: 2 << 20})
	commitOne(t, l, "before")
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	fillDisk(t, l, at)

	big := ledgertest.Entry("github", "refused")
	big.Body = make([]byte, 64<<10)
	_, _, err := l.Append(t.Context(), []correlate.Entry{big}, &correlate.Move{Stream: "s", Next: []byte("1")})
	require.ErrorIs(t, err, correlate.ErrUnavailable)
	require.Positive(t, l.Health().Failures)
	facts, err := l.Unapplied(t.Context(), 0)
	require.NoError(t, err, "reads go on")
	require.Len(t, facts, 1)
	next, err := l.Cursor(t.Context(), "s")
	require.NoError(t, err)
	require.Zero(t, next, "a refused commit moves nothing")

	require.NoError(t, l.Expire(t.Context(), at.Add(time.Second), time.Time{}), "room can be made")
	receipt, _, err := l.Append(t.Context(), []correlate.Entry{big}, nil)
	require.NoError(t, err)
	require.Equal(t, 1, receipt.Accepted, "it was not in the ledger before")

	require.NoError(t, l.Close())
	l = openAt(t, Options{Dir: dir})
	require.Equal(t, []string{"before", "refused"}, factIDs(t, l))
	requireSound(t, l)
}

func TestOnlyWhatDoesNotFitIsRefused(t *testing.T) {
	l := openAt(t, Options{Dir: t.TempDir(), MaxBytes: 1 << 20})
	var accepted atomic.Int64
	var callers sync.WaitGroup
	for i := range 64 {
		callers.Go(func() {
			d := ledgertest.Entry("github", fmt.Sprint(i))
			if i%8 == 0 {
				d.Body = make([]byte, 8<<20)
			}
			_, _, err := l.Append(t.Context(), []correlate.Entry{d}, nil)
			switch {
			case err == nil:
				accepted.Add(1)
			case i%8 != 0 || !errors.Is(err, correlate.ErrUnavailable):
				t.Errorf("delivery %d: %v", i, err)
			}
		})
	}
	callers.Wait()
	require.Equal(t, int64(56), accepted.Load())
	require.Len(t, factIDs(t, l), 56)
	requireSound(t, l)
}

func TestAnotherProgramThatHoldsTheDatabaseMakesItUnavailable(t *testing.T) {
	l := openAt(t, Options{Dir: t.TempDir()})
	require.NoError(t, l.writer.tx.exec("PRAGMA busy_timeout = 1"))
	db, err := connect(l.path)
	require.NoError(t, err)
	intruder, err := db.Conn(t.Context())
	require.NoError(t, err)
	_, err = intruder.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	require.NoError(t, err)

	_, _, err = l.Append(t.Context(), []correlate.Entry{ledgertest.Entry("github", "a")}, nil)
	require.ErrorIs(t, err, correlate.ErrUnavailable)
	require.ErrorContains(t, err, "another program holds the database")
	require.Empty(t, factIDs(t, l), "reads go on")

	_, err = intruder.ExecContext(t.Context(), "ROLLBACK")
	require.NoError(t, err)
	require.NoError(t, errors.Join(intruder.Close(), db.Close()))
	commitOne(t, l, "a")
}

func TestClosingAnswersEverybody(t *testing.T) {
	dir := t.TempDir()
	l := openAt(t, Options{Dir: dir})
	var callers sync.WaitGroup
	var mu sync.Mutex
	acknowledged := make(map[string]bool)
	for i := range 32 {
		callers.Go(func() {
			for n := 0; ; n++ {
				id := fmt.Sprintf("%d/%d", i, n)
				_, _, err := l.Append(t.Context(), []correlate.Entry{ledgertest.Entry("github", id)}, nil)
				if err != nil {
					if !errors.Is(err, correlate.ErrUnavailable) {
						t.Errorf("%s: %v", id, err)
					}
					return
				}
				mu.Lock()
				acknowledged[id] = true
				enough := len(acknowledged) == 100
				mu.Unlock()
				if enough {
					callers.Go(func() { _ = l.Close() })
				}
			}
		})
	}
	callers.Wait()
	l = openAt(t, Options{Dir: dir})
	require.Len(t, factIDs(t, l), len(acknowledged))
}

func factIDs(t *testing.T, l ledger.Ledger) []string {
	t.Helper()
	facts, err := l.Unapplied(t.Context(), 0)
	require.NoError(t, err)
	var all []string
	for _, f := range facts {
		all = append(all, f.Change.ID)
	}
	return all
}

// requireSound has SQLite check the whole file.
func requireSound(t *testing.T, l *Ledger) {
	t.Helper()
	var verdict string
	require.NoError(t, l.readers.QueryRow("PRAGMA integrity_check").Scan(&verdict))
	require.Equal(t, "ok", verdict)
	rows, err := l.readers.Query("PRAGMA foreign_key_check")
	require.NoError(t, err)
	require.False(t, rows.Next(), "no fact without its delivery")
	require.NoError(t, errors.Join(rows.Err(), rows.Close()))
}

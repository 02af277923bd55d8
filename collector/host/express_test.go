package host

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
)

// TestFreshFactsAreThoseOfTheLedgerOrNone: commits come in any order, some facts never come. What is given out is what
// follows in the log, without a gap.
func TestFreshFactsAreThoseOfTheLedgerOrNone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var f fresh
		seqs := rapid.Permutation([]int64{1, 2, 3, 4, 5, 6, 7, 8}).Draw(t, "as they come")
		held := map[int64]bool{}
		applied := int64(0)
		for _, seq := range seqs {
			if rapid.Float64Range(0, 1).Draw(t, "comes") < 0.8 {
				f.add([]ledger.Fact{{Seq: seq}})
				held[seq] = true
			}
			most := rapid.IntRange(1, 4).Draw(t, "most")
			var want []int64
			for next := applied + 1; held[next] && len(want) < most; next++ {
				want = append(want, next)
			}
			var got []int64
			for _, fact := range f.after(applied, most) {
				got = append(got, fact.Seq)
			}
			require.Equal(t, want, got)
			applied += int64(len(got))
			if len(got) == 0 && rapid.Bool().Draw(t, "the ledger gives the next") {
				applied++
			}
		}
	})
}

func TestFreshFactsTakeBoundedRoom(t *testing.T) {
	var f fresh
	many := make([]ledger.Fact, freshMost+1)
	for i := range many {
		many[i].Seq = int64(i + 1)
	}
	f.add(many[:freshMost])
	f.add(many[freshMost:])
	require.Len(t, f.facts, 1, "what there is no room for is in the ledger")
	f.add(many)
	require.Empty(t, f.after(0, freshMost))
}

// watched is a ledger that counts how often it is asked for facts, and that may fail to keep what follows from them.
type watched struct {
	ledger.Ledger
	asked int
	fails error
}

func (l *watched) Unapplied(ctx context.Context, limit int) ([]ledger.Fact, error) {
	l.asked++
	return l.Ledger.Unapplied(ctx, limit)
}

func (l *watched) CommitEffects(ctx context.Context, effects []correlate.Effect, rows []ledger.OutboxRow, applied int64) error {
	if l.fails != nil {
		return l.fails
	}
	return l.Ledger.CommitEffects(ctx, effects, rows, applied)
}

func TestWhatWasJustCommittedIsNotReadBack(t *testing.T) {
	d := startDaemon(t, t.TempDir(), lastDays)
	defer d.end()
	l := &watched{Ledger: d.h.ledger}
	d.h.keepIn(l)
	commit := func(n int) {
		c := correlate.Change{ID: fmt.Sprint("c", n), Service: "shop", Version: fmt.Sprint("v", n), Source: "generic", FinishedAt: lastDays}
		_, err := d.h.Commit(t.Context(), []correlate.Entry{{
			Raw:        correlate.Raw{Source: "generic", ID: c.ID, ReceivedAt: d.now, Body: []byte("{}")},
			Projection: correlate.Projection{Facts: []correlate.Fact{{Change: &c}}},
		}}, nil)
		require.NoError(t, err)
	}
	commit(1)
	d.l.facts()
	require.Equal(t, 1, l.asked, "at the start only the ledger knows what is applied")
	commit(2)
	commit(3)
	d.l.facts()
	require.Equal(t, 1, l.asked)
	require.Zero(t, d.waiting())

	l.fails = errors.New("the disk is gone")
	commit(4)
	d.l.facts()
	require.EqualValues(t, 1, d.waiting())
	l.fails = nil
	commit(5)
	d.l.facts()
	require.Equal(t, 2, l.asked, "after a failure the ledger says what is applied")
	require.Zero(t, d.waiting())
	for n := 1; n <= 5; n++ {
		record, _ := d.change(fmt.Sprint("c", n))
		require.Empty(t, record.Reports, "each was told once")
	}
}

func TestFactsThatComeOneAfterTheOtherAreGathered(t *testing.T) {
	d := startDaemon(t, t.TempDir(), lastDays)
	defer d.end()
	require.LessOrEqual(t, d.l.rest(), time.Duration(0), "the first is applied at once")
	d.l.began = time.Now().Add(time.Hour)
	require.Greater(t, d.l.rest(), applyEvery)
	d.l.more = true
	require.Zero(t, d.l.rest(), "what is there already doesn't wait for more")
}

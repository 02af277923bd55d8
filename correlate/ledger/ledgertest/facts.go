package ledgertest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
)

func commit(t *testing.T, l ledger.Ledger, deliveries ...correlate.Delivery) []ledger.Fact {
	t.Helper()
	_, facts, err := l.CommitFacts(t.Context(), deliveries, nil)
	require.NoError(t, err)
	return facts
}

func commitAndRestart(t *testing.T, open Opener) {
	l, place := start(t, open)
	east := time.FixedZone("east", 2*3600)
	d := Delivery("github", "a\x00Ω")
	d.ReceivedAt = time.Date(2026, 3, 1, 14, 0, 0, 123_456_789, east)
	d.Facts[0].Change.StartedAt = epoch.Add(123_456_789).In(east)
	d.Facts[0].Change.FinishedAt = time.Time{}
	d.Facts = append(d.Facts, correlate.Fact{Incident: &correlate.Incident{ID: "i", OpenedAt: epoch.In(east)}})
	before := *d.Facts[0].Change

	receipt, facts, err := l.CommitFacts(t.Context(), []correlate.Delivery{d, Delivery("github", "b")}, nil)
	require.NoError(t, err)
	require.Equal(t, correlate.Receipt{Accepted: 2}, receipt)
	require.Equal(t, before, *d.Facts[0].Change, "what was handed in is not changed")
	require.Len(t, facts, 3)
	require.Less(t, facts[0].Seq, facts[1].Seq)
	require.Less(t, facts[1].Seq, facts[2].Seq)
	require.Equal(t, facts[0].Delivery, facts[1].Delivery)
	require.NotEqual(t, facts[1].Delivery, facts[2].Delivery)
	require.Equal(t, time.Date(2026, 3, 1, 12, 0, 0, 123_456_000, time.UTC), facts[0].ReceivedAt)
	require.Equal(t, epoch.Add(123_456_789), facts[0].Change.StartedAt, "facts keep nanoseconds, in UTC")
	require.Equal(t, epoch, facts[1].Incident.OpenedAt)
	require.Equal(t, Delivery("github", "b").Facts[0], facts[2].Fact)

	require.NoError(t, l.Close())
	again, err := reopen(t, open, place).Unapplied(t.Context())
	require.NoError(t, err)
	require.Equal(t, facts, again)
}

func duplicates(t *testing.T, open Opener) {
	l, place := start(t, open)
	first := commit(t, l, Delivery("github", "a"))
	require.NoError(t, l.Close())

	l = reopen(t, open, place)
	changed := Delivery("github", "a")
	changed.Facts[0].Change.Version = "9"
	batch := []correlate.Delivery{changed, Delivery("gitlab", "a"), Delivery("github", "b"), Delivery("github", "b")}
	receipt, facts, err := l.CommitFacts(t.Context(), batch, nil)
	require.NoError(t, err)
	require.Equal(t, correlate.Receipt{Accepted: 2, Duplicate: 2}, receipt)
	require.Len(t, facts, 2)
	require.Equal(t, "gitlab", facts[0].Change.Source)
	require.Equal(t, "b", facts[1].Change.ID)
	all, err := l.Unapplied(t.Context())
	require.NoError(t, err)
	require.Equal(t, append(first, facts...), all)
}

func quarantine(t *testing.T, open Opener) {
	l, _ := start(t, open)
	d := Delivery("github", "a")
	d.Facts, d.Problem, d.Raw = nil, "unknown event", nil
	ping := Delivery("github", "ping")
	ping.Facts = nil
	receipt, facts, err := l.CommitFacts(t.Context(), []correlate.Delivery{d, ping}, nil)
	require.NoError(t, err)
	require.Equal(t, correlate.Receipt{Accepted: 1, Quarantined: 1}, receipt)
	require.Empty(t, facts)
	receipt, _, err = l.CommitFacts(t.Context(), []correlate.Delivery{d}, nil)
	require.NoError(t, err)
	require.Equal(t, correlate.Receipt{Duplicate: 1}, receipt)
}

func unrecognisable(t *testing.T, open Opener) {
	l, _ := start(t, open)
	for name, spoil := range map[string]func(*correlate.Delivery){
		"no id":              func(d *correlate.Delivery) { d.ID = "" },
		"no source":          func(d *correlate.Delivery) { d.Source = "" },
		"an empty fact":      func(d *correlate.Delivery) { d.Facts[0].Change = nil },
		"two facts in one":   func(d *correlate.Delivery) { d.Facts[0].Incident = &correlate.Incident{ID: "i"} },
		"a time nobody has":  func(d *correlate.Delivery) { d.Facts[0].Change.StartedAt = epoch.AddDate(9000, 0, 0) },
		"a time before time": func(d *correlate.Delivery) { d.Facts[0].Change.StartedAt = epoch.AddDate(-9000, 0, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			d := Delivery("github", "a")
			spoil(&d)
			_, _, err := l.CommitFacts(t.Context(), []correlate.Delivery{Delivery("github", "good"), d}, nil)
			require.Error(t, err)
			require.NotErrorIs(t, err, correlate.ErrUnavailable)
		})
	}
	left, err := l.Unapplied(t.Context())
	require.NoError(t, err)
	require.Empty(t, left)
}

func fencing(t *testing.T, open Opener) {
	l, place := start(t, open)
	next, err := l.Position(t.Context(), "kafka/deploys/3")
	require.NoError(t, err)
	require.Zero(t, next)

	step := func(id string, expect, next int64) error {
		_, _, err := l.CommitFacts(t.Context(), []correlate.Delivery{Delivery("kafka", id)},
			&correlate.Position{Stream: "kafka/deploys/3", Expect: expect, Next: next})
		return err
	}
	require.NoError(t, step("a", 0, 5))
	require.ErrorIs(t, step("b", 0, 5), correlate.ErrFenced)
	require.ErrorIs(t, step("b", 4, 6), correlate.ErrFenced)
	require.NoError(t, step("a", 5, 6), "the position moves past a delivery that is already there")
	receipt, _, err := l.CommitFacts(t.Context(), nil, &correlate.Position{Stream: "kafka/deploys/3", Expect: 6, Next: 9})
	require.NoError(t, err)
	require.Zero(t, receipt, "a position moves alone over a gap")
	require.NoError(t, step("c", 9, 4), "and back with deliveries")
	require.NoError(t, step("c", 4, 9))
	move := func(expect, next int64) error {
		_, _, err := l.CommitFacts(t.Context(), nil, &correlate.Position{Stream: "kafka/deploys/3", Expect: expect, Next: next})
		return err
	}
	require.NoError(t, move(9, 0), "or without, to the beginning of a log that was made again")
	require.ErrorIs(t, move(9, 1), correlate.ErrFenced, "who doesn't know of the move is fenced")
	require.NoError(t, move(0, 2))
	require.NoError(t, l.Close())

	l = reopen(t, open, place)
	next, err = l.Position(t.Context(), "kafka/deploys/3")
	require.NoError(t, err)
	require.Equal(t, int64(2), next)
	next, err = l.Position(t.Context(), "kafka/deploys/4")
	require.NoError(t, err)
	require.Zero(t, next)
	facts, err := l.Unapplied(t.Context())
	require.NoError(t, err)
	require.Len(t, facts, 2)
}

// concurrency has 40 callers commit 10 deliveries each, half of which another caller commits as well, while readers
// of one partition fight over its position.
func concurrency(t *testing.T, open Opener) {
	l, _ := start(t, open)
	const callers, each = 40, 10
	var wg sync.WaitGroup
	var mu sync.Mutex
	var total correlate.Receipt
	var won int
	seen := make(map[int64]string)
	for c := range callers {
		wg.Go(func() {
			for i := range each {
				id := fmt.Sprintf("%d/%d", c/2*2+(c%2)*(i%2), i)
				receipt, facts, err := l.CommitFacts(t.Context(), []correlate.Delivery{Delivery("github", id)}, nil)
				mu.Lock()
				if err != nil {
					t.Errorf("%s: %v", id, err)
				}
				total.Accepted, total.Duplicate = total.Accepted+receipt.Accepted, total.Duplicate+receipt.Duplicate
				for _, f := range facts {
					seen[f.Seq] = f.Change.ID
				}
				mu.Unlock()
			}
		})
		wg.Go(func() {
			_, _, err := l.CommitFacts(t.Context(), []correlate.Delivery{Delivery("kafka", fmt.Sprint(c))},
				&correlate.Position{Stream: "s", Next: 1})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
				return
			}
			require.ErrorIs(t, err, correlate.ErrFenced)
		})
	}
	wg.Wait()
	require.Equal(t, 1, won, "one reader of the partition wins")
	require.Equal(t, callers*each, total.Accepted+total.Duplicate)
	require.Len(t, seen, total.Accepted)
	facts, err := l.Unapplied(t.Context())
	require.NoError(t, err)
	require.Len(t, facts, total.Accepted+1)
	for _, f := range facts {
		if f.Change.Source == "github" {
			require.Equal(t, seen[f.Seq], f.Change.ID)
		}
	}
}

func cancelled(t *testing.T, open Opener) {
	l, _ := start(t, open)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := l.CommitFacts(ctx, []correlate.Delivery{Delivery("github", "a")}, nil)
	require.ErrorIs(t, err, context.Canceled)
	facts, err := l.Unapplied(t.Context())
	require.NoError(t, err)
	require.Empty(t, facts)
}

func closed(t *testing.T, open Opener) {
	l, _ := start(t, open)
	require.NoError(t, l.Close())
	require.NoError(t, l.Close())
	_, _, err := l.CommitFacts(t.Context(), []correlate.Delivery{Delivery("github", "a")}, nil)
	require.ErrorIs(t, err, correlate.ErrUnavailable)
	require.ErrorIs(t, l.Checkpoint(t.Context(), epoch, nil), correlate.ErrUnavailable)
	_, err = l.Unapplied(t.Context())
	require.Error(t, err)
}

func unapplied(t *testing.T, open Opener) {
	l, place := start(t, open)
	facts := commit(t, l, Delivery("github", "a"), Delivery("github", "b"), Delivery("github", "c"))
	require.NoError(t, l.CommitEffects(t.Context(), nil, nil, facts[1].Seq))
	require.NoError(t, l.CommitEffects(t.Context(), nil, nil, facts[0].Seq))
	require.NoError(t, l.CommitEffects(t.Context(), changeEffects(record("a", epoch)), nil, 0))
	require.NoError(t, l.Close())
	l = reopen(t, open, place)
	left, err := l.Unapplied(t.Context())
	require.NoError(t, err)
	require.Equal(t, facts[2:], left)
	saved, err := l.Restore(t.Context(), epoch)
	require.NoError(t, err)
	require.Equal(t, facts[1].Seq, saved.AppliedSeq)
}

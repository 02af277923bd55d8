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

// heldNotes: a note waits for the record that it is about; one that nobody states any more doesn't.
func heldNotes(t *testing.T, open Opener) {
	l, _ := start(t, open)
	note := func(kind correlate.NoteKind, edit func(*correlate.Note)) correlate.Note {
		n := correlate.Note{Kind: kind, Reason: "seen", By: "ada", At: epoch}
		edit(&n)
		return n
	}
	ofChange := note(correlate.NoteConfirm, func(n *correlate.Note) { n.Change = "a" })
	ofIncident := note(correlate.NoteLink, func(n *correlate.Note) { n.Incident, n.CausedBy = "a", "none" })
	d := Entry("people", "1")
	d.Facts = []correlate.Fact{{Note: &ofChange}, {Note: &ofIncident}}
	facts := commit(t, l, d)
	require.Equal(t, []*correlate.Note{&ofChange, &ofIncident}, []*correlate.Note{facts[0].Note, facts[1].Note})
	held := func() []correlate.Note {
		saved, err := l.Restore(t.Context(), epoch)
		require.NoError(t, err)
		return saved.Notes
	}
	require.Equal(t, []correlate.Note{ofChange, ofIncident}, held())
	c := record("a", epoch)
	require.NoError(t, l.CommitEffects(t.Context(), []correlate.Effect{{Change: &c}}, nil, facts[1].Seq))
	require.Equal(t, []correlate.Note{ofIncident}, held())
	done, err := l.Project(t.Context(), []ledger.Reading{{Number: facts[0].Delivery, Projection: correlate.Projection{Digest: "2", Facts: []correlate.Fact{{Note: &ofChange}}}}})
	require.NoError(t, err)
	require.Equal(t, 1, done.Retracted)
	require.Empty(t, held())
}

func commit(t *testing.T, l ledger.Ledger, deliveries ...correlate.Entry) []ledger.Fact {
	t.Helper()
	_, facts, err := l.Append(t.Context(), deliveries, nil)
	require.NoError(t, err)
	return facts
}

func commitAndRestart(t *testing.T, open Opener) {
	l, place := start(t, open)
	east := time.FixedZone("east", 2*3600)
	d := Entry("github", "a\x00Ω")
	d.ReceivedAt = time.Date(2026, 3, 1, 14, 0, 0, 123_456_789, east)
	d.Facts[0].Change.StartedAt = epoch.Add(123_456_789).In(east)
	d.Facts[0].Change.FinishedAt = time.Time{}
	d.Facts[0].Change.UpdatedAt = epoch.Add(time.Hour).In(east)
	d.Facts[0].Change.Zones = []correlate.ZoneStep{{Name: "eu-1a", ReachedAt: epoch.In(east)}}
	d.Facts = append(d.Facts, correlate.Fact{Incident: &correlate.Incident{ID: "i", OpenedAt: epoch.In(east)}})
	before := *d.Facts[0].Change

	receipt, facts, err := l.Append(t.Context(), []correlate.Entry{d, Entry("github", "b")}, nil)
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
	require.Equal(t, epoch.Add(time.Hour), facts[0].Change.UpdatedAt)
	require.Equal(t, epoch, facts[0].Change.Zones[0].ReachedAt)
	require.Equal(t, epoch, facts[1].Incident.OpenedAt)
	require.Equal(t, Entry("github", "b").Facts[0], facts[2].Fact)

	require.NoError(t, l.Close())
	again, err := reopen(t, open, place).Unapplied(t.Context(), 0)
	require.NoError(t, err)
	require.Equal(t, facts, again)
}

func duplicates(t *testing.T, open Opener) {
	l, place := start(t, open)
	first := commit(t, l, Entry("github", "a"))
	require.NoError(t, l.Close())

	l = reopen(t, open, place)
	changed := Entry("github", "a")
	changed.Facts[0].Change.Version = "9"
	batch := []correlate.Entry{changed, Entry("gitlab", "a"), Entry("github", "b"), Entry("github", "b")}
	receipt, facts, err := l.Append(t.Context(), batch, nil)
	require.NoError(t, err)
	require.Equal(t, correlate.Receipt{Accepted: 2, Duplicate: 2}, receipt)
	require.Len(t, facts, 2)
	require.Equal(t, "gitlab", facts[0].Change.Source)
	require.Equal(t, "b", facts[1].Change.ID)
	all, err := l.Unapplied(t.Context(), 0)
	require.NoError(t, err)
	require.Equal(t, append(first, facts...), all)
}

func quarantine(t *testing.T, open Opener) {
	l, _ := start(t, open)
	d := Entry("github", "a")
	d.Facts, d.Problem, d.Body = nil, "unknown event", nil
	ping := Entry("github", "ping")
	ping.Facts = nil
	receipt, facts, err := l.Append(t.Context(), []correlate.Entry{d, ping}, nil)
	require.NoError(t, err)
	require.Equal(t, correlate.Receipt{Accepted: 1, Quarantined: 1}, receipt)
	require.Empty(t, facts)
	receipt, _, err = l.Append(t.Context(), []correlate.Entry{d}, nil)
	require.NoError(t, err)
	require.Equal(t, correlate.Receipt{Duplicate: 1}, receipt)
}

func unrecognisable(t *testing.T, open Opener) {
	l, _ := start(t, open)
	for name, spoil := range map[string]func(*correlate.Entry){
		"no id":               func(d *correlate.Entry) { d.ID = "" },
		"no source":           func(d *correlate.Entry) { d.Source = "" },
		"an empty fact":       func(d *correlate.Entry) { d.Facts[0].Change = nil },
		"two facts in one":    func(d *correlate.Entry) { d.Facts[0].Incident = &correlate.Incident{ID: "i"} },
		"a time nobody has":   func(d *correlate.Entry) { d.Facts[0].Change.StartedAt = epoch.AddDate(9000, 0, 0) },
		"facts and a problem": func(d *correlate.Entry) { d.Problem = "unmapped" },
		"a time before time":  func(d *correlate.Entry) { d.Facts[0].Change.StartedAt = epoch.AddDate(-9000, 0, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			d := Entry("github", "a")
			spoil(&d)
			_, _, err := l.Append(t.Context(), []correlate.Entry{Entry("github", "good"), d}, nil)
			require.Error(t, err)
			require.NotErrorIs(t, err, correlate.ErrUnavailable)
		})
	}
	left, err := l.Unapplied(t.Context(), 0)
	require.NoError(t, err)
	require.Empty(t, left)
}

func fencing(t *testing.T, open Opener) {
	l, place := start(t, open)
	const stream = "kafka/deploys/3"
	at, err := l.Cursor(t.Context(), stream)
	require.NoError(t, err)
	require.Nil(t, at)

	step := func(id, expect, next string) error {
		_, _, err := l.Append(t.Context(), []correlate.Entry{Entry("kafka", id)},
			&correlate.Move{Stream: stream, Expect: []byte(expect), Next: []byte(next)})
		return err
	}
	require.NoError(t, step("a", "", "5"))
	require.ErrorIs(t, step("b", "", "5"), correlate.ErrFenced)
	require.ErrorContains(t, step("b", "4", "6"), `kafka/deploys/3 is at "5", not at "4"`)
	require.NoError(t, step("a", "5", "6"), "the cursor moves past a delivery that is already there")
	receipt, _, err := l.Append(t.Context(), nil, &correlate.Move{Stream: stream, Expect: []byte("6"), Next: []byte("9")})
	require.NoError(t, err)
	require.Zero(t, receipt, "a cursor moves alone over a gap")
	require.NoError(t, step("c", "9", "4"), "and back with deliveries")
	require.NoError(t, step("c", "4", "9"))
	move := func(expect, next []byte) error {
		_, _, err := l.Append(t.Context(), nil, &correlate.Move{Stream: stream, Expect: expect, Next: next})
		return err
	}
	require.NoError(t, move([]byte("9"), nil), "or without, to the beginning of a log that was made again")
	require.ErrorIs(t, move([]byte("9"), []byte("1")), correlate.ErrFenced, "who doesn't know of the move is fenced")
	token := []byte("\x00\xffeyJwYWdlIjoyfQ==\n")
	require.NoError(t, move([]byte{}, token), "a cursor is any bytes")
	require.NoError(t, l.Close())

	l = reopen(t, open, place)
	at, err = l.Cursor(t.Context(), stream)
	require.NoError(t, err)
	require.Equal(t, token, at)
	at, err = l.Cursor(t.Context(), "kafka/deploys/4")
	require.NoError(t, err)
	require.Nil(t, at)
	facts, err := l.Unapplied(t.Context(), 0)
	require.NoError(t, err)
	require.Len(t, facts, 2)
}

// concurrency has 40 callers commit 10 deliveries each, half of which another caller commits as well, while readers
// of one stream fight over its cursor.
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
				receipt, facts, err := l.Append(t.Context(), []correlate.Entry{Entry("github", id)}, nil)
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
			_, _, err := l.Append(t.Context(), []correlate.Entry{Entry("kafka", fmt.Sprint(c))},
				&correlate.Move{Stream: "s", Next: []byte("1")})
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
	require.Equal(t, 1, won, "one reader of the stream wins")
	require.Equal(t, callers*each, total.Accepted+total.Duplicate)
	require.Len(t, seen, total.Accepted)
	facts, err := l.Unapplied(t.Context(), 0)
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
	_, _, err := l.Append(ctx, []correlate.Entry{Entry("github", "a")}, nil)
	require.ErrorIs(t, err, context.Canceled)
	facts, err := l.Unapplied(t.Context(), 0)
	require.NoError(t, err)
	require.Empty(t, facts)
}

func closed(t *testing.T, open Opener) {
	l, _ := start(t, open)
	require.NoError(t, l.Close())
	require.NoError(t, l.Close())
	_, _, err := l.Append(t.Context(), []correlate.Entry{Entry("github", "a")}, nil)
	require.ErrorIs(t, err, correlate.ErrUnavailable)
	require.ErrorIs(t, l.Checkpoint(t.Context(), epoch, nil), correlate.ErrUnavailable)
	_, err = l.Unapplied(t.Context(), 0)
	require.Error(t, err)
}

func unapplied(t *testing.T, open Opener) {
	l, place := start(t, open)
	facts := commit(t, l, Entry("github", "a"), Entry("github", "b"), Entry("github", "c"))
	require.NoError(t, l.CommitEffects(t.Context(), nil, nil, facts[1].Seq))
	require.NoError(t, l.CommitEffects(t.Context(), nil, nil, facts[0].Seq))
	require.NoError(t, l.CommitEffects(t.Context(), changeEffects(record("a", epoch)), nil, 0))
	require.NoError(t, l.Close())
	l = reopen(t, open, place)
	left, err := l.Unapplied(t.Context(), 0)
	require.NoError(t, err)
	require.Equal(t, facts[2:], left)
	require.NoError(t, l.Close())
	l = reopen(t, open, place)
	more := commit(t, l, Entry("github", "d"), Entry("github", "e"))
	left, err = l.Unapplied(t.Context(), 2)
	require.NoError(t, err)
	require.Equal(t, []ledger.Fact{facts[2], more[0]}, left, "the first of them with a limit")
	waiting, err := l.Backlog(t.Context())
	require.NoError(t, err)
	require.Equal(t, ledger.Backlog{Facts: 3, Oldest: facts[2].ReceivedAt}, waiting)
	saved, err := l.Restore(t.Context(), epoch)
	require.NoError(t, err)
	require.Equal(t, facts[1].Seq, saved.AppliedSeq)
	require.NoError(t, l.CommitEffects(t.Context(), nil, nil, more[1].Seq))
	waiting, err = l.Backlog(t.Context())
	require.NoError(t, err)
	require.Equal(t, ledger.Backlog{}, waiting)
	more = commit(t, l, Entry("github", "f"))
	waiting, err = l.Backlog(t.Context())
	require.NoError(t, err)
	require.Equal(t, ledger.Backlog{Facts: 1, Oldest: more[0].ReceivedAt}, waiting)
}

package ledgertest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate/ledger"
)

// message is a row whose subject is its key.
func message(sink, key, payload string) ledger.OutboxRow {
	return ledger.OutboxRow{Sink: sink, Subject: key, Key: key, Payload: []byte(payload)}
}

// send commits messages alone.
func send(t *testing.T, l ledger.Ledger, rows ...ledger.OutboxRow) {
	t.Helper()
	require.NoError(t, l.CommitEffects(t.Context(), nil, rows, 0))
}

// queued are the rows that wait for a sink.
func queued(t *testing.T, l ledger.Ledger, sink string, limit int) []ledger.OutboxRow {
	t.Helper()
	found, err := l.Outbox(t.Context(), sink, 0, limit)
	require.NoError(t, err)
	var rows []ledger.OutboxRow
	for _, w := range found {
		rows = append(rows, w.OutboxRow)
	}
	return rows
}

func outbox(t *testing.T, open Opener) {
	l, place := start(t, open)
	b, a, other := message("slack", "b", "1"), ledger.OutboxRow{Sink: "slack", Subject: "a", Key: "a"}, message("grafana", "b", "2")
	send(t, l, b, a, other, message("slack", "b", "3"))
	require.NoError(t, l.Close())

	l = reopen(t, open, place)
	require.Equal(t, []ledger.OutboxRow{b, a}, queued(t, l, "slack", 0))
	require.Equal(t, []ledger.OutboxRow{b}, queued(t, l, "slack", 1))
	for range 2 {
		require.NoError(t, l.Delivered(t.Context(), "slack", "b", nil))
	}
	send(t, l, b)
	require.Equal(t, []ledger.OutboxRow{a}, queued(t, l, "slack", 0))
	require.Equal(t, []ledger.OutboxRow{other}, queued(t, l, "grafana", 0))
	require.Empty(t, queued(t, l, "nobody", 0))
	require.ErrorIs(t, l.Delivered(t.Context(), "grafana", "a", nil), ledger.ErrNotFound)
}

// coalescing also holds Outbox to its Seq and Behind.
func coalescing(t *testing.T, open Opener) {
	l, place := start(t, open)
	row := func(subject string, n int, each bool) ledger.OutboxRow {
		return ledger.OutboxRow{Sink: "slack", Subject: subject, Key: fmt.Sprint(subject, n), Each: each, Payload: []byte("p")}
	}
	elsewhere := row("a", 1, false)
	elsewhere.Sink = "grafana"
	send(t, l, row("a", 1, false), row("b", 1, false), elsewhere, row("a", 2, true))
	require.NoError(t, l.Park(t.Context(), "slack", "a1"))
	send(t, l, row("a", 3, false), row("a", 4, true))
	send(t, l, row("a", 5, false), row("a", 6, true))
	send(t, l, row("a", 3, false)) // stored again, it replaces nothing that came after it
	require.NoError(t, l.Close())

	l = reopen(t, open, place)
	n, err := l.Unpark(t.Context(), "slack", time.Time{})
	require.NoError(t, err)
	require.Zero(t, n, "a parked message was replaced as well")
	require.Equal(t, []ledger.OutboxRow{row("b", 1, false), row("a", 2, true), row("a", 4, true), row("a", 5, false), row("a", 6, true)}, queued(t, l, "slack", 0))
	require.Equal(t, []ledger.OutboxRow{elsewhere}, queued(t, l, "grafana", 0))

	all, err := l.Outbox(t.Context(), "slack", 0, 0)
	require.NoError(t, err)
	for i, w := range all {
		require.False(t, w.Behind, "nothing stands before the start")
		require.True(t, i == 0 || w.Seq > all[i-1].Seq)
	}
	rest, err := l.Outbox(t.Context(), "slack", all[1].Seq, 2)
	require.NoError(t, err)
	for i := range 2 {
		all[2+i].Behind = true
	}
	require.Equal(t, all[2:4], rest)
	require.NoError(t, l.Park(t.Context(), "slack", "a2"))
	rest, err = l.Outbox(t.Context(), "slack", all[1].Seq, 1)
	require.NoError(t, err)
	require.False(t, rest[0].Behind, "what is parked doesn't wait")

	require.NoError(t, l.Delivered(t.Context(), "slack", "a3", []byte("late")), "it was on its way when it was replaced")
	rest, err = l.Outbox(t.Context(), "slack", 0, 0)
	require.NoError(t, err)
	require.Equal(t, "late", string(rest[1].Receipt))
}

func receipts(t *testing.T, open Opener) {
	began := time.Now().Add(-time.Second)
	l, place := start(t, open)
	row := func(sink, subject string, n int) ledger.OutboxRow {
		return ledger.OutboxRow{Sink: sink, Subject: subject, Key: fmt.Sprint(subject, n), Payload: []byte("p")}
	}
	send(t, l, row("slack", "a", 1), row("slack", "b", 1), row("grafana", "a", 1))
	require.NoError(t, l.Delivered(t.Context(), "slack", "a1", []byte("thread 1")))
	require.NoError(t, l.Delivered(t.Context(), "slack", "b1", nil))
	require.NoError(t, l.Delivered(t.Context(), "grafana", "a1", []byte("annotation 7")))
	send(t, l, row("slack", "a", 2), row("slack", "b", 2), row("grafana", "a", 2))
	require.NoError(t, l.Close())

	l = reopen(t, open, place)
	receipt := func(sink string) (all []string) {
		found, err := l.Outbox(t.Context(), sink, 0, 0)
		require.NoError(t, err)
		for _, w := range found {
			all = append(all, w.Key+": "+string(w.Receipt))
		}
		return all
	}
	require.Equal(t, []string{"a2: thread 1", "b2: "}, receipt("slack"))
	require.Equal(t, []string{"a2: annotation 7"}, receipt("grafana"))
	require.NoError(t, l.Delivered(t.Context(), "slack", "a2", nil))
	send(t, l, row("slack", "a", 3))
	require.Equal(t, []string{"b2: ", "a3: thread 1"}, receipt("slack"), "nil leaves the one before")
	require.NoError(t, l.Delivered(t.Context(), "slack", "a3", []byte("thread 2")))
	send(t, l, row("slack", "a", 4))
	require.Equal(t, []string{"b2: ", "a4: thread 2"}, receipt("slack"))

	expire := func(before time.Time) {
		_, err := l.ExpireOutbox(t.Context(), ledger.OutboxExpiry{Delivered: began, Queued: began, Receipts: before})
		require.NoError(t, err)
	}
	expire(began)
	require.Equal(t, []string{"b2: ", "a4: thread 2"}, receipt("slack"))
	expire(time.Now().Add(time.Hour))
	require.Equal(t, []string{"b2: ", "a4: "}, receipt("slack"))
	require.Equal(t, []string{"a2: "}, receipt("grafana"))
}

// parking holds Park, Unpark, OutboxState and ExpireOutbox to their contract.
func parking(t *testing.T, open Opener) {
	began := time.Now().Add(-time.Second)
	l, place := start(t, open)
	row := func(n int) ledger.OutboxRow { return message("hook", fmt.Sprint(n), "p") }
	var rows []ledger.OutboxRow
	for n := range 4 {
		rows = append(rows, row(n))
	}
	send(t, l, append(rows, message("chat", "a", "q"))...)
	waiting := func(want ...ledger.OutboxRow) {
		t.Helper()
		require.Equal(t, want, queued(t, l, "hook", 0))
	}
	require.ErrorIs(t, l.Park(t.Context(), "hook", "none"), ledger.ErrNotFound)
	require.NoError(t, l.Park(t.Context(), "hook", "1"))
	require.NoError(t, l.Delivered(t.Context(), "hook", "0", nil))
	require.NoError(t, l.Park(t.Context(), "hook", "0"), "a delivered one stays delivered")
	waiting(row(2), row(3))
	require.NoError(t, l.Close())

	l = reopen(t, open, place)
	state, err := l.OutboxState(t.Context())
	require.NoError(t, err)
	require.Len(t, state, 2)
	for _, s := range state {
		require.WithinRange(t, s.Oldest, began, time.Now())
	}
	state[0].Oldest, state[1].Oldest = time.Time{}, time.Time{}
	require.Equal(t, []ledger.OutboxState{{Sink: "chat", Waiting: 1}, {Sink: "hook", Waiting: 2, Parked: 1}}, state)

	unpark := func(since time.Time, want int64) {
		t.Helper()
		n, err := l.Unpark(t.Context(), "hook", since)
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	unpark(time.Now().Add(time.Hour), 0)
	unpark(began, 1)
	unpark(began, 0)
	waiting(row(1), row(2), row(3))

	expire := func(delivered, queued time.Time, want map[string]int64) {
		t.Helper()
		lost, err := l.ExpireOutbox(t.Context(), ledger.OutboxExpiry{Delivered: delivered, Queued: queued, Receipts: began})
		require.NoError(t, err)
		require.Equal(t, want, lost)
	}
	send(t, l, rows[:1]...)
	expire(began, began, map[string]int64{})
	waiting(row(1), row(2), row(3))
	expire(time.Now().Add(time.Hour), began, map[string]int64{})
	send(t, l, rows[:1]...)
	waiting(row(1), row(2), row(3), row(0))
	require.NoError(t, l.Park(t.Context(), "hook", "2"))
	expire(began, time.Now().Add(time.Hour), map[string]int64{"chat": 1, "hook": 4})
	state, err = l.OutboxState(t.Context())
	require.NoError(t, err)
	require.Empty(t, state)
}

// storeMessage queues one of a few messages of a few subjects. What it replaces counts as delivered.
func (m *machine) storeMessage(t *rapid.T) {
	row := ledger.OutboxRow{
		Sink: someService.Draw(t, "sink"), Subject: someEnvironment.Draw(t, "subject"), Key: someID.Draw(t, "key"),
		Each: rapid.Bool().Draw(t, "each"), Payload: rapid.SliceOfN(rapid.Byte(), 1, -1).Draw(t, "payload"),
	}
	m.tried(t, func() error { return m.l.CommitEffects(t.Context(), nil, []ledger.OutboxRow{row}, 0) })
	at := slices.IndexFunc(m.outbox, func(o ledger.OutboxRow) bool { return o.Sink == row.Sink && o.Key == row.Key })
	if at < 0 {
		at = len(m.outbox)
		m.outbox = append(m.outbox, row)
	}
	for _, o := range m.outbox[:at] {
		if !row.Each && !o.Each && o.Sink == row.Sink && o.Subject == row.Subject {
			m.delivered[[2]string{o.Sink, o.Key}] = true
		}
	}
}

func (m *machine) deliver(t *rapid.T) {
	if len(m.outbox) == 0 {
		return
	}
	row := rapid.SampledFrom(m.outbox).Draw(t, "message")
	receipt := rapid.SampledFrom([][]byte{nil, []byte("1"), []byte("2")}).Draw(t, "receipt")
	m.tried(t, func() error { return m.l.Delivered(t.Context(), row.Sink, row.Key, receipt) })
	m.delivered[[2]string{row.Sink, row.Key}] = true
	if receipt != nil {
		m.receipts[[2]string{row.Sink, row.Subject}] = receipt
	}
}

// readOutbox compares a listing from somewhere in the queue.
func (m *machine) readOutbox(t *rapid.T) {
	for _, sink := range []string{"cart", "checkout"} {
		all, err := m.l.Outbox(t.Context(), sink, 0, 0)
		require.NoError(t, err)
		want := m.waiting(sink)
		require.Len(t, all, len(want))
		from := rapid.IntRange(0, len(want)).Draw(t, "from")
		var after int64
		if from > 0 {
			after = all[from-1].Seq
		}
		for i := range want {
			want[i].Seq = all[i].Seq
			want[i].Behind = slices.ContainsFunc(want[:from], func(w ledger.Waiting) bool { return w.Subject == want[i].Subject })
		}
		limit := rapid.IntRange(0, 3).Draw(t, "limit")
		got, err := m.l.Outbox(t.Context(), sink, after, limit)
		require.NoError(t, err)
		same(t, limited(want[from:], limit), got)
	}
}

func (m *machine) waiting(sink string) (all []ledger.Waiting) {
	for _, row := range m.outbox {
		if row.Sink == sink && !m.delivered[[2]string{sink, row.Key}] {
			all = append(all, ledger.Waiting{OutboxRow: row, Receipt: m.receipts[[2]string{sink, row.Subject}]})
		}
	}
	return all
}

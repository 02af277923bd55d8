package sqlite

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate/ledger"
)

func TestLettersAreSeenTriedAgainAndDroppedBesideTheDaemon(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	_, err := OpenDesk(ctx, dir)
	require.ErrorContains(t, err, "there is no ledger in")

	l, err := Open(ctx, Options{Dir: dir})
	require.NoError(t, err)
	row := func(sink, key string) ledger.OutboxRow {
		return ledger.OutboxRow{Sink: sink, Subject: "about " + key, Key: key, Each: true, Payload: []byte("says " + key)}
	}
	require.NoError(t, l.CommitEffects(ctx, nil, []ledger.OutboxRow{
		row("slack", "a"), row("slack", "b"), row("slack", "c"), row("grafana", "a"), row("grafana", "z"),
	}, 0))
	require.NoError(t, l.Delivered(ctx, "grafana", "z", nil))
	for _, key := range []string{"a", "b"} {
		require.NoError(t, l.Park(ctx, "slack", key))
	}

	d, err := OpenDesk(ctx, dir)
	require.NoError(t, err)
	keys := func(f LetterFilter) (found []string) {
		t.Helper()
		letters, err := d.Letters(ctx, f)
		require.NoError(t, err)
		for _, letter := range letters {
			found = append(found, letter.Sink+" "+letter.Key)
			require.Equal(t, "about "+letter.Key, letter.Subject)
			require.Equal(t, "says "+letter.Key, string(letter.Payload))
			require.WithinDuration(t, time.Now(), letter.QueuedAt, time.Minute)
			require.Equal(t, f.Parked, f.Parked && !letter.ParkedAt.IsZero())
		}
		return found
	}
	require.Equal(t, []string{"slack a", "slack b", "slack c", "grafana a"}, keys(LetterFilter{}))
	require.Equal(t, []string{"slack a", "slack b"}, keys(LetterFilter{Parked: true}))
	require.Equal(t, []string{"slack a", "grafana a"}, keys(LetterFilter{Key: "a"}))
	require.Equal(t, []string{"slack a"}, keys(LetterFilter{Sink: "slack", Limit: 1}))

	for name, c := range map[string]struct {
		do     func() (int64, error)
		want   int64
		parked []string
	}{
		"what waits can't be put back": {func() (int64, error) { return d.Retry(ctx, LetterFilter{Key: "c"}) }, 0, []string{"slack a", "slack b"}},
		"nor what was delivered":       {func() (int64, error) { return d.Drop(ctx, LetterFilter{Key: "z"}) }, 0, []string{"slack a", "slack b"}},
	} {
		t.Run(name, func(t *testing.T) {
			n, err := c.do()
			require.NoError(t, err)
			require.Equal(t, c.want, n)
			require.Equal(t, c.parked, keys(LetterFilter{Parked: true}))
		})
	}
	n, err := d.Retry(ctx, LetterFilter{Sink: "slack", Key: "a"})
	require.NoError(t, err)
	require.Equal(t, int64(1), n)
	waiting, err := l.Outbox(ctx, "slack", 0, 0)
	require.NoError(t, err)
	require.Len(t, waiting, 2, "the daemon has it again")
	n, err = d.Drop(ctx, LetterFilter{Parked: true})
	require.NoError(t, err)
	require.Equal(t, int64(1), n)
	require.Equal(t, []string{"slack a", "slack c", "grafana a"}, keys(LetterFilter{}))
	require.NoError(t, d.Close())
	again, err := l.Unpark(ctx, "slack", time.Time{})
	require.NoError(t, err)
	require.Zero(t, again, "what was dropped doesn't come back")
	require.NoError(t, l.Close())
}

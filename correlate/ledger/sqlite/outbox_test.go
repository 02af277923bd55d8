package sqlite

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate/ledger"
)

// withoutSubjects is a schema in which messages have no subjects yet.
const withoutSubjects = 5

func TestMessagesOfAnEarlierReleaseWaitOnInTheirOrder(t *testing.T) {
	dir := t.TempDir()
	old := openAt(t, Options{Dir: dir, schema: withoutSubjects})
	for n := range 3 {
		require.NoError(t, old.run(t.Context(), []write{{
			"INSERT INTO outbox (sink, key, payload, queued_at) VALUES ('webhook/ci', ?, x'70', ?)", []any{fmt.Sprint(n), n}}}))
	}
	require.NoError(t, old.Close())

	l := openAt(t, Options{Dir: dir})
	replacing := ledger.OutboxRow{Sink: "webhook/ci", Subject: "checkout-1", Key: "new", Payload: []byte("p")}
	require.NoError(t, l.CommitEffects(t.Context(), nil, []ledger.OutboxRow{replacing}, 0))
	found, err := l.Outbox(t.Context(), "webhook/ci", 0, 0)
	require.NoError(t, err)
	var rows []ledger.OutboxRow
	for _, w := range found {
		require.Nil(t, w.Receipt)
		rows = append(rows, w.OutboxRow)
	}
	var want []ledger.OutboxRow
	for n := range 3 {
		want = append(want, ledger.OutboxRow{Sink: "webhook/ci", Key: fmt.Sprint(n), Each: true, Payload: []byte("p")})
	}
	require.Equal(t, append(want, replacing), rows, "each of them counts, and they have one subject: none overtakes another")
}

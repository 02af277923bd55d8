package kafka

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
)

// A transaction is read as a whole when it is committed, and not at all when its producer takes it back.
func TestOnlyCommittedTransactionsAreApplied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.join()
		producer := w.producer(kgo.TransactionalID("releases"))
		defer producer.Close()
		w.transact(producer, kgo.TryAbort, "taken-back-1", "taken-back-2")
		w.transact(producer, kgo.TryCommit, "kept-1", "kept-2")
		w.transact(producer, kgo.TryAbort, "taken-back-3")
		w.produce(0, 3)
		w.produced["kept-1"], w.produced["kept-2"] = true, true
		w.requireOnce()
		require.Zero(t, w.count(resultQuarantined))
		require.Zero(t, w.count(resultLost))
	})
}

func (w *world) transact(producer *kgo.Client, end kgo.TransactionEndTry, ids ...string) {
	ctx := context.Background()
	require.NoError(w.t, producer.BeginTransaction())
	for _, id := range ids {
		record := &kgo.Record{Topic: "deploys", Value: fmt.Appendf(nil, `{"change": %q}`, id)}
		require.NoError(w.t, producer.ProduceSync(ctx, record).FirstErr())
	}
	require.NoError(w.t, producer.EndTransaction(ctx, end))
}

package host

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/sinktest"
)

// asked is a ledger that counts how often it is asked for a change.
type asked struct {
	ledger.Ledger
	ids []string
	err error
}

func (a *asked) Change(ctx context.Context, id string) (correlate.ChangeRecord, []correlate.Verdict, error) {
	a.ids = append(a.ids, id)
	if a.err != nil {
		return correlate.ChangeRecord{}, nil, a.err
	}
	return a.Ledger.Change(ctx, id)
}

// listening is a sink that keeps the batches it is given.
type listening struct {
	name    string
	batches []sinks.Batch
}

func (l *listening) Name() string     { return l.name }
func (l *listening) Close() error     { return nil }
func (l *listening) Queues() []string { return []string{""} }
func (l *listening) Messages(b sinks.Batch) ([]sinks.Message, error) {
	l.batches = append(l.batches, b)
	var all []sinks.Message
	for _, d := range b.Decisions {
		all = append(all, sinks.Message{Subject: d.Record.ID, Key: d.Record.ID, Payload: []byte(d.Record.Team)})
	}
	return all, nil
}
func (l *listening) Deliver(context.Context, sinks.Message) (sinks.Receipt, error) { return nil, nil }

func TestWhatWasDecidedBeforeIsReadOnceForAllSinks(t *testing.T) {
	real, err := sqlite.Open(t.Context(), sqlite.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, real.Close()) })
	l := &asked{Ledger: real}
	chat, hook := &listening{name: "chat"}, &listening{name: "hook"}
	o := &outbox{ledger: l, log: zap.NewNop(), tally: &correlate.Tally{}, sinks: []sinks.Outgoing{chat, hook}}
	outcome := correlate.Healthy
	decided := func(id string, revision int) correlate.Effect {
		return correlate.Effect{Verdict: &correlate.Verdict{ChangeID: id, Revision: revision, Outcome: outcome, Evidence: []correlate.Evidence{}}}
	}
	record := func(id string) correlate.Effect {
		return correlate.Effect{Change: &correlate.ChangeRecord{Change: correlate.Change{ID: id, Team: "shop"}}}
	}

	first := []correlate.Effect{record("a"), decided("a", 1)}
	rows := o.rows(first)
	require.Empty(t, l.ids, "the first revision with its record says everything itself")
	require.Equal(t, []ledger.OutboxRow{
		{Sink: "chat", Subject: "a", Key: "a", Payload: []byte("shop")}, {Sink: "hook", Subject: "a", Key: "a", Payload: []byte("shop")},
	}, rows)
	require.NoError(t, real.CommitEffects(t.Context(), first, rows, 0))

	o.rows([]correlate.Effect{decided("a", 2), decided("b", 1), decided("a", 3), {Idle: &correlate.Idle{}}})
	require.Equal(t, []string{"b", "a"}, l.ids, "once for each change")
	require.Equal(t, chat.batches, hook.batches)
	b := chat.batches[1].Decisions
	require.Len(t, b, 2)
	require.Equal(t, []int{1, 3}, []int{b[0].Verdict.Revision, b[1].Verdict.Revision})
	require.Equal(t, []string{"b", "a"}, []string{b[0].Record.ID, b[1].Record.ID})
	require.Empty(t, b[0].Prior)
	require.Equal(t, []int{1, 2}, []int{b[1].Prior[0].Revision, b[1].Prior[1].Revision})
	require.Equal(t, "shop", b[1].Record.Team)

	outcome = correlate.Regressed
	fault := correlate.Regression{ID: "r", Service: "cart", OnsetAt: sinktest.Noon, DecidedAt: sinktest.Noon, Suspects: []correlate.Suspect{{ChangeID: "c"}}}
	require.NoError(t, real.CommitEffects(t.Context(), []correlate.Effect{{Regression: &fault}}, nil, 0))
	o.rows([]correlate.Effect{record("c"), decided("c", 1)})
	require.Equal(t, []correlate.Regression{fault}, chat.batches[2].Decisions[0].Faults)
	require.False(t, chat.batches[2].Decisions[0].PriorUnknown, "a change that is stored with its verdict has no past")

	l.err = errors.New("the disk fails")
	o.rows([]correlate.Effect{decided("a", 4)})
	d := chat.batches[3].Decisions[0]
	require.True(t, d.PriorUnknown)
	require.Equal(t, "a", d.Record.ID)

	none := &outbox{ledger: l}
	l.ids = nil
	require.Empty(t, none.rows(first))
	require.Empty(t, l.ids, "nothing is read when nobody sends")
}

package door_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/shipwake/shipwake/collector/changelog"
	"github.com/shipwake/shipwake/correlate"
)

// delivery is one change as a receiver would pass it on, and its log records.
func delivery() ([]correlate.Delivery, plog.Logs) {
	change := correlate.Change{ID: "c1", Service: "checkout", FinishedAt: time.Unix(1_772_359_200, 0).UTC()}.WithDefaults()
	deliveries := []correlate.Delivery{{
		Source: "generic", ID: "d1", ReceivedAt: time.Unix(1_772_359_201, 0).UTC(), Raw: []byte("{}"),
		Facts: []correlate.Fact{{Change: &change}},
	}}
	return deliveries, changelog.ToLogs(deliveries, &correlate.Position{Stream: "kafka/deploys/3", Expect: 1, Next: 2})
}

func TestAPositionMovesAloneAndBack(t *testing.T) {
	l := &ledger{}
	_, _, logs := doors(t, &correlate.Tally{}, l)
	back := &correlate.Position{Stream: "kafka/deploys/3", Expect: 9, Next: 0}
	require.NoError(t, logs.ConsumeLogs(changelog.FromReceiver(t.Context()), changelog.ToLogs(nil, back)))
	require.Equal(t, &correlate.Move{Stream: "kafka/deploys/3", Expect: []byte("9")}, l.moved)
	require.Empty(t, l.committed)
}

// A receiver of ours must not take a damaged delivery for stored, nor its offset for moved.
func TestDamageOnTheWayFromAReceiverIsPermanentAndNothingIsTaken(t *testing.T) {
	l := &ledger{}
	_, _, logs := doors(t, &correlate.Tally{}, l)
	_, records := delivery()
	records.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().RemoveIf(func(r plog.LogRecord) bool {
		return r.EventName() == changelog.EventChange
	})
	addLog(records)
	require.True(t, consumererror.IsPermanent(logs.ConsumeLogs(changelog.FromReceiver(t.Context()), records)))
	require.Empty(t, l.committed)
	require.Nil(t, l.moved)
	require.Empty(t, l.measurer.Drain())
}

func TestAReceiversDeliveriesAreCommittedAndItsPositionMoves(t *testing.T) {
	l := &ledger{}
	_, _, logs := doors(t, &correlate.Tally{}, l)
	deliveries, records := delivery()
	require.NoError(t, logs.ConsumeLogs(changelog.FromReceiver(t.Context()), records))
	require.Equal(t, []correlate.Entry{deliveries[0].Entry()}, l.committed)
	require.Equal(t, &correlate.Move{Stream: "kafka/deploys/3", Expect: []byte("1"), Next: []byte("2")}, l.moved)

	_, records = delivery()
	l.refuse = fmt.Errorf("kafka/deploys/3: %w", correlate.ErrFenced)
	require.True(t, consumererror.IsPermanent(logs.ConsumeLogs(changelog.FromReceiver(t.Context()), records)), "a fenced reader must not try again")
}

//go:build kafka

package kafka

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/shipwake/shipwake/collector/kafka/kafkatest"
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/collector/source/generic"
	"github.com/shipwake/shipwake/collector/source/sourcetest"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite"
)

const (
	floodVar        = "SHIPWAKE_TEST_MESSAGES"
	floodMessages   = 100_000 // unless floodVar says otherwise
	floodPartitions = 6
)

// TestAFloodIsAppliedOnce writes many changes while three members with one ledger share the partitions, one of them
// comes late, one goes, and the broker is killed and started again. Everything written is in the ledger, each once.
func TestAFloodIsAppliedOnce(t *testing.T) {
	messages := floodMessages
	if text := os.Getenv(floodVar); text != "" {
		var err error
		messages, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	b := kafkatest.Start(t)
	b.CreateTopics(floodPartitions, "facts")
	ledger := openSynced(t)
	first, second := startMember(t, b, ledger), startMember(t, b, ledger)
	defer leave(t, second)
	produced := make(chan error, 1)
	began := time.Now()
	go func() { produced <- flood(b, messages) }()

	ledger.reaches(t, messages/4)
	third := startMember(t, b, ledger)
	defer leave(t, third)
	ledger.reaches(t, messages/2)
	b.Kill()
	b.Begin()
	leave(t, first)
	require.NoError(t, <-produced)
	ledger.reaches(t, messages)
	took := time.Since(began)

	require.Zero(t, ledger.duplicate.Load(), "deliveries that came twice")
	require.EqualValues(t, messages, ledger.offsets(t), "the offsets of all partitions")
	requireLag(t, b, 0)
	t.Logf("kafka %s: %d messages written and in the ledger once, in %s: %.0f a second, with three members in turn and the broker killed once; resident at most %d MiB, members and writer together",
		kafkatest.Version, messages, took.Round(100*time.Millisecond), float64(messages)/took.Seconds(), peakResident(t)>>20)
}

// peakResident is the largest resident size of this process so far, in bytes.
func peakResident(t *testing.T) int64 {
	text, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	found := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(text)
	require.NotNil(t, found)
	kib, err := strconv.ParseInt(string(found[1]), 10, 64)
	require.NoError(t, err)
	return kib << 10
}

// TestReadingKeepsUp reads what is there already, which shows how fast reading alone is.
func TestReadingKeepsUp(t *testing.T) {
	b := kafkatest.Start(t)
	b.CreateTopics(floodPartitions, "facts")
	require.NoError(t, flood(b, floodMessages))
	ledger := openSynced(t)
	began := time.Now()
	m := startMember(t, b, ledger)
	defer leave(t, m)
	ledger.reaches(t, 1)
	joined := time.Since(began)
	ledger.reaches(t, floodMessages)
	rate := float64(floodMessages) / (time.Since(began) - joined).Seconds()
	t.Logf("kafka %s: %d messages read, understood and synced at %.0f a second, %s after joining", kafkatest.Version, floodMessages, rate, joined.Round(time.Millisecond))
}

// TestTransactionsOfARealBroker writes in transactions of which every other is taken back.
func TestTransactionsOfARealBroker(t *testing.T) {
	b := kafkatest.Start(t)
	b.CreateTopics(1, "facts")
	ledger := openSynced(t)
	m := startMember(t, b, ledger)
	defer leave(t, m)
	producer := b.Client(kgo.TransactionalID("releases"))
	defer producer.Close()
	const transactions, each = 20, 25
	for n := range transactions {
		require.NoError(t, producer.BeginTransaction())
		for i := range each {
			require.NoError(t, producer.ProduceSync(t.Context(), fact(fmt.Sprintf("change-%d-%d", n, i), 0)).FirstErr())
		}
		require.NoError(t, producer.EndTransaction(t.Context(), kgo.TransactionEndTry(n%2 == 0)))
	}
	require.NoError(t, flood(b, 1)) // behind all of them
	ledger.reaches(t, transactions/2*each+1)
	require.EqualValues(t, transactions/2*each+1, ledger.accepted.Load())
}

// startMember joins the group of a ledger.
func startMember(t *testing.T, b *kafkatest.Broker, ledger *synced) *member {
	c := defaultConfig(nil)
	c.Brokers = []string{b.Address}
	c.Topics = []TopicConfig{{Topic: "facts", Source: "generic"}}
	c.SessionTimeout, c.HeartbeatInterval = 6*time.Second, time.Second
	m, err := newMember(receivertest.NewNopSettings(Type), c, []source.Source{generic.Source()}, &correlate.Tally{})
	require.NoError(t, err)
	require.NoError(t, m.Start(context.Background(), sourcetest.Host{component.MustNewID("correlate"): ledger}))
	return m
}

func leave(t *testing.T, m *member) { require.NoError(t, m.Shutdown(context.Background())) }

// flood writes changes, each to the partition that is next, and waits until the broker has them.
func flood(b *kafkatest.Broker, messages int) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Address), kgo.DefaultProduceTopic("facts"),
		kgo.RecordPartitioner(kgo.RoundRobinPartitioner()), kgo.ProducerLinger(5*time.Millisecond))
	if err != nil {
		return err
	}
	defer client.Close()
	var failed atomic.Pointer[error]
	for n := range messages {
		client.Produce(context.Background(), fact(fmt.Sprintf("flood-%d", n), 0), func(_ *kgo.Record, err error) {
			if err != nil {
				failed.Store(&err)
			}
		})
	}
	if err := client.Flush(context.Background()); err != nil {
		return err
	}
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

// requireLag waits until the group's lag, as the broker's own tools see it, is at most this.
func requireLag(t *testing.T, b *kafkatest.Broker, most int64) {
	client := b.Client()
	defer client.Close()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		lags, err := kadm.NewClient(client).Lag(t.Context(), "shipwake")
		if assert.NoError(c, err) && assert.NoError(c, lags.Error()) {
			assert.LessOrEqual(c, lags["shipwake"].Lag.Total(), most)
		}
	}, 30*time.Second, 200*time.Millisecond)
}

// synced is a real ledger that counts.
type synced struct {
	component.StartFunc
	component.ShutdownFunc
	*sqlite.Ledger
	accepted, duplicate atomic.Int64
}

func openSynced(t *testing.T) *synced {
	ledger, err := sqlite.Open(t.Context(), sqlite.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, ledger.Close()) })
	return &synced{Ledger: ledger}
}

func (l *synced) Register(string, source.Projector) {}

func (l *synced) Commit(ctx context.Context, entries []correlate.Entry, move *correlate.Move) (correlate.Receipt, error) {
	receipt, _, err := l.Append(ctx, entries, move)
	l.accepted.Add(int64(receipt.Accepted))
	l.duplicate.Add(int64(receipt.Duplicate))
	return receipt, err
}

// reaches waits until so many deliveries are in the ledger.
func (l *synced) reaches(t *testing.T, deliveries int) {
	t.Helper()
	require.Eventually(t, func() bool { return l.accepted.Load() >= int64(deliveries) }, 10*time.Minute, 10*time.Millisecond)
}

// offsets is how far the ledger stands in all partitions together.
func (l *synced) offsets(t *testing.T) (sum int64) {
	for id := range floodPartitions {
		text, err := l.Cursor(t.Context(), fmt.Sprintf("kafka/facts/%d", id))
		require.NoError(t, err)
		held, err := parseCursor(text)
		require.NoError(t, err)
		sum += held.offset
	}
	return sum
}

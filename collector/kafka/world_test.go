package kafka

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/goleak"

	"github.com/shipwake/shipwake/collector/changelog"
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a broker, a ledger and the members of a group, on an in-memory network in virtual time.
type world struct {
	t        *testing.T
	network  kfake.VirtualNetwork
	broker   *kfake.Cluster
	ledger   *memory
	tally    correlate.Tally
	produced map[string]bool // ids of changes
}

// newWorld has the topics "deploys" with some partitions. It must be made inside a synctest bubble.
func newWorld(t *testing.T, partitions int32, opts ...kfake.Opt) *world {
	w := &world{t: t, ledger: newMemory(), produced: map[string]bool{}}
	broker, err := kfake.NewCluster(append([]kfake.Opt{
		kfake.NumBrokers(1), kfake.Ports(9092), kfake.ListenFn(w.network.Listen), kfake.SeedTopics(partitions, "deploys"),
	}, opts...)...)
	require.NoError(t, err)
	w.broker = broker
	t.Cleanup(broker.Close)
	return w
}

func (w *world) config() *Config {
	c := defaultConfig(nil)
	c.Topics = []TopicConfig{{Topic: "deploys", Source: "lines"}}
	return c
}

// running is a member of the group with the cable that connects it.
type running struct {
	*member
	cable *cable
}

func (w *world) join() *running { return w.joinWith(w.config(), w.ledger) }

func (w *world) joinWith(c *Config, out consumer.Logs) *running {
	m, err := newMember(receivertest.NewNopSettings(Type), c, []source.Factory{linesFactory()}, &w.tally, out)
	require.NoError(w.t, err)
	r := &running{member: m, cable: &cable{dial: w.network.DialContext}}
	m.dial = r.cable.DialContext
	require.NoError(w.t, m.Start(w.t.Context(), w.ledger.host()))
	w.t.Cleanup(r.leave)
	return r
}

func (r *running) leave() { _ = r.Shutdown(context.Background()) }

// kill ends a member without a goodbye: the group notices after the session timeout.
func (r *running) kill() {
	r.cable.pull()
	r.stop()
}

// produce writes n changes to a partition.
func (w *world) produce(partition, n int) {
	messages := make([]kafkago.Message, n)
	for i := range messages {
		id := fmt.Sprintf("change-%d", len(w.produced))
		w.produced[id] = true
		messages[i] = kafkago.Message{Value: fmt.Appendf(nil, `{"change": %q}`, id)}
	}
	w.write("deploys", partition, messages...)
}

func (w *world) write(topic string, partition int, messages ...kafkago.Message) {
	d := kafkago.Dialer{DialFunc: w.network.DialContext}
	conn, err := d.DialLeader(w.t.Context(), "tcp", "localhost:9092", topic, partition)
	require.NoError(w.t, err)
	defer func() { _ = conn.Close() }()
	_, err = conn.WriteMessages(messages...)
	require.NoError(w.t, err)
}

// settle waits in virtual time until something holds.
func (w *world) settle(what string, holds func() bool) {
	w.t.Helper()
	for range 6000 {
		if holds() {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	require.FailNow(w.t, "did not happen in ten minutes: "+what)
}

// requireOnce waits until everything produced is applied, lets another minute pass, and checks that nothing was
// applied twice.
func (w *world) requireOnce() {
	w.t.Helper()
	w.settle("every change produced is applied", func() bool { return w.ledger.changes() >= len(w.produced) })
	time.Sleep(time.Minute)
	applied := w.ledger.counts()
	require.Len(w.t, applied, len(w.produced))
	for id, n := range applied {
		require.True(w.t, w.produced[id], id)
		require.Equal(w.t, 1, n, id)
	}
}

func (w *world) count(result string) int64 {
	for _, v := range w.tally.Values() {
		if v.Count == (correlate.Count{What: "kafka", Source: "deploys", Result: result}) {
			return v.Value
		}
	}
	return -1
}

// cable is a member's connection to the network, which can be pulled and plugged in again.
type cable struct {
	dial   dialFunc
	mu     sync.Mutex
	pulled bool
	conns  []net.Conn
}

func (c *cable) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	c.mu.Lock()
	pulled := c.pulled
	c.mu.Unlock()
	if pulled {
		return nil, errors.New("network is unreachable")
	}
	conn, err := c.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pulled { // meanwhile
		_ = conn.Close()
		return nil, errors.New("connection reset")
	}
	c.conns = append(c.conns, conn)
	return conn, nil
}

func (c *cable) pull() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pulled = true
	for _, conn := range c.conns {
		_ = conn.Close()
	}
	c.conns = nil
}

func (c *cable) plug() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pulled = false
}

// memory is a ledger with compare-and-swap of positions and a counter that is not idempotent: applying a change twice
// shows. It stands for the rest of the pipeline as well.
type memory struct {
	component.StartFunc
	component.ShutdownFunc
	mu         sync.Mutex
	positions  map[string]int64
	applied    map[string]int
	deliveries []correlate.Delivery
	before     func(correlate.Position) error // runs before a commit, unlocked; an error refuses it
	after      func(correlate.Position) error // runs after a commit; an error loses the answer
	broken     error                          // what Position says
}

func newMemory() *memory {
	return &memory{positions: map[string]int64{}, applied: map[string]int{}}
}

func (m *memory) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (m *memory) ConsumeLogs(ctx context.Context, logs plog.Logs) error {
	found := changelog.FromLogs(logs)
	if found.Why != nil || found.Rest != 0 || found.Move == nil || !changelog.IsFromReceiver(ctx) {
		return fmt.Errorf("not what the receiver ought to send: %+v: %w", found, found.Why)
	}
	deliveries, move := found.Deliveries, found.Move
	before, after := m.hooks()
	if before != nil {
		if err := before(*move); err != nil {
			return err
		}
	}
	if err := m.commit(deliveries, *move); err != nil {
		return err
	}
	if after != nil {
		return after(*move)
	}
	return nil
}

func (m *memory) commit(deliveries []correlate.Delivery, move correlate.Position) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.positions[move.Stream] != move.Expect {
		return fmt.Errorf("%s is at %d: %w", move.Stream, m.positions[move.Stream], correlate.ErrFenced)
	}
	m.positions[move.Stream] = move.Next
	m.deliveries = append(m.deliveries, deliveries...)
	for _, d := range deliveries {
		for _, f := range d.Facts {
			m.applied[f.Change.ID]++
		}
	}
	return nil
}

func (m *memory) hook(before, after func(correlate.Position) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.before, m.after = before, after
}

func (m *memory) hooks() (before, after func(correlate.Position) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.before, m.after
}

func (m *memory) Position(_ context.Context, stream string) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.positions[stream], m.broken
}

func (m *memory) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.broken = err
}

func (m *memory) changes() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.applied)
}

func (m *memory) counts() map[string]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	counts := make(map[string]int, len(m.applied))
	for id, n := range m.applied {
		counts[id] = n
	}
	return counts
}

func (m *memory) all() []correlate.Delivery {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]correlate.Delivery(nil), m.deliveries...)
}

func (m *memory) host() component.Host {
	return extended{componenttest.NewNopHost(), m}
}

// extended is a host whose extension keeps positions.
type extended struct {
	component.Host
	memory *memory
}

func (h extended) GetExtensions() map[component.ID]component.Component {
	return map[component.ID]component.Component{component.MustNewID("correlate"): h.memory}
}

// lines is a source of {"change": id}, {"change": id, "event": id} and lists of them.
type lines struct{}

func linesFactory() source.Factory {
	return source.Factory{Name: "lines", New: func(source.ReaderConfig) (source.Reader, error) { return lines{}, nil }}
}

func (lines) Authenticate(source.Request) error { return nil }

func (lines) Parse(r source.Request) ([]correlate.Delivery, error) {
	type event struct{ Change, Event string }
	var list []event
	if err := json.Unmarshal(r.Body, &list); err != nil {
		list = make([]event, 1)
		if err := json.Unmarshal(r.Body, &list[0]); err != nil {
			return nil, &source.ParseError{Path: "$", Want: "JSON"}
		}
	}
	var all []correlate.Delivery
	for _, e := range list {
		d := correlate.Delivery{ID: e.Event, ReceivedAt: r.ReceivedAt, Raw: r.Body}
		if d.ID == "" {
			d.ID = source.BodyID(r.Body)
		}
		change := correlate.Change{ID: e.Change, Service: "shop", StartedAt: time.Unix(900_000_000, 0)}.WithDefaults()
		d.Facts = []correlate.Fact{{Change: &change}}
		all = append(all, d)
	}
	return all, nil
}

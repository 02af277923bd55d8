package kafka

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.uber.org/goleak"

	"github.com/shipwake/shipwake/collector/following"
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/collector/source/sourcetest"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/kafkaclient"
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

func (w *world) join() *running { return w.joinWith(w.config()) }

func (w *world) joinWith(c *Config) *running {
	m, err := newMember(receivertest.NewNopSettings(Type), c, []source.Source{lines()}, &w.tally)
	require.NoError(w.t, err)
	r := &running{member: m, cable: &cable{dial: w.network.DialContext}}
	m.dial = r.cable.DialContext
	m.reports = false
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
func (w *world) produce(partition int32, n int) {
	messages := make([]*kgo.Record, n)
	for i := range messages {
		id := fmt.Sprintf("change-%d", len(w.produced))
		w.produced[id] = true
		messages[i] = &kgo.Record{Value: fmt.Appendf(nil, `{"change": %q}`, id)}
	}
	w.write("deploys", partition, messages...)
}

func (w *world) write(topic string, partition int32, messages ...*kgo.Record) {
	for _, m := range messages {
		m.Topic, m.Partition = topic, partition
	}
	client := w.producer(kgo.DisableIdempotentWrite(), kgo.RequiredAcks(kgo.LeaderAck()))
	defer client.Close()
	require.NoError(w.t, client.ProduceSync(context.Background(), messages...).FirstErr())
}

// producer is a client of a program that writes to partitions it chooses itself.
func (w *world) producer(opts ...kgo.Opt) *kgo.Client {
	client, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers("localhost:9092"), kgo.Dialer(w.network.DialContext), kgo.RecordPartitioner(kgo.ManualPartitioner()),
	}, opts...)...)
	require.NoError(w.t, err)
	return client
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

func (w *world) count(result following.Result) int64 {
	for _, v := range w.tally.Values() {
		if v.Count == result.Of("deploys") {
			return v.Value
		}
	}
	return -1
}

// cable is a member's connection to the network, which can be pulled and plugged in again.
type cable struct {
	dial   kafkaclient.Dial
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

// memory is an intake with compare-and-swap of cursors and a counter that is not idempotent: applying a change twice
// shows.
type memory struct {
	component.StartFunc
	component.ShutdownFunc
	mu      sync.Mutex
	cursors map[string]string
	applied map[string]int
	entries []correlate.Entry
	sources map[string]source.Projector
	before  func(correlate.Move) error // runs before a commit, unlocked; an error refuses it
	after   func(correlate.Move) error // runs after a commit; an error loses the answer
	broken  error                      // what Cursor says
}

func newMemory() *memory {
	return &memory{cursors: map[string]string{}, applied: map[string]int{}, sources: map[string]source.Projector{}}
}

func (m *memory) Register(name string, p source.Projector) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sources[name] = p
}

func (m *memory) Commit(_ context.Context, entries []correlate.Entry, move *correlate.Move) (correlate.Receipt, error) {
	if move == nil {
		return correlate.Receipt{}, errors.New("every batch of messages moves a cursor")
	}
	before, after := m.hooks()
	if before != nil {
		if err := before(*move); err != nil {
			return correlate.Receipt{}, err
		}
	}
	if err := m.keep(entries, *move); err != nil {
		return correlate.Receipt{}, err
	}
	if after != nil {
		return correlate.Receipt{}, after(*move)
	}
	return correlate.Receipt{Accepted: len(entries)}, nil
}

func (m *memory) keep(entries []correlate.Entry, move correlate.Move) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cursors[move.Stream] != string(move.Expect) {
		return fmt.Errorf("%s is at %q: %w", move.Stream, m.cursors[move.Stream], correlate.ErrFenced)
	}
	m.cursors[move.Stream] = string(move.Next)
	m.entries = append(m.entries, entries...)
	for _, e := range entries {
		for _, f := range e.Facts {
			m.applied[f.Change.ID]++
		}
	}
	return nil
}

func (m *memory) hook(before, after func(correlate.Move) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.before, m.after = before, after
}

func (m *memory) hooks() (before, after func(correlate.Move) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.before, m.after
}

func (m *memory) Cursor(_ context.Context, stream string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if text, ok := m.cursors[stream]; ok {
		return []byte(text), m.broken
	}
	return nil, m.broken
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
	return maps.Clone(m.applied)
}

func (m *memory) all() []correlate.Entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.entries)
}

func (m *memory) host() component.Host {
	return sourcetest.Host{component.MustNewID("correlate"): m}
}

// lines is a source of {"change": id}, {"change": id, "event": id}, {"ignore": why} and lists of them.
func lines() source.Source {
	return source.Source{Name: "lines", Version: "1", Open: openLines, Parse: parseLine}
}

func openLines(r source.Request) ([]correlate.Raw, error) {
	list := []json.RawMessage{r.Body}
	if bytes.HasPrefix(r.Body, []byte("[")) {
		if err := json.Unmarshal(r.Body, &list); err != nil {
			return nil, &source.ParseError{Path: "$", Want: "JSON"}
		}
	}
	raws := make([]correlate.Raw, len(list))
	for i, event := range list {
		var e struct{ Event string }
		if err := json.Unmarshal(event, &e); err != nil {
			return nil, &source.ParseError{Path: "$", Want: "JSON"}
		}
		raws[i] = correlate.Raw{ID: e.Event, Body: event}
	}
	return raws, nil
}

func parseLine(raw correlate.Raw) (source.Reading, error) {
	var e struct{ Change, Ignore string }
	if err := json.Unmarshal(raw.Body, &e); err != nil {
		return source.Reading{}, &source.ParseError{Path: "$", Want: "JSON"}
	}
	switch {
	case e.Ignore != "":
		return source.Reading{Ignored: e.Ignore}, nil
	case e.Change == "":
		return source.Reading{Unmapped: "no change"}, nil
	}
	change := correlate.Change{ID: e.Change, Service: "shop", StartedAt: time.Unix(900_000_000, 0).UTC()}.WithDefaults()
	return source.Reading{Facts: []correlate.Fact{{Change: &change}}}, nil
}

//go:build kafka

package kafka

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/shipwake/shipwake/collector/kafka/kafkatest"
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/collector/source/cdevents"
	"github.com/shipwake/shipwake/collector/source/generic"
	"github.com/shipwake/shipwake/collector/source/sourcetest"
	"github.com/shipwake/shipwake/correlate"
)

const (
	partitions   = 3
	rounds       = 60  // of messages written
	perRound     = 40  // messages of each kind
	killEvery    = 5   // rounds
	bigMessage   = 900 // KiB, below the broker's default limit of 1 MiB
	journalName  = "journal.jsonl"
	freezeName   = "freeze"                 // a consumer that finds it freezes,
	frozenName   = "frozen"                 // and leaves this
	consumerVars = "SHIPWAKE_TEST_CONSUMER" // address and folder of a consumer process
)

// TestRealBroker runs two consumer processes against Apache Kafka, kills one of them with SIGKILL again and again, freezes
// one between reading and committing for longer than its session, and checks that every message written is applied
// exactly once.
func TestRealBroker(t *testing.T) {
	if vars := os.Getenv(consumerVars); vars != "" {
		address, dir, _ := strings.Cut(vars, " ")
		consume(t, address, dir)
		return
	}
	b := kafkatest.Start(t)
	b.CreateTopics(partitions, "events", "facts")
	address, dir := b.Address, t.TempDir()
	consumers := []*process{startConsumer(t, address, dir), startConsumer(t, address, dir)}
	random := rand.New(rand.NewPCG(1, 2))
	kills, written := 0, 0
	for round := range rounds {
		written += write(t, address, round)
		switch {
		case round == rounds/2:
			written += freeze(t, address, dir)
		case round%killEvery == killEvery-1:
			i := random.IntN(len(consumers))
			consumers[i].kill()
			consumers[i] = startConsumer(t, address, dir)
			kills++
		}
		time.Sleep(time.Duration(random.IntN(300)) * time.Millisecond)
	}
	ledger := &journal{path: filepath.Join(dir, journalName)}
	require.Eventually(t, func() bool { return len(ledger.load(t).ids) >= written }, 2*time.Minute, 500*time.Millisecond,
		"not everything was applied")
	time.Sleep(3 * time.Second) // in which nothing is to be applied again
	state := ledger.load(t)
	require.Len(t, state.ids, written)
	for id, n := range state.ids {
		require.Equal(t, 1, n, id)
	}
	require.Empty(t, state.problems)
	require.EqualValues(t, written, state.offsets, "the offsets of all partitions")
	require.Equal(t, 1, state.ids["cdevents /ci event-0-0"])
	fmt.Printf("kafka %s: %d messages, %d kills, 1 consumer frozen in a commit: %d applied once, %d commits fenced\n",
		kafkatest.Version, written, kills, len(state.ids), state.fenced)
}

// freeze stops a consumer between reading and committing until the other one has taken its partition over and gone on,
// and then waits for it to be fenced. It returns how many messages were written meanwhile.
func freeze(t *testing.T, address, dir string) (written int) {
	require.NoError(t, os.WriteFile(filepath.Join(dir, freezeName), nil, 0o600))
	ledger := &journal{path: filepath.Join(dir, journalName)}
	round := rounds
	writeUntil := func(done func() bool, what string) {
		for end := time.Now().Add(2 * time.Minute); !done(); round++ {
			require.True(t, time.Now().Before(end), what)
			written += write(t, address, round)
			time.Sleep(500 * time.Millisecond)
		}
	}
	var frozen struct {
		PID  int
		Move correlate.Move
	}
	writeUntil(func() bool {
		said, err := os.ReadFile(filepath.Join(dir, frozenName))
		return err == nil && json.Unmarshal(said, &frozen) == nil
	}, "no consumer froze")
	writeUntil(func() bool {
		return ledger.load(t).offset(frozen.Move.Stream) > offsetOf(frozen.Move.Expect)
	}, "nobody took the frozen consumer's partition over")
	require.NoError(t, syscall.Kill(frozen.PID, syscall.SIGCONT))
	require.Eventually(t, func() bool { return ledger.load(t).fenced > 0 }, time.Minute, 100*time.Millisecond,
		"the frozen consumer was to be fenced")
	return written
}

// freezeIfAsked is freeze's other end: the consumer that takes the file says who it is and what it is about to commit,
// and stops itself, at a moment when it doesn't hold the journal's lock.
func (j *journal) freezeIfAsked(move correlate.Move) error {
	dir, pid := filepath.Dir(j.path), os.Getpid()
	if os.Remove(filepath.Join(dir, freezeName)) != nil {
		return nil // not asked, or the other one was faster
	}
	said, err := json.Marshal(map[string]any{"PID": pid, "Move": move})
	if err != nil {
		return err
	}
	j.busy.Lock()
	defer j.busy.Unlock()
	if err := os.WriteFile(filepath.Join(dir, frozenName), said, 0o600); err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		return err
	}
	time.Sleep(time.Second) // the signal may take a moment; this thread must not commit before it
	return nil
}

// write sends CDEvents, structured and binary, and generic facts, one of them large.
func write(t *testing.T, address string, round int) int {
	client, err := kgo.NewClient(kgo.SeedBrokers(address), kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)))
	require.NoError(t, err)
	defer client.Close()
	var messages []*kgo.Record
	for i := range perRound {
		id := fmt.Sprintf("event-%d-%d", round, i)
		messages = append(messages, event(id, i%2 == 0), fact(id, 0))
	}
	if round%20 == 0 {
		messages = append(messages, fact(fmt.Sprintf("big-%d", round), bigMessage<<10))
	}
	require.NoError(t, client.ProduceSync(t.Context(), messages...).FirstErr())
	return len(messages)
}

// event is a CDEvent as a CloudEvent in structured or binary mode.
func event(id string, structured bool) *kgo.Record {
	const kind = "dev.cdevents.service.deployed.0.2.0"
	data := fmt.Sprintf(`{"context": {"version": "0.4.1", "id": %q, "source": "/ci", "type": %q, "timestamp": "2026-03-01T10:06:00Z"},
		"subject": {"id": "checkout", "type": "service", "content": {"environment": {"id": "production"}, "artifactId": "pkg:oci/checkout@v2"}}}`, id, kind)
	m := &kgo.Record{Topic: "events", Key: []byte(id)}
	if structured {
		m.Value = fmt.Appendf(nil, `{"specversion": "1.0", "id": %q, "source": "/ci", "type": %q, "data": %s}`, id, kind, data)
		m.Headers = []kgo.RecordHeader{{Key: "content-type", Value: []byte("application/cloudevents+json")}}
		return m
	}
	m.Value = []byte(data)
	for name, value := range map[string]string{
		"content-type": "application/json", "ce_specversion": "1.0", "ce_id": id, "ce_source": "/ci", "ce_type": kind,
	} {
		m.Headers = append(m.Headers, kgo.RecordHeader{Key: name, Value: []byte(value)})
	}
	return m
}

func fact(id string, padding int) *kgo.Record {
	return &kgo.Record{Topic: "facts", Key: []byte(id), Value: fmt.Appendf(nil,
		`{"change": {"id": %q, "service": "checkout", "finished_at": "2026-03-01T10:06:00Z"}}%s`,
		id, strings.Repeat(" ", padding))}
}

// consume is the life of one consumer process, until it is told to end or killed.
func consume(t *testing.T, address, dir string) {
	ctx, stop := signal.NotifyContext(t.Context(), syscall.SIGTERM)
	defer stop()
	c := defaultConfig(nil)
	c.Brokers = []string{address}
	c.Topics = []TopicConfig{{Topic: "events"}, {Topic: "facts", Source: "generic"}}
	c.SessionTimeout, c.HeartbeatInterval = 6*time.Second, time.Second
	ledger := &journal{path: filepath.Join(dir, journalName)}
	m, err := newMember(receivertest.NewNopSettings(Type), c, []source.Source{cdevents.Source(), generic.Source()}, &correlate.Tally{})
	require.NoError(t, err)
	require.NoError(t, m.Start(ctx, sourcetest.Host{component.MustNewID("correlate"): ledger}))
	<-ctx.Done()
	require.NoError(t, m.Shutdown(context.Background()))
}

// process is a consumer in a process of its own.
type process struct{ *exec.Cmd }

func startConsumer(t *testing.T, address, dir string) *process {
	c := exec.Command(os.Args[0], "-test.run=^TestRealBroker$")
	c.Env = append(os.Environ(), consumerVars+"="+address+" "+dir)
	c.Stderr = os.Stderr
	require.NoError(t, c.Start())
	p := &process{c}
	t.Cleanup(p.kill)
	return p
}

func (p *process) kill() {
	_ = p.Process.Kill()
	_ = p.Wait()
}

// journal is a ledger that several processes share: a file with one line a commit, under a lock. It survives SIGKILL,
// which a power cut would not let it; and it applies without looking whether it has before, so that only the offset
// stands between a repetition and the count.
type journal struct {
	component.StartFunc
	component.ShutdownFunc
	path string
	busy sync.RWMutex // read-locked while the file's lock is held
}

type entry struct {
	Stream       string
	Expect, Next string
	IDs          []string
	Problems     []string
	Fenced       bool
}

// folded is what the entries add up to.
type folded struct {
	cursors  map[string]string
	ids      map[string]int // applied deliveries: source and id
	problems []string
	offsets  int64
	fenced   int
}

func (j *journal) Register(string, source.Projector) {}

func (j *journal) Commit(_ context.Context, entries []correlate.Entry, move *correlate.Move) (correlate.Receipt, error) {
	e := entry{Stream: move.Stream, Expect: string(move.Expect), Next: string(move.Next)}
	for _, d := range entries {
		e.IDs = append(e.IDs, d.Source+" "+d.ID)
		if d.Problem != "" {
			e.Problems = append(e.Problems, d.Problem)
		}
	}
	if err := j.freezeIfAsked(*move); err != nil {
		return correlate.Receipt{}, err
	}
	err := j.locked(func(f *os.File) error {
		state, err := fold(f)
		if err != nil {
			return err
		}
		if state.cursors[e.Stream] != e.Expect {
			_ = appendLine(f, entry{Fenced: true})
			return correlate.ErrFenced
		}
		return appendLine(f, e)
	})
	if err != nil && !errors.Is(err, correlate.ErrFenced) {
		err = fmt.Errorf("%w: %w", correlate.ErrUnavailable, err)
	}
	return correlate.Receipt{Accepted: len(entries)}, err
}

func (j *journal) Cursor(_ context.Context, stream string) (text []byte, err error) {
	err = j.locked(func(f *os.File) error {
		state, err := fold(f)
		if held, ok := state.cursors[stream]; ok {
			text = []byte(held)
		}
		return err
	})
	return text, err
}

func (j *journal) load(t require.TestingT) (state folded) {
	require.NoError(t, j.locked(func(f *os.File) (err error) {
		state, err = fold(f)
		return err
	}))
	return state
}

func (j *journal) locked(do func(*os.File) error) error {
	j.busy.RLock()
	defer j.busy.RUnlock()
	f, err := os.OpenFile(j.path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	return do(f)
}

// appendLine starts a line of its own, so that one torn by a kill spoils only itself: it was never acknowledged.
func appendLine(f *os.File, e entry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = f.Write(append(append([]byte("\n"), line...), '\n'))
	return err
}

func fold(f *os.File) (folded, error) {
	state := folded{cursors: map[string]string{}, ids: map[string]int{}}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return state, err
	}
	lines := bufio.NewReader(f)
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			return state, nil
		}
		var e entry
		if len(bytes.TrimSpace(line)) == 0 || json.Unmarshal(line, &e) != nil {
			continue
		}
		state.add(e)
	}
}

func (s *folded) add(e entry) {
	if e.Fenced {
		s.fenced++
		return
	}
	s.offsets += offsetOf([]byte(e.Next)) - s.offset(e.Stream)
	s.cursors[e.Stream] = e.Next
	for _, id := range e.IDs {
		s.ids[id]++
	}
	s.problems = append(s.problems, e.Problems...)
}

func (s folded) offset(stream string) int64 { return offsetOf([]byte(s.cursors[stream])) }

// offsetOf is 0 for a partition that was never read.
func offsetOf(text []byte) int64 {
	c, err := parseCursor(text)
	if err != nil {
		return -1
	}
	return c.offset
}

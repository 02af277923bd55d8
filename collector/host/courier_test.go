package host

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/sinks"
)

// memory is a shelf in memory.
type memory struct {
	mu        sync.Mutex
	rows      []ledger.OutboxRow
	delivered []string
	parked    map[string]ledger.OutboxRow
	most      int // rows handed out at once
	failing   error
}

func (m *memory) put(keys ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range keys {
		m.rows = append(m.rows, ledger.OutboxRow{Sink: "test/q", Key: k, Payload: []byte(k)})
	}
}

func (m *memory) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failing = err
}

func (m *memory) done() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.delivered)
}

func (m *memory) Outbox(_ context.Context, _ string, limit int) ([]ledger.OutboxRow, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	rows := slices.Clone(m.rows[:min(limit, len(m.rows))])
	m.most = max(m.most, len(rows))
	return rows, m.failing
}

func (m *memory) take(key string) (ledger.OutboxRow, error) {
	i := slices.IndexFunc(m.rows, func(r ledger.OutboxRow) bool { return r.Key == key })
	if m.failing != nil {
		return ledger.OutboxRow{}, m.failing
	}
	if i < 0 {
		return ledger.OutboxRow{}, ledger.ErrNotFound
	}
	row := m.rows[i]
	m.rows = slices.Delete(m.rows, i, i+1)
	return row, nil
}

func (m *memory) Delivered(_ context.Context, _, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, err := m.take(key)
	if err == nil {
		m.delivered = append(m.delivered, key)
	}
	return err
}

func (m *memory) Park(_ context.Context, _, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	row, err := m.take(key)
	if err == nil {
		m.parked[key] = row
	}
	return err
}

func (m *memory) Unpark(context.Context, string, time.Time) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := len(m.parked)
	for _, row := range m.parked {
		m.rows = append([]ledger.OutboxRow{row}, m.rows...)
	}
	clear(m.parked)
	return int64(n), m.failing
}

// try is one delivery that was tried, and when, counted from the start.
type try struct {
	key string
	at  time.Duration
}

// recorder is a sink that answers as it is told.
type recorder struct {
	began  time.Time
	mu     sync.Mutex
	tries  []try
	answer func(ctx context.Context, key string, n int) error // n: how often the key was tried before
}

func (*recorder) Name() string                                         { return "test" }
func (*recorder) Publish([]correlate.Effect)                           {}
func (*recorder) Routes() map[string]http.Handler                      { return nil }
func (*recorder) Close() error                                         { return nil }
func (*recorder) Queues() []string                                     { return []string{"q"} }
func (*recorder) Messages([]correlate.Effect) ([]sinks.Message, error) { return nil, nil }
func (r *recorder) Deliver(ctx context.Context, m sinks.Message) error {
	r.mu.Lock()
	n := 0
	for _, t := range r.tries {
		if t.key == m.Key {
			n++
		}
	}
	r.tries = append(r.tries, try{m.Key, time.Since(r.began)})
	answer := r.answer
	r.mu.Unlock()
	if m.Queue != "q" || string(m.Payload) != m.Key {
		return errors.New("another message than the one in the ledger")
	}
	return answer(ctx, m.Key, n)
}

func (r *recorder) answers(answer func(ctx context.Context, key string, n int) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

func (r *recorder) of(key string) []time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []time.Duration
	for _, t := range r.tries {
		if t.key == key {
			all = append(all, t.at)
		}
	}
	return all
}

func (r *recorder) order() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var keys []string
	for _, t := range r.tries {
		keys = append(keys, t.key)
	}
	return keys
}

func failed(cause sinks.Cause, after time.Duration) error {
	return &sinks.Undelivered{Cause: cause, Err: errors.New("no"), After: after}
}

// world runs a courier in virtual time.
type world struct {
	shelf *memory
	sink  *recorder
	tally *correlate.Tally
	logs  *observer.ObservedLogs
	*courier
}

func inWorld(t *testing.T, answer func(ctx context.Context, key string, n int) error, play func(*testing.T, *world)) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zapcore.InfoLevel)
		w := &world{
			shelf: &memory{parked: map[string]ledger.OutboxRow{}}, sink: &recorder{began: time.Now(), answer: answer},
			tally: &correlate.Tally{}, logs: logs,
		}
		w.courier = newCourier(w.sink, "q", w.shelf, zap.New(core), w.tally)
		w.random = func() float64 { return 1 }
		play(t, w)
	})
}

// during runs the courier for a while and stops it.
func (w *world) during(t *testing.T, d time.Duration, meanwhile func()) {
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { w.run(ctx) })
	if meanwhile != nil {
		meanwhile()
	}
	time.Sleep(d)
	stop()
	running.Wait()
}

func (w *world) counted(result string) int64 {
	for _, v := range w.tally.Values() {
		if v.What == "outbox" && v.Source == "test/q" && v.Result == result {
			return v.Value
		}
	}
	return -1
}

func always(err error) func(context.Context, string, int) error {
	return func(context.Context, string, int) error { return err }
}

func TestMessagesGoInOrderAndOnce(t *testing.T) {
	inWorld(t, always(nil), func(t *testing.T, w *world) {
		var want []string
		for n := range 3*page + 1 {
			want = append(want, fmt.Sprint(n))
		}
		w.shelf.put(want[:page+5]...)
		w.during(t, 2*time.Minute, func() {
			time.Sleep(time.Second)
			w.shelf.put(want[page+5 : 2*page]...)
			w.news <- struct{}{}
			synctest.Wait()
			require.Len(t, w.shelf.done(), 2*page)
			w.shelf.put(want[2*page:]...) // nobody tells
		})
		require.Equal(t, want, w.shelf.done())
		require.Equal(t, want, w.sink.order())
		require.Equal(t, page, w.shelf.most, "what waits stays in the ledger")
		require.EqualValues(t, len(want), w.counted("delivered"))
		require.Zero(t, w.counted("retried"))
		require.Zero(t, w.logs.Len())
	})
}

func TestAReceiverThatIsAwayIsTriedEverLessOften(t *testing.T) {
	for name, err := range map[string]error{"unreachable": failed(sinks.Unreachable, 0), "an error of no kind": errors.New("no")} {
		t.Run(name, func(t *testing.T) {
			const back = 3 * 24 * time.Hour
			inWorld(t, nil, func(t *testing.T, w *world) {
				w.sink.answer = func(context.Context, string, int) error {
					if time.Since(w.sink.began) < back {
						return err
					}
					return nil
				}
				w.shelf.put("a", "b", "c")
				w.during(t, back+longestPause+time.Second, nil)
				require.Equal(t, []string{"a", "b", "c"}, w.shelf.done(), "nothing is given up, and the order holds")
				tries := w.sink.of("a")
				sec := time.Second
				require.Equal(t, []time.Duration{0, sec, 3 * sec, 7 * sec, 15 * sec, 31 * sec, 63 * sec, 127 * sec, 255 * sec, 511 * sec, 811 * sec}, tries[:11])
				require.Len(t, w.sink.of("b"), 1, "those behind wait")
				require.EqualValues(t, len(tries)-1, w.counted("retried"))
				require.Equal(t, []string{
					"A message can't be delivered; it is tried again, and those behind it wait", "Messages are delivered again",
				}, said(w.logs), "one line at the beginning and one at the end")
			})
		})
	}
}

func said(logs *observer.ObservedLogs) []string {
	var all []string
	for _, e := range logs.All() {
		all = append(all, e.Message)
	}
	return all
}

func TestPausesDifferByChance(t *testing.T) {
	for _, c := range []struct {
		failures int
		low, top time.Duration
	}{{0, 500 * time.Millisecond, time.Second}, {3, 4 * time.Second, 8 * time.Second}, {9, 150 * time.Second, 300 * time.Second}, {1 << 40, 150 * time.Second, 300 * time.Second}} {
		dice := 0.0
		courier := &courier{random: func() float64 { return dice }}
		require.Equal(t, c.low, courier.pause(c.failures))
		dice = 1
		require.Equal(t, c.top, courier.pause(c.failures))
	}
}

func TestAReceiverIsLeftAloneForAsLongAsItAsks(t *testing.T) {
	inWorld(t, func(_ context.Context, key string, n int) error {
		switch {
		case n > 0:
			return nil
		case key == "a":
			return failed(sinks.Unreachable, 90*time.Second)
		}
		return failed(sinks.Unreachable, 1000*time.Hour)
	}, func(t *testing.T, w *world) {
		w.shelf.put("a", "b")
		w.during(t, 2*time.Hour, nil)
		require.Equal(t, []time.Duration{0, 90 * time.Second}, w.sink.of("a"))
		require.Equal(t, []time.Duration{90 * time.Second, 90*time.Second + time.Hour}, w.sink.of("b"))
	})
}

func TestARefusedMessageIsSetAside(t *testing.T) {
	inWorld(t, func(_ context.Context, key string, n int) error {
		if key == "bad" {
			return failed(sinks.Refused, 0)
		}
		return nil
	}, func(t *testing.T, w *world) {
		w.shelf.put("a", "bad", "b")
		w.during(t, 127*time.Second-time.Millisecond, nil)
		require.Equal(t, []string{"a"}, w.shelf.done())

		w.sink.tries = nil
		w.during(t, 3*time.Minute, nil)
		require.Equal(t, []string{"a", "b"}, w.shelf.done())
		require.Len(t, w.sink.of("bad"), mostRefusals)
		require.Contains(t, w.shelf.parked, "bad")
		require.EqualValues(t, 1, w.counted("parked"))

		// The receiver is repaired; the daemon starts again.
		w.sink.answer = always(nil)
		w.during(t, time.Second, nil)
		require.Equal(t, []string{"a", "b", "bad"}, w.shelf.done())
	})
}

func TestAMessageThatTheReceiverFailsAtHoldsUpTheOthersForADay(t *testing.T) {
	inWorld(t, func(_ context.Context, key string, n int) error {
		switch {
		case key != "bad":
			return nil
		case n%3 == 0:
			return failed(sinks.Unreachable, 0)
		}
		return failed(sinks.Failed, 0)
	}, func(t *testing.T, w *world) {
		w.shelf.put("bad", "b")
		w.during(t, 24*time.Hour-time.Second, nil)
		require.Empty(t, w.shelf.done())
		w.during(t, 24*time.Hour+2*longestPause, nil)
		require.Equal(t, []string{"b"}, w.shelf.done())
		require.EqualValues(t, 1, w.counted("parked"))
	})
}

func TestWhatWasDeliveredIsNotSentAgainWhileTheLedgerFails(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.sink.answer = func(context.Context, string, int) error {
			w.shelf.fail(correlate.ErrUnavailable) // the disk fills up between the sending and the note
			return nil
		}
		w.shelf.put("a", "b")
		w.during(t, 20*time.Minute, func() {
			time.Sleep(10 * time.Minute)
			w.sink.answers(always(nil))
			w.shelf.fail(nil)
		})
		require.Equal(t, []string{"a", "b"}, w.sink.order())
		require.Equal(t, []string{"a", "b"}, w.shelf.done())
		require.Equal(t, []string{"The ledger fails; messages wait until it works again"}, said(w.logs))
	})
}

func TestALedgerThatCannotBeReadIsAskedAgain(t *testing.T) {
	inWorld(t, always(nil), func(t *testing.T, w *world) {
		w.shelf.put("a")
		w.shelf.fail(correlate.ErrUnavailable)
		w.during(t, time.Hour, func() {
			time.Sleep(30 * time.Minute)
			w.shelf.fail(nil)
		})
		require.Equal(t, []string{"a"}, w.shelf.done())
	})
}

func TestAMessageOnItsWayGetsAFewSecondsWhenTheDaemonStops(t *testing.T) {
	for name, c := range map[string]struct {
		answersAfter time.Duration
		want         []string
		stops        time.Duration
	}{
		"the receiver answers":  {3 * time.Second, []string{"a"}, 2 * time.Second},
		"the receiver does not": {time.Hour, nil, grace},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(ctx context.Context, _ string, _ int) error {
				select {
				case <-time.After(c.answersAfter):
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			}, func(t *testing.T, w *world) {
				w.shelf.put("a", "b")
				w.during(t, time.Second, nil)
				require.Equal(t, c.stops, time.Since(w.sink.began)-time.Second)
				require.Equal(t, c.want, w.shelf.done())
				require.Len(t, w.sink.order(), 1)
			})
		})
	}
}

func TestASinkThatNeverAnswersIsGivenUpInTime(t *testing.T) {
	inWorld(t, func(ctx context.Context, _ string, n int) error {
		if n > 0 {
			return nil
		}
		<-ctx.Done()
		return ctx.Err()
	}, func(t *testing.T, w *world) {
		w.shelf.put("a")
		w.during(t, 2*time.Minute, nil)
		require.Equal(t, []time.Duration{0, deliverWithin + time.Second}, w.sink.of("a"))
		require.Equal(t, []string{"a"}, w.shelf.done())
	})
}

func TestAMessageThatExpiredMeanwhileHoldsUpNobody(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.sink.answer = func(_ context.Context, key string, _ int) error {
			if key == "a" {
				_, err := w.shelf.take("a")
				return err
			}
			return nil
		}
		w.shelf.put("a", "b")
		w.during(t, time.Second, nil)
		require.Equal(t, []string{"b"}, w.shelf.done())
	})
}

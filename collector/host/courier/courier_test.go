package courier

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
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

// memory is a shelf in memory. Keys are "subject" or "subject/number".
type memory struct {
	mu        sync.Mutex
	rows      []ledger.Waiting
	delivered []string
	receipts  map[string][]byte
	parked    map[string]ledger.Waiting
	seq       int64
	most      int // rows handed out at once
	failing   error
}

func (m *memory) put(keys ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range keys {
		m.seq++
		subject, _, _ := strings.Cut(k, "/")
		m.rows = append(m.rows, ledger.Waiting{Seq: m.seq, OutboxRow: ledger.OutboxRow{Sink: "test/q", Subject: subject, Key: k, Each: true, Payload: []byte(k)}})
	}
}

// replace puts a message in the place of those of its subject that wait.
func (m *memory) replace(key string) {
	m.put(key)
	m.mu.Lock()
	defer m.mu.Unlock()
	last := m.rows[len(m.rows)-1]
	m.rows = append(slices.DeleteFunc(m.rows, func(w ledger.Waiting) bool { return w.Subject == last.Subject }), last)
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

func (m *memory) Outbox(_ context.Context, _ string, after int64, limit int) ([]ledger.Waiting, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var rows []ledger.Waiting
	before := map[string]bool{}
	for _, w := range m.rows {
		if w.Seq <= after {
			before[w.Subject] = true
		} else if len(rows) < limit {
			w.Behind, w.Receipt = before[w.Subject], m.receipts[w.Subject]
			rows = append(rows, w)
		}
	}
	m.most = max(m.most, len(rows))
	return rows, m.failing
}

func (m *memory) take(key string) (ledger.Waiting, error) {
	i := slices.IndexFunc(m.rows, func(r ledger.Waiting) bool { return r.Key == key })
	if m.failing != nil {
		return ledger.Waiting{}, m.failing
	}
	if i < 0 {
		return ledger.Waiting{}, ledger.ErrNotFound
	}
	row := m.rows[i]
	m.rows = slices.Delete(m.rows, i, i+1)
	return row, nil
}

func (m *memory) Delivered(_ context.Context, _, key string, receipt []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	row, err := m.take(key)
	if err != nil {
		return err
	}
	m.delivered = append(m.delivered, key)
	if receipt != nil {
		m.receipts[row.Subject] = receipt
	}
	return nil
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
		m.rows = append([]ledger.Waiting{row}, m.rows...)
	}
	clear(m.parked)
	return int64(n), m.failing
}

// try is one delivery that was tried, and when, counted from the start.
type try struct {
	key     string
	at      time.Duration
	receipt string
}

// recorder is a sink that answers as it is told, with the key as the receipt.
type recorder struct {
	began  time.Time
	mu     sync.Mutex
	tries  []try
	flying map[string]int                                     // tries under way, by subject
	most   int                                                // of them at once
	answer func(ctx context.Context, key string, n int) error // n: how often the key was tried before
	broken string                                             // what the courier did wrong
}

func (*recorder) Name() string                                  { return "test" }
func (*recorder) Close() error                                  { return nil }
func (*recorder) Queues() []string                              { return []string{"q"} }
func (*recorder) Messages(sinks.Batch) ([]sinks.Message, error) { return nil, nil }
func (r *recorder) Deliver(ctx context.Context, m sinks.Message) (sinks.Receipt, error) {
	answer, n := r.begin(m)
	defer r.end(m)
	if err := answer(ctx, m.Key, n); err != nil {
		return nil, err
	}
	return sinks.Receipt(m.Key), nil
}

func (r *recorder) begin(m sinks.Message) (answer func(context.Context, string, int) error, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range r.tries {
		if t.key == m.Key {
			n++
		}
	}
	r.tries = append(r.tries, try{m.Key, time.Since(r.began), string(m.Receipt)})
	r.flying[m.Subject]++
	r.most = max(r.most, len(r.flying))
	if r.flying[m.Subject] > 1 {
		r.broken = "two tries of one subject at once"
	}
	if m.Queue != "q" || string(m.Payload) != m.Key || !m.Each {
		r.broken = "another message than the one in the ledger"
	}
	return r.answer, n
}

func (r *recorder) end(m sinks.Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.flying[m.Subject]--; r.flying[m.Subject] == 0 {
		delete(r.flying, m.Subject)
	}
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
	*Courier
}

func inWorld(t *testing.T, answer func(ctx context.Context, key string, n int) error, play func(*testing.T, *world)) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zapcore.InfoLevel)
		w := &world{
			shelf: &memory{parked: map[string]ledger.Waiting{}, receipts: map[string][]byte{}},
			sink:  &recorder{began: time.Now(), answer: answer, flying: map[string]int{}},
			tally: &correlate.Tally{}, logs: logs,
		}
		w.open(zap.New(core))
		play(t, w)
		require.Empty(t, w.sink.broken)
	})
}

// open makes a courier, as a start of the daemon does.
func (w *world) open(log *zap.Logger) {
	w.Courier = New(Options{Sink: w.sink, Queue: "q", Shelf: w.shelf, Log: log, Tally: w.tally})
	w.random = func() float64 { return 1 }
}

// during runs the courier for a while and stops it.
func (w *world) during(t *testing.T, d time.Duration, meanwhile func()) {
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { w.Run(ctx) })
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
			w.Wake()
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

func TestAMessageThatDoesNotArriveIsTriedEverLessOften(t *testing.T) {
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
				w.shelf.put("a/1", "a/2", "a/3")
				w.during(t, back+longestPause+time.Second, nil)
				require.Equal(t, []string{"a/1", "a/2", "a/3"}, w.shelf.done(), "nothing is given up, and the order holds")
				tries := w.sink.of("a/1")
				sec := time.Second
				require.Equal(t, []time.Duration{0, sec, 3 * sec, 7 * sec, 15 * sec, 31 * sec, 63 * sec, 127 * sec, 255 * sec, 511 * sec, 811 * sec}, tries[:11])
				require.Len(t, w.sink.of("a/2"), 1, "those of the same subject wait")
				require.EqualValues(t, len(tries)-1, w.counted("retried"))
				require.Equal(t, []string{"A message can't be delivered; it is tried again", "Messages are delivered again"}, said(w.logs),
					"one line at the beginning and one at the end")
			})
		})
	}
}

func TestAFailingMessageHoldsUpNoOtherSubject(t *testing.T) {
	for name, bad := range map[string]func(ctx context.Context) error{
		"refused":     func(context.Context) error { return failed(sinks.Refused, 0) },
		"failed":      func(context.Context) error { return failed(sinks.Failed, 0) },
		"unreachable": func(context.Context) error { return failed(sinks.Unreachable, 0) },
		"hanging":     func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(ctx context.Context, key string, _ int) error {
				if strings.HasPrefix(key, "bad") {
					return bad(ctx)
				}
				return nil
			}, func(t *testing.T, w *world) {
				const others = 10 * page
				w.shelf.put("bad/1", "bad/2")
				w.during(t, time.Second, func() {
					for n := range others {
						w.shelf.put(fmt.Sprintf("%d/1", n), fmt.Sprintf("%d/2", n))
						w.Wake()
						if n == others/2 {
							time.Sleep(2 * deliverWithin) // the first try may hang once
							require.NotEmpty(t, w.shelf.done())
						}
					}
					w.Wake()
				})
				require.Len(t, w.shelf.done(), 2*others, "all but the bad ones, at once")
				at := map[string]int{}
				for i, key := range w.shelf.done() {
					at[key] = i
				}
				for n := range others {
					require.Less(t, at[fmt.Sprintf("%d/1", n)], at[fmt.Sprintf("%d/2", n)], "each subject in its order")
				}
				require.Empty(t, w.sink.of("bad/2"))
			})
		})
	}
}

// TestAReceiverIsAwayForAnHour also bounds what a courier remembers, and how often it knocks.
func TestAReceiverIsAwayForAnHour(t *testing.T) {
	const away, many = time.Hour, 20 * mostTroubled
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.sink.answer = func(context.Context, string, int) error {
			if time.Since(w.sink.began) < away {
				return failed(sinks.Unreachable, 0)
			}
			return nil
		}
		var want []string
		for n := range many {
			want = append(want, fmt.Sprint(n))
		}
		w.shelf.put(want...)
		w.during(t, away, nil)
		require.Empty(t, w.shelf.done())
		require.LessOrEqual(t, len(w.sink.order()), int(away/freshAfter)+20, "one try at a time, ever less often")
		require.LessOrEqual(t, len(w.care.troubled), mostTroubled)
		require.Equal(t, page, w.shelf.most)
		require.Equal(t, 1, w.sink.most)
		require.LessOrEqual(t, w.logs.Len(), awayAfter)

		w.during(t, freshAfter+time.Second, nil)
		got := w.shelf.done()
		slices.Sort(got)
		slices.Sort(want)
		require.Equal(t, want, got, "all of it arrives as soon as the receiver is back")
		require.Contains(t, said(w.logs), "Messages are delivered again")
	})
}

func TestManySubjectsInTroubleHoldUpNobody(t *testing.T) {
	for name, bad := range map[string]int{"as many as are remembered": mostTroubled, "more than are remembered": 3 * mostTroubled} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(_ context.Context, key string, _ int) error {
				if strings.HasPrefix(key, "bad") {
					return failed(sinks.Unreachable, 0)
				}
				return nil
			}, func(t *testing.T, w *world) {
				for n := range bad {
					w.shelf.put(fmt.Sprintf("bad%d", n), fmt.Sprint(n))
				}
				w.during(t, time.Second, nil)
				require.Len(t, w.shelf.done(), bad)
				require.LessOrEqual(t, len(w.care.troubled), mostTroubled)
				if bad > mostTroubled {
					return
				}
				w.during(t, freshAfter, func() {
					time.Sleep(time.Hour) // meanwhile one try after the other has failed
					w.shelf.put("late")
					w.Wake()
				})
				require.Len(t, w.shelf.done(), bad+1, "a message that was never tried waits half a minute at most")
				require.LessOrEqual(t, w.sink.most, lanes+1)
			})
		})
	}
}

func TestTriesAgainRunBesideEachOtherUpToABound(t *testing.T) {
	inWorld(t, func(ctx context.Context, _ string, n int) error {
		if n == 0 {
			return failed(sinks.Failed, 0)
		}
		<-ctx.Done()
		return ctx.Err()
	}, func(t *testing.T, w *world) {
		w.during(t, time.Hour, func() {
			for n := range 3 * lanes { // each fails once, and the receiver isn't held to be away
				w.shelf.put(fmt.Sprint("bad", n))
				w.sink.answers(func(ctx context.Context, key string, n int) error {
					switch {
					case !strings.HasPrefix(key, "bad"):
						return nil
					case n == 0:
						return failed(sinks.Failed, 0)
					}
					<-ctx.Done()
					return ctx.Err()
				})
				w.shelf.put(fmt.Sprint("good", n))
				w.Wake()
				synctest.Wait()
			}
		})
		require.Equal(t, lanes, w.sink.most)
	})
}

func TestAReceiptComesBackWithTheNextMessage(t *testing.T) {
	inWorld(t, always(nil), func(t *testing.T, w *world) {
		w.shelf.put("a/1", "b/1", "a/2", "a/3")
		w.during(t, time.Second, nil)
		w.open(w.Log) // the daemon starts again
		w.shelf.put("a/4", "b/2")
		w.during(t, time.Second, nil)
		got := map[string]string{}
		for _, try := range w.sink.tries {
			got[try.key] = try.receipt
		}
		require.Equal(t, map[string]string{"a/1": "", "b/1": "", "a/2": "a/1", "a/3": "a/2", "a/4": "a/3", "b/2": "b/1"}, got)
	})
}

// endless is a sink whose receipts are too long.
type endless struct{ *recorder }

func (e endless) Deliver(ctx context.Context, m sinks.Message) (sinks.Receipt, error) {
	_, err := e.recorder.Deliver(ctx, m)
	if m.Key == "a/1" {
		return sinks.Receipt("short"), err
	}
	return make(sinks.Receipt, sinks.LongestReceipt+1), err
}

func TestAReceiptThatIsTooLongIsNotKept(t *testing.T) {
	inWorld(t, always(nil), func(t *testing.T, w *world) {
		w.Sink = endless{w.sink}
		w.shelf.put("a/1", "a/2", "a/3")
		w.during(t, time.Second, nil)
		require.Equal(t, []string{"a/1", "a/2", "a/3"}, w.shelf.done())
		require.Equal(t, "short", w.sink.tries[2].receipt)
		require.Equal(t, "short", string(w.shelf.receipts["a"]))
		require.Contains(t, said(w.logs), "A receipt is too long to be kept; the one before stays")
	})
}

func TestAMessageThatReplacesOneInTroubleIsTriedAtOnce(t *testing.T) {
	inWorld(t, func(_ context.Context, key string, _ int) error {
		if key == "a/1" {
			return failed(sinks.Refused, 0)
		}
		return nil
	}, func(t *testing.T, w *world) {
		w.shelf.put("a/1")
		w.during(t, time.Second, func() {
			time.Sleep(10 * time.Second)
			w.shelf.replace("a/2")
			w.Wake()
		})
		require.Equal(t, []string{"a/2"}, w.shelf.done())
		require.Equal(t, []time.Duration{10 * time.Second}, w.sink.of("a/2"))
		w.during(t, lookAgain, nil)
		require.Empty(t, w.care.troubled, "what is gone is forgotten")
	})
}

func TestATryBesideThatArrivesIsNotRepeatedFromAnOldPage(t *testing.T) {
	inWorld(t, func(_ context.Context, key string, n int) error {
		if key == "slow" && n == 0 {
			return failed(sinks.Failed, 0)
		}
		if key == "slow" {
			time.Sleep(3 * time.Second)
		}
		if key == "long" {
			time.Sleep(10 * time.Second)
		}
		return nil
	}, func(t *testing.T, w *world) {
		w.shelf.put("slow")
		w.during(t, time.Minute, func() {
			time.Sleep(1500 * time.Millisecond) // the second try of slow is under way
			w.shelf.mu.Lock()
			w.shelf.rows = append([]ledger.Waiting{{Seq: -1, OutboxRow: ledger.OutboxRow{Subject: "long", Key: "long", Each: true, Payload: []byte("long")}}}, w.shelf.rows...)
			w.shelf.rows[0].Seq, w.shelf.rows[1].Seq = 1, 2
			w.shelf.mu.Unlock()
			w.Wake() // a page with both; long is delivered while slow arrives
		})
		require.Len(t, w.sink.of("slow"), 2)
		require.ElementsMatch(t, []string{"slow", "long"}, w.shelf.done())
	})
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
		courier := &Courier{random: func() float64 { return dice }}
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
		require.Equal(t, []time.Duration{0, 90*time.Second + time.Hour}, w.sink.of("a"), "whichever message it asked for patience with")
		require.Equal(t, []time.Duration{90 * time.Second, 90*time.Second + time.Hour}, w.sink.of("b"))
	})
}

func TestARefusedMessageIsSetAside(t *testing.T) {
	inWorld(t, func(_ context.Context, key string, n int) error {
		if key == "bad/1" {
			return failed(sinks.Refused, 0)
		}
		return nil
	}, func(t *testing.T, w *world) {
		w.shelf.put("a", "bad/1", "bad/2", "b")
		w.during(t, 127*time.Second-time.Millisecond, nil)
		require.Equal(t, []string{"a", "b"}, w.shelf.done())

		w.open(w.Log)
		w.sink.tries = nil
		w.during(t, 3*time.Minute, nil)
		require.Equal(t, []string{"a", "b", "bad/2"}, w.shelf.done(), "then the next of its subject has its turn")
		require.Len(t, w.sink.of("bad/1"), mostRefusals)
		require.Contains(t, w.shelf.parked, "bad/1")
		require.EqualValues(t, 1, w.counted("parked"))

		// The receiver is repaired; the daemon starts again.
		w.open(w.Log)
		w.sink.answer = always(nil)
		w.during(t, time.Second, nil)
		require.Equal(t, []string{"a", "b", "bad/2", "bad/1"}, w.shelf.done())
	})
}

func TestAMessageThatTheReceiverFailsAtIsSetAsideAfterADay(t *testing.T) {
	inWorld(t, func(_ context.Context, key string, n int) error {
		switch {
		case key != "bad/1":
			return nil
		case n%3 == 0:
			return failed(sinks.Unreachable, 0)
		}
		return failed(sinks.Failed, 0)
	}, func(t *testing.T, w *world) {
		w.shelf.put("bad/1", "bad/2")
		w.during(t, 24*time.Hour-time.Second, nil)
		require.Empty(t, w.shelf.done())
		w.open(w.Log)
		w.during(t, 24*time.Hour+2*longestPause, nil)
		require.Equal(t, []string{"bad/2"}, w.shelf.done())
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

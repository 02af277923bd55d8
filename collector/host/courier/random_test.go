package courier

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/sinks"
)

// weather is a receiver that takes, fails, hangs and asks for patience by chance, until an instant from which on it is well.
type weather struct {
	mu      sync.Mutex
	chance  *rand.Rand
	well    time.Time
	arrived []string
}

func (w *weather) answer(ctx context.Context, key string, _ int) error {
	switch w.roll() {
	case 0:
		return failed(sinks.Unreachable, 0)
	case 1:
		return failed(sinks.Failed, 0)
	case 2:
		return failed(sinks.Unreachable, time.Duration(w.between(200))*time.Second)
	case 3: // it answers late, or too late
		select {
		case <-time.After(time.Duration(w.between(90)) * time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.arrived = append(w.arrived, key)
	return nil
}

// roll is one of the troubles, or a number that is none.
func (w *weather) roll() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !time.Now().Before(w.well) {
		return -1
	}
	return w.chance.IntN(8)
}

func (w *weather) between(n int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return 1 + w.chance.IntN(n)
}

// TestWhateverTheWeather: every message arrives once, each subject's in their order, with the receipt of the one before.
func TestWhateverTheWeather(t *testing.T) {
	for seed := range uint64(150) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			weather := &weather{chance: rand.New(rand.NewPCG(seed, 7))}
			inWorld(t, weather.answer, func(t *testing.T, w *world) {
				weather.well = time.Now().Add(2 * time.Hour)
				subjects := weather.between(40)
				sent := map[string]int{}
				for range 6 { // lives of the daemon
					w.open(w.Log)
					w.during(t, time.Duration(weather.between(30))*time.Minute, func() {
						for range weather.between(60) {
							id := fmt.Sprint("s", weather.between(subjects))
							sent[id]++
							w.shelf.put(fmt.Sprintf("%s/%d", id, sent[id]))
							w.Wake()
							time.Sleep(time.Duration(weather.between(20)) * time.Second)
						}
					})
				}
				w.open(w.Log)
				w.during(t, time.Until(weather.well)+2*longestAsked, nil)
				require.Empty(t, w.shelf.rows, "nothing is left")
				require.Empty(t, w.shelf.parked)
				requireConversations(t, weather.arrived, sent)
				require.LessOrEqual(t, w.sink.most, lanes+1)
				for _, try := range w.sink.tries {
					subject, number, _ := strings.Cut(try.key, "/")
					if number != "1" {
						require.Equal(t, subject, strings.Split(try.receipt, "/")[0], "a receipt is that of the subject")
					}
				}
			})
		})
	}
}

func requireConversations(t *testing.T, arrived []string, sent map[string]int) {
	t.Helper()
	next := map[string]int{}
	for _, key := range arrived {
		subject, _, _ := strings.Cut(key, "/")
		next[subject]++
		require.Equal(t, fmt.Sprintf("%s/%d", subject, next[subject]), key, "once, and in order")
	}
	require.Equal(t, sent, next)
}

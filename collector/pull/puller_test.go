package pull

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/shipwake/shipwake/correlate"
)

// Each case is a story in virtual time; at its end the ledger must hold what GitHub's webhooks would have told, each event
// once.
func TestWhatTheWebhooksWouldHaveToldIsStoredOnce(t *testing.T) {
	cases := map[string]func(*world){
		"deployments that were there before the first start": func(w *world) {
			w.deploy(130)
			w.start()
		},
		"deployments one after the other, with statuses that come later": func(w *world) {
			w.start()
			for range 20 {
				w.deploy(3)
				time.Sleep(40 * time.Second)
				w.finish()
				time.Sleep(40 * time.Second)
			}
		},
		"a deployment that waits for its end for a week": func(w *world) {
			w.set(func(s *SourceConfig) { s.Interval = 20 * time.Minute })
			w.deploy(4)
			w.start()
			for range 7 {
				time.Sleep(24 * time.Hour)
				w.deploy(10)
				w.finish()
				w.deploy(4)
			}
			w.finish()
			time.Sleep(time.Hour)
		},
		"a deployment that fails after it succeeded": func(w *world) {
			w.start()
			w.deploy(1)
			time.Sleep(10 * time.Minute)
			w.report(1, "failure")
		},
		"deployments made while the pages are read": func(w *world) {
			w.deploy(130)
			var n atomic.Int64
			w.server.Watch(func(*http.Request) {
				if i := n.Add(1); i%9 == 0 && i < 100 {
					w.deploy(1)
				}
			})
			w.start()
			time.Sleep(time.Hour)
			w.server.Watch(nil)
		},
		"an open deployment that is deleted": func(w *world) {
			w.deploy(4)
			w.start()
			time.Sleep(5 * time.Minute)
			w.deploy(25)
			w.server.Delete(w.open[0])
			w.open = w.open[1:]
			time.Sleep(5 * time.Minute)
			w.finish()
		},
		"nobody's token, and sixty requests an hour": func(w *world) {
			w.server.Token, w.server.Limit = "", 60
			w.set(func(s *SourceConfig) { s.Secret = "" })
			w.deploy(130)
			w.start()
			time.Sleep(12 * time.Hour)
			require.Positive(w.t, w.count(resultBusy))
		},
		"a secondary limit that says how long": func(w *world) {
			w.deploy(30)
			w.server.Fail(status(403, map[string]string{"Retry-After": "120"}, `{"message": "You have exceeded a secondary rate limit."}`))
			began := time.Now()
			w.start()
			time.Sleep(119 * time.Second)
			requests, _ := w.server.Requests()
			require.Equal(w.t, 1, requests, "nothing is asked before %s have passed", time.Since(began))
		},
		"a secondary limit that doesn't": func(w *world) {
			w.deploy(30)
			limited := status(403, nil, `{"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}`)
			w.server.Fail(limited, limited, limited)
			w.start()
			time.Sleep(7*time.Minute - time.Second)
			requests, _ := w.server.Requests()
			require.Equal(w.t, 3, requests, "after one, two and four minutes")
		},
		"too many requests, and an empty answer": func(w *world) {
			w.deploy(30)
			w.server.Fail(status(429, nil, ""), status(503, map[string]string{"Retry-After": "Sat, 01 Jan 2000 00:05:00 GMT"}, ""))
			w.start()
			time.Sleep(4 * time.Minute)
			requests, _ := w.server.Requests()
			require.Equal(w.t, 2, requests)
		},
		"a server that is down for an hour": func(w *world) {
			w.deploy(30)
			var down atomic.Bool
			down.Store(true)
			for range 1000 {
				w.server.Fail(func(rw http.ResponseWriter, _ *http.Request) bool {
					if down.Load() {
						rw.WriteHeader(502)
					}
					return down.Load()
				})
			}
			w.start()
			time.Sleep(time.Hour)
			requests, _ := w.server.Requests()
			require.Less(w.t, requests, 40, "no storm")
			down.Store(false)
		},
		"an answer that is cut short": func(w *world) {
			w.deploy(30)
			w.server.Fail(status(200, nil, `[{"id": 1, "created`), status(200, nil, `{"message": "not a list"}`))
			w.start()
		},
		"a ledger that takes nothing for ten minutes": func(w *world) {
			w.deploy(30)
			w.ledger.FailWith(func([]correlate.Entry, *correlate.Move) error { return correlate.ErrUnavailable })
			w.start()
			time.Sleep(10 * time.Minute)
			requests, _ := w.server.Requests()
			require.Equal(w.t, 21, requests, "a page that can't be stored isn't asked for again")
			w.ledger.FailWith(nil)
		},
		"a ledger that can't tell the cursor yet": func(w *world) {
			w.deploy(30)
			w.ledger.set(nil, correlate.ErrUnavailable)
			w.start()
			time.Sleep(time.Minute)
			w.ledger.set(nil, nil)
		},
		"a commit whose answer got lost": func(w *world) {
			w.deploy(70)
			var lost atomic.Bool
			w.ledger.set(func() error {
				if lost.CompareAndSwap(false, true) {
					return fmt.Errorf("deadline exceeded: %w", correlate.ErrUnavailable)
				}
				return nil
			}, nil)
			w.start()
			time.Sleep(time.Hour)
			require.EqualValues(w.t, 1, w.count(resultFenced))
		},
		"a history that is raised later": func(w *world) {
			w.deploy(50)
			time.Sleep(40 * 24 * time.Hour)
			w.deploy(30)
			old := w.told
			w.told = w.told[len(w.told)-len(w.told[indexOf(w, 50):]):]
			p := w.start()
			w.requireOnce(time.Hour)
			_ = p.Shutdown(w.t.Context())
			w.told = old
			w.set(func(s *SourceConfig) { s.History = 60 * 24 * time.Hour })
			w.start()
		},
	}
	for name, story := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				story(w)
				w.requireOnce(24 * time.Hour)
			})
		})
	}
}

// indexOf is the first event told of the nth deployment and those after it.
func indexOf(w *world, nth int) int {
	seen := 0
	for i, event := range w.told {
		if event.Name == "deployment" {
			if seen == nth {
				return i
			}
			seen++
		}
	}
	return len(w.told)
}

// A receiver is killed at every request and at every commit, once before and once after it, and started again.
func TestAKillLosesNothingAndDoublesNothing(t *testing.T) {
	for name, kill := range map[string]func(w *world, n int, die func()){
		"while it asks": func(w *world, n int, die func()) {
			var asked atomic.Int64
			w.server.Watch(func(*http.Request) {
				if asked.Add(1) == int64(n) {
					die()
				}
			})
		},
		"before a commit": func(w *world, n int, die func()) {
			var commits atomic.Int64
			w.ledger.FailWith(func([]correlate.Entry, *correlate.Move) error {
				if commits.Add(1) == int64(n) {
					die()
					return fmt.Errorf("killed: %w", correlate.ErrUnavailable)
				}
				return nil
			})
		},
		"after a commit": func(w *world, n int, die func()) {
			var commits atomic.Int64
			w.ledger.set(func() error {
				if commits.Add(1) == int64(n) {
					die()
					return fmt.Errorf("killed: %w", correlate.ErrUnavailable)
				}
				return nil
			}, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			for n := range 12 {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					w.deploy(50)
					var first *puller
					started := make(chan struct{})
					kill(w, 1+n*n, func() {
						<-started
						first.stop()
					})
					first = w.start()
					close(started)
					w.deploy(3)
					time.Sleep(10 * time.Minute)
					first.stop()
					w.finish()
					w.start()
					w.requireOnce(time.Hour)
				})
			}
		})
	}
}

// Receivers come and go, die and fail in random order while there are deployments.
func TestNothingIsLostOrDoubledInAChaosOfReceivers(t *testing.T) {
	for seed := range uint64(5) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				random := rand.New(rand.NewPCG(seed, 3))
				running := []*puller{w.start()}
				for range 40 {
					switch action := random.IntN(8); {
					case action == 0 && len(running) < 3:
						running = append(running, w.start())
					case action == 1:
						running[0].stop()
						running = append(running[1:], w.start())
					case action == 2:
						w.server.Fail(status(500+random.IntN(5), nil, ""), status(403, nil, "secondary rate limit"))
					case action == 3:
						w.ledger.FailWith(func([]correlate.Entry, *correlate.Move) error { return correlate.ErrUnavailable })
						time.Sleep(time.Duration(random.IntN(60)) * time.Second)
						w.ledger.FailWith(nil)
					case action == 4:
						w.finish()
					}
					w.deploy(random.IntN(8))
					time.Sleep(time.Duration(random.IntN(180)) * time.Second)
				}
				w.finish()
				w.requireOnce(24 * time.Hour)
			})
		})
	}
}

func TestWhatHasNotChangedCostsNoRateLimitAndNoCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.deploy(45)
		w.finish()
		w.start()
		w.requireOnce(time.Hour)
		commits := w.ledger.commits()
		requests, _ := w.server.Requests()
		time.Sleep(5 * time.Hour)
		after, used := w.server.Requests()
		require.Greater(t, after, requests+250, "it is looked at every minute")
		require.LessOrEqual(t, used, 1, "of which a new hour's limit knows the first at most")
		require.Equal(t, commits, w.ledger.commits())
		require.Positive(t, w.count(resultUnchanged))
	})
}

func TestAFailingRepositoryHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.set(func(s *SourceConfig) { s.Keys = map[string]any{"repositories": []any{"octo/gone", "octo/shop"}} })
		w.deploy(30)
		w.start()
		w.requireOnce(time.Hour)
		require.Positive(t, w.count(resultFailed))
	})
}

func TestEnvironmentsAreStreamsOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.set(func(s *SourceConfig) {
			s.Keys = map[string]any{"repositories": []any{"octo/shop"}, "environments": []any{"production", "staging"}}
		})
		w.deploy(60)
		w.start()
		w.requireOnce(time.Hour)
		for _, stream := range []string{"pull/github/octo/shop/production", "pull/github/octo/shop/staging"} {
			cursor, err := w.ledger.Cursor(t.Context(), stream)
			require.NoError(t, err)
			require.NotEmpty(t, cursor)
		}
	})
}

func TestTheSourceCanBeReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.deploy(3)
		w.start()
		w.requireOnce(time.Hour)
		projector, ok := w.ledger.Projector("github")
		require.True(t, ok, "kept deliveries can be read by a later version")
		for _, e := range w.ledger.Entries() {
			require.Equal(t, e.Projection, projector.Project(e.Raw))
		}
	})
}

func TestStartNeedsAnIntake(t *testing.T) {
	w := newWorld(t)
	p := newPuller(receivertest.NewNopSettings(Type), w.config, &correlate.Tally{})
	require.ErrorContains(t, p.Start(t.Context(), componenttest.NewNopHost()), "put `correlate:` under `extensions:`")
	require.NoError(t, p.Shutdown(t.Context()))
}

func TestShutdownDoesNotWaitForAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.server.Fail(func(_ http.ResponseWriter, r *http.Request) bool {
			<-r.Context().Done()
			return true
		})
		p := w.start()
		time.Sleep(10 * time.Second)
		began := time.Now()
		require.NoError(t, p.Shutdown(t.Context()))
		require.Zero(t, time.Since(began))
	})
}

func TestPauses(t *testing.T) {
	for failures := range 64 {
		d := backoff(failures)
		require.GreaterOrEqual(t, d, firstPause/2)
		require.LessOrEqual(t, d, mostPause)
	}
	require.GreaterOrEqual(t, backoff(20), mostPause/2)
	for range 100 {
		require.InDelta(t, time.Minute, spread(time.Minute), float64(6*time.Second))
	}
	require.Equal(t, time.Minute, patience(time.Minute, 0))
	require.Equal(t, 4*time.Minute, patience(time.Minute, 2))
	require.Equal(t, mostBusy, patience(time.Minute, 1000))
	require.Equal(t, 5*time.Hour, patience(5*time.Hour, 3), "a longer wait than ours is kept")
}

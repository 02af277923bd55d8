package kubernetes

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

func TestWhatDoesNotRollOutCostsNoRequestAndNoCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		d := w.shop()
		s := w.server.create("StatefulSet", "shop", "db", template("db=db:1"))
		time.Sleep(time.Minute)
		w.start()
		before := w.server.asked("")
		w.ledger.FailWith(func([]correlate.Entry, *correlate.Move) error {
			require.Fail(t, "nothing is to be committed")
			return nil
		})
		for n := range 50 { // an autoscaler, and pods that come and go
			d.wanted = 3 + n%5
			d.edit(func(spec doc) { spec["replicas"] = d.wanted })
			d.finish()
			d.pods(d.wanted, d.wanted-1)
			s.pods(4, 3)
			s.finish()
			time.Sleep(time.Second)
		}
		require.Equal(t, before, w.server.asked(""), "watches go on, and nothing is looked up")
		require.Empty(t, w.told())
	})
}

func TestARolloutCostsOneLookAtItsRevisions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		d := w.shop()
		w.start()
		d.roll("checkout:v2")
		synctest.Wait()
		require.Equal(t, 1, w.server.asked("/replicasets"))
		require.EqualValues(t, 2, w.count(resultReport))
		d.annotate("kubectl.kubernetes.io/restartedAt", "x")
		d.carry()
		synctest.Wait()
		require.Equal(t, 3, w.server.asked("/replicasets"), "a page holds two")
		require.EqualValues(t, 2, w.count(resultReport))
		require.EqualValues(t, 1, w.count(resultRestart))
		require.Zero(t, w.server.asked("/api/v1/namespaces"), "the labels of namespaces aren't asked for unless they are needed")
	})
}

func TestTheLabelsOfNamespacesAreAskedForWhereTheyNameTheEnvironment(t *testing.T) {
	for name, c := range map[string]struct {
		code int // of the answer; 0 is none but the labels
		want string
	}{
		"they say so":      {0, "shop-environment"},
		"it isn't allowed": {http.StatusForbidden, "production"},
		"it is gone":       {http.StatusNotFound, "production"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.config.Keys = map[string]any{"environment_label": "env"}
				d := w.shop()
				w.server.refuse(func(r *http.Request) int {
					if strings.HasPrefix(r.URL.Path, "/api/v1/namespaces/") {
						return c.code
					}
					return 0
				})
				w.start()
				d.roll("checkout:v2")
				synctest.Wait()
				entries := w.ledger.Entries()
				require.Len(t, entries, 2)
				for _, e := range entries {
					require.Equal(t, c.want, e.Facts[0].Change.Environment)
				}
			})
		})
	}
}

func TestFailuresAreNoStorm(t *testing.T) {
	for name, code := range map[string]int{"the API server is away": 503, "nothing is allowed": 403, "versions are forgotten at once": 410} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.server.refuse(func(*http.Request) int { return code })
				w.start()
				time.Sleep(time.Hour)
				require.Less(t, w.server.asked(""), 3*150, "of three kinds, in an hour")
				require.Positive(t, w.count(resultFailed)+w.count(resultGone))
			})
		})
	}
	t.Run("a proxy that ends each watch at once", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.shop()
			w.server.cut = true
			w.start()
			time.Sleep(time.Hour)
			require.LessOrEqual(t, w.server.asked("watch="), 3*3605)
			require.LessOrEqual(t, w.server.asked("deployments?limit"), 1)
		})
	})
}

func TestShutdownDoesNotWaitForAnything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		d := w.shop()
		r := w.start()
		w.ledger.FailWith(func([]correlate.Entry, *correlate.Move) error { return correlate.ErrUnavailable })
		d.image("checkout:v2")
		d.sync()
		time.Sleep(time.Minute)
		began := time.Now()
		require.NoError(t, r.Shutdown(context.Background()))
		require.Zero(t, time.Since(began))
	})
}

// BenchmarkEvent is an event of a workload that doesn't roll out, among 5,000; the bytes kept of each are reported, the cursors that
// the ledger in memory keeps twice included.
func BenchmarkEvent(b *testing.B) {
	t := newTracker(b)
	before := heap()
	var o object
	for n := range 5000 {
		o = plain(n)
		require.NoError(b, t.observe(b.Context(), kinds()[0], "", o, true))
	}
	require.NoError(b, t.present(b.Context(), kinds()[0], "other", nil, time.Time{}))
	size := 0
	for i := range t.shards {
		size += len(t.shards[i].held)
	}
	kept := float64(heap() - before)
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, t.observe(b.Context(), kinds()[0], "", o, false))
	}
	b.ReportMetric(float64(size)/5000, "cursor-bytes/workload")
	b.ReportMetric(kept/5000, "heap-bytes/workload")
}

// heap is how much is in use, in bytes.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func plain(n int) object {
	var o object
	o.Metadata = metadata{Namespace: fmt.Sprintf("namespace-%d", n%100), Name: fmt.Sprintf("workload-%d", n), UID: fmt.Sprintf("7d0c1f7e-1a2b-11f1-8c2d-%012d", n)}
	o.Metadata.Annotations = map[string]string{revisionAnnotation: "7"}
	return o
}

package prometheus

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"

	"github.com/shipwake/shipwake/correlate"
)

// rememberer is an extension that remembers what it is told, as long as there is room.
type rememberer struct {
	component.StartFunc
	component.ShutdownFunc

	mu      sync.Mutex
	cells   map[int64]correlate.Cell // of the shop, by bucket
	pieces  int
	most    int   // pieces that there is room for, 0: all
	fail    error // of the next piece
	cursors map[string][]byte
}

func newRememberer() *rememberer {
	return &rememberer{cells: map[int64]correlate.Cell{}, cursors: map[string][]byte{}}
}

func (m *rememberer) Past(_ context.Context, cells []correlate.Measurement) (room bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		err, m.fail = m.fail, nil
		return false, err
	}
	m.pieces++
	for _, c := range cells {
		if c.Kind == correlate.Traffic && c.Service == "shop" && c.Environment == "production" {
			m.cells[c.Start] = c.Cell
		}
	}
	return m.most == 0 || m.pieces < m.most, nil
}

func (m *rememberer) Cursor(_ context.Context, stream string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.cursors[stream], nil
}

func (m *rememberer) Commit(_ context.Context, entries []correlate.Entry, move *correlate.Move) (correlate.Receipt, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(entries) > 0 || !slices.Equal(m.cursors[move.Stream], move.Expect) {
		return correlate.Receipt{}, correlate.ErrFenced
	}
	m.cursors[move.Stream] = move.Next
	return correlate.Receipt{}, nil
}

// told is what is remembered: how many requests, and in how many buckets.
func (m *rememberer) told() (requests int64, buckets, pieces int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for c := range maps.Values(m.cells) {
		requests += c.Requests
	}
	return requests, len(m.cells), m.pieces
}

// ofTwoDays is a server with two days in which the shop served ten requests each minute, of which one failed in
// the last hour each time, and that was away for two hours.
func ofTwoDays(t *testing.T) *fakeServer {
	t.Helper()
	s := newFakeServer()
	begin := time.Now()
	requests, errors := 0.0, 0.0
	for range 2 * 24 * 60 {
		time.Sleep(time.Minute)
		age := time.Since(begin)
		requests += 10
		if age > 47*time.Hour {
			errors++
		}
		if age > 8*time.Hour && age < 10*time.Hour {
			continue
		}
		values := map[string]float64{`http_requests_total{code="200"}`: requests}
		if errors > 0 {
			values[`http_requests_total{code="503"}`] = errors
		}
		s.scrape(time.Now(), "a:80", values)
	}
	return s
}

func withHistory(t *testing.T, s *fakeServer, m *rememberer, history string) *world {
	t.Helper()
	return newWorldBeside(t, map[string]component.Component{"correlate": m}, map[string]any{
		"endpoint": "http://prometheus:9090/prometheus", "poll": "30s", "history": history, "environment": "production",
	}, func(to *client) { to.http.Transport = s })
}

func TestTheDaysBeforeTheFirstStartAreRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := ofTwoDays(t), newRememberer()
		w := withHistory(t, s, m, "36h")
		time.Sleep(time.Hour)
		requests, buckets, pieces := m.told()
		require.Equal(t, 6, pieces)
		require.Len(t, s.ranges(), 6*6, "each selector once for each piece")
		require.Equal(t, 36*12, buckets)
		require.EqualValues(t, 36*12*50+11*5, requests, "what a step counted lies in it; the first error of all isn't lost, the last step isn't over")
		require.True(t, slices.IsSortedFunc(s.ranges(), func(a, b [2]int64) int { return int(b[1] - a[1]) }), "newest first")
		require.Equal(t, map[string][2]int64{"": {670, 60}}, w.requests(), "the last hour is measured, as if it had come live")
		require.Zero(t, w.lost())
	})
}

func TestATimeWithoutScrapesIsNotToldInOneBucket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := ofTwoDays(t), newRememberer()
		withHistory(t, s, m, "47h")
		time.Sleep(time.Hour)
		_, buckets, _ := m.told()
		require.InDelta(t, 45*12, buckets, 2)
		m.mu.Lock()
		defer m.mu.Unlock()
		for start, c := range m.cells {
			require.LessOrEqual(t, c.Requests, int64(55), "%d", start)
		}
	})
}

func TestTheTellingGoesOnWhereItEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := ofTwoDays(t), newRememberer()
		m.most = 2
		withHistory(t, s, m, "36h")
		time.Sleep(time.Hour)
		_, buckets, _ := m.told()
		require.Equal(t, 12*12, buckets, "no room for more")
		asked := len(s.ranges())

		m.mu.Lock()
		m.most = 0
		m.mu.Unlock()
		w := withHistory(t, s, m, "36h")
		time.Sleep(time.Hour)
		require.Empty(t, w.requests(), "what is measured may have been measured before the restart")
		_, buckets, _ = m.told()
		require.Equal(t, 36*12, buckets)
		again := len(s.ranges()) - asked
		require.Equal(t, 5*6, again, "the piece that there was no more room after is asked for again")

		withHistory(t, s, m, "36h")
		time.Sleep(time.Hour)
		require.Len(t, s.ranges(), asked+again, "all is told")
	})
}

func TestAServerThatFailsIsAskedForThePastAgain(t *testing.T) {
	for name, wrong := range map[string]func(http.ResponseWriter, *http.Request) bool{
		"too many samples": func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/prometheus/api/v1/query_range" {
				w.WriteHeader(http.StatusUnprocessableEntity)
				return true
			}
			return false
		},
		"away": func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(http.StatusBadGateway); return true },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, m := ofTwoDays(t), newRememberer()
				m.fail = errors.New("the ledger is full")
				s.fail(wrong)
				withHistory(t, s, m, "12h")
				time.Sleep(10 * time.Minute)
				_, buckets, _ := m.told()
				require.Zero(t, buckets)
				require.LessOrEqual(t, len(s.ranges()), 15, "it waits longer each time")
				s.fail(nil)
				time.Sleep(20 * time.Minute)
				_, buckets, _ = m.told()
				require.InDelta(t, 12*12, buckets, 2, "a server that is away doesn't tell its time")
			})
		})
	}
}

func TestWhatTheServerDoesNotVouchForIsNotToldOfThePast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := ofTwoDays(t), newRememberer()
		s.also(`"warnings":["no StoreAPIs matched"],`)
		withHistory(t, s, m, "36h")
		time.Sleep(time.Hour)
		_, buckets, _ := m.told()
		require.Zero(t, buckets)
		require.Len(t, s.ranges(), 6)
	})
}

func TestThePastOfNativeHistogramsIsReadToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := newFakeServer(), newRememberer()
		for i := range 3 * 60 {
			time.Sleep(time.Minute)
			s.scrape(time.Now(), "a:80", map[string]float64{})
			s.scrapeNative(time.Now(), "a:80", `http_server_request_duration_seconds{http_response_status_code="200"}`, 10*i, i)
		}
		withHistory(t, s, m, "2h")
		time.Sleep(time.Hour)
		requests, buckets, _ := m.told()
		require.Equal(t, 2*12, buckets)
		require.InDelta(t, 2*60*11, requests, 55)
	})
}

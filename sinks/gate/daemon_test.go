package gate

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/collector/host/courier"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite"
	"github.com/shipwake/shipwake/correlate/names"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/sinktest"
)

// daemon is one sink and one ledger, which outlives it, in virtual time. Each life opens both anew.
type daemon struct {
	dir      string
	known    *sinktest.Reader
	settings map[string]any
}

func newDaemon(t *testing.T, settings map[string]any) *daemon {
	return &daemon{dir: t.TempDir(), known: sinktest.NewReader(time.Now(), sinktest.Story()...), settings: settings}
}

// clocked is a reader whose clock goes on.
type clocked struct{ *sinktest.Reader }

func (c clocked) Status() sinks.Status {
	s := c.Reader.Status()
	s.Now = time.Now().UTC()
	return s
}

// life is one run of a daemon.
type life struct {
	*answering
	known *sinktest.Reader
	mux   *http.ServeMux
}

// live runs a daemon from its start to its end.
func (d *daemon) live(t *testing.T, meanwhile func(l *life)) {
	t.Helper()
	kept, err := sqlite.Open(t.Context(), sqlite.Options{Dir: d.dir})
	require.NoError(t, err)
	made, err := Factory().New(clocked{d.known}, d.settings)
	require.NoError(t, err)
	a := made.(*answering)
	var couriers []*courier.Courier
	for _, queue := range a.Queues() {
		couriers = append(couriers, courier.New(courier.Options{Sink: a, Queue: queue, Shelf: kept, Log: zap.NewNop(), Tally: &correlate.Tally{}}))
	}
	naming, err := names.New(names.Config{
		DefaultEnvironments: true, Services: []names.Rule{{Is: []string{"Till"}, Name: "till"}},
	})
	require.NoError(t, err)
	a.Keep(courier.Desk{Ledger: kept, Sink: Name, Naming: naming, Wake: func() {
		for _, c := range couriers {
			c.Wake()
		}
	}})
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for _, c := range couriers {
		running.Go(func() { c.Run(ctx) })
	}
	l := &life{answering: a, known: d.known, mux: http.NewServeMux()}
	for pattern, h := range a.Routes() {
		l.mux.Handle(pattern, h)
	}
	meanwhile(l)
	stop()
	running.Wait()
	require.NoError(t, a.Close())
	require.NoError(t, kept.Close())
}

// post sends a request to the sink.
func (l *life) post(path string, header map[string]string, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for name, value := range header {
		r.Header.Set(name, value)
	}
	l.mux.ServeHTTP(w, r)
	return w
}

// staged tells of a change of cart to staging.
func (l *life) staged(edit func(*correlate.ChangeRecord)) {
	c := correlate.ChangeRecord{
		Change: correlate.Change{
			ID: "cart-8-staging", Service: "cart", Environment: "staging", Version: "v8", Commit: commit, Status: correlate.StatusSucceeded,
			StartedAt: time.Now(), FinishedAt: time.Now(),
		},
		Phase: correlate.PhaseObserving, WindowStart: time.Now(), WindowEnd: time.Now().Add(time.Hour),
	}
	if edit != nil {
		edit(&c)
	}
	effects := []correlate.Effect{{Change: &c}}
	l.known.Put(effects...)
	l.Publish(effects)
}

const commit = "9fceb02d0ae598e95dc970b74767f19372d61af8"

// peer is a tool's server, which answers as its documentation says, but for what it is told to do first. It stands outside
// of virtual time, and is told what time it is.
type peer struct {
	*httptest.Server
	now   atomic.Pointer[time.Time]
	mu    sync.Mutex
	first []http.HandlerFunc // each answers one request in place of the peer; nil lets the peer take it and loses its answer
	tries int
}

// newPeer serves with a certificate. Settings trust it.
func newPeer(t *testing.T, h http.Handler) *peer {
	p := &peer{}
	p.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.serve(w, r, h) }))
	p.Config.SetKeepAlivesEnabled(false) // an idle connection would hold virtual time up
	p.StartTLS()
	t.Cleanup(p.Close)
	return p
}

func (p *peer) serve(w http.ResponseWriter, r *http.Request, h http.Handler) {
	p.mu.Lock()
	p.tries++
	instead := h.ServeHTTP
	if len(p.first) > 0 {
		instead, p.first = p.first[0], p.first[1:]
	}
	p.mu.Unlock()
	if instead != nil {
		instead(w, r)
		return
	}
	h.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

// inTime plays in virtual time, which the peer follows.
func (p *peer) inTime(t *testing.T, play func(t *testing.T)) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() {
			for ctx.Err() == nil {
				now := time.Now()
				p.now.Store(&now)
				select {
				case <-ctx.Done():
				case <-time.After(20 * time.Second):
				}
			}
		})
		synctest.Wait()
		play(t)
		stop()
		running.Wait()
	})
}

// begin has the next requests answered in another way.
func (p *peer) begin(first ...http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.first = first
}

func (p *peer) asked() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tries
}

// saying answers with a status and a header.
func saying(status int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
	}
}

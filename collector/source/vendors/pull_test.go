package vendors

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// api is a system's API in memory, as its documentation has it. It is made by one of the functions beside the tests of each
// system.
type api struct {
	t *testing.T
	// base is what addresses of the API begin with, below the host.
	base string
	// serve answers a request to a path below base; false is 404.
	serve func(w http.ResponseWriter, r *http.Request, path string) bool
	// secret is what a request must bring: a header and its value.
	secret [2]string

	*httptest.Server
	mu     sync.Mutex
	asked  []string // addresses without the host
	watch  func()   // called before each answer
	broken []int    // statuses of the next answers
}

func (a *api) start() *api {
	a.Server = httptest.NewServer(http.HandlerFunc(a.answer))
	a.t.Cleanup(a.Close)
	return a
}

func (a *api) answer(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, r.URL.RequestURI())
	path, ok := strings.CutPrefix(r.URL.EscapedPath(), a.base)
	switch {
	case len(a.broken) > 0:
		w.WriteHeader(a.broken[0])
		a.broken = a.broken[1:]
	case r.Header.Get(a.secret[0]) != a.secret[1]:
		w.WriteHeader(http.StatusUnauthorized)
	case !ok || !a.serve(w, r, path):
		w.WriteHeader(http.StatusNotFound)
	}
	if a.watch != nil {
		a.watch()
	}
}

// reply sends a document.
func reply(w http.ResponseWriter, document any) bool {
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(document) == nil
}

// reconciled is a system as it is asked and as it sends, with what is known of it: a ledger in memory.
type reconciled struct {
	t       *testing.T
	api     *api
	pulled  source.Pulled
	secret  string
	now     time.Time
	since   time.Time
	cursors map[string][]byte
	kept    map[string]correlate.Entry // by id
}

func reconcile(t *testing.T, name string, a *api, secret string, keys map[string]any) *reconciled {
	t.Helper()
	i := slices.IndexFunc(Sources(), func(s source.Source) bool { return s.Name == name })
	if keys == nil {
		keys = map[string]any{}
	}
	keys["api_url"] = a.URL + a.base
	pulled, err := Sources()[i].ConfigurePull(name, keys)
	require.NoError(t, err)
	return &reconciled{
		t: t, api: a, pulled: pulled, secret: secret, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		since: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), cursors: map[string][]byte{}, kept: map[string]correlate.Entry{},
	}
}

// again is the same system with nothing known of it.
func (r *reconciled) again() *reconciled {
	other := *r
	other.cursors, other.kept = map[string][]byte{}, map[string]correlate.Entry{}
	return &other
}

// page asks a stream for one page, and keeps what it brings.
func (r *reconciled) page(s source.Stream) (more bool, err error) {
	client := &http.Client{Transport: signed(func(request *http.Request) { r.pulled.Authorize(request.Header, r.secret) })}
	page, err := s.Pull(r.t.Context(), client, r.cursors[s.Name], r.since)
	if err != nil {
		return false, err
	}
	for _, item := range r.pulled.ReadPage(page, r.now) {
		if _, known := r.kept[item.ID]; !known {
			r.kept[item.ID] = item.Entry
		}
	}
	r.cursors[s.Name] = page.Next
	return page.More, nil
}

// round asks until there is nothing more to ask for.
func (r *reconciled) round() {
	r.t.Helper()
	for _, s := range r.pulled.Streams {
		for n := 0; ; n++ {
			more, err := r.page(s)
			require.NoError(r.t, err)
			if !more {
				break
			}
			require.Less(r.t, n, 5000, "it comes to an end")
		}
	}
}

// hook is a message that the system sends.
func (r *reconciled) hook(body string) {
	r.t.Helper()
	items, err := r.pulled.Read(source.Request{
		Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body), ReceivedAt: r.now,
	})
	require.NoError(r.t, err)
	for _, item := range items {
		if _, known := r.kept[item.ID]; !known {
			r.kept[item.ID] = item.Entry
		}
	}
}

// known is what all deliveries say together: changes and incidents in the order of their ids, without what only says by
// which way they came.
func (r *reconciled) known() (changes []correlate.Change, incidents []correlate.Incident) {
	r.t.Helper()
	said, opened := map[string][]correlate.ChangeReport{}, map[string][]correlate.IncidentReport{}
	for _, entry := range r.kept {
		require.Empty(r.t, entry.Problem, "%s", entry.Body)
		for _, f := range entry.Facts {
			if f.Change != nil {
				said[f.Change.ID] = correlate.AddChangeReport(said[f.Change.ID], correlate.ChangeReport{ReceivedAt: r.now, Said: *f.Change})
			} else {
				opened[f.Incident.ID] = correlate.AddIncidentReport(opened[f.Incident.ID], correlate.IncidentReport{ReceivedAt: r.now, Said: *f.Incident})
			}
		}
	}
	for _, reports := range said {
		changes = append(changes, correlate.FoldChange(reports))
	}
	for _, reports := range opened {
		incidents = append(incidents, correlate.FoldIncident(reports))
	}
	slices.SortFunc(changes, func(a, b correlate.Change) int { return strings.Compare(a.ID, b.ID) })
	slices.SortFunc(incidents, func(a, b correlate.Incident) int { return strings.Compare(a.ID, b.ID) })
	return changes, incidents
}

// signed puts a secret into requests.
type signed func(*http.Request)

func (s signed) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	s(request)
	return http.DefaultTransport.RoundTrip(request)
}

// requireOneStory plays the messages of the hook and what is pulled in both orders, and each alone: all say the same of the
// same changes and incidents.
func (r *reconciled) requireOneStory(hooks ...string) {
	r.t.Helper()
	play := func(steps ...func(*reconciled)) (changes []correlate.Change, incidents []correlate.Incident) {
		one := r.again()
		for _, step := range steps {
			step(one)
		}
		return one.known()
	}
	send := func(one *reconciled) {
		for _, body := range hooks {
			one.hook(body)
		}
	}
	pull := func(one *reconciled) { one.round() }
	changes, incidents := play(send)
	for name, steps := range map[string][]func(*reconciled){
		"pulled alone": {pull}, "sent and then pulled": {send, pull}, "pulled and then sent": {pull, send}, "pulled twice": {pull, pull},
	} {
		c, i := play(steps...)
		require.Equal(r.t, outlines(changes), outlines(c), name)
		require.Equal(r.t, incidents, i, name)
	}
}

// outlines are changes as far as a hook and an API tell the same of them.
func outlines(changes []correlate.Change) (all []string) {
	for _, c := range changes {
		c.UpdatedAt, c.URL, c.Actor, c.Labels = time.Time{}, "", "", nil
		text, err := json.Marshal(c)
		if err != nil {
			text = []byte(err.Error())
		}
		all = append(all, string(text))
	}
	return all
}

// object is a JSON object of a system.
type object = map[string]any

func at(clock string) string { return "2026-03-01T" + clock + ":00.000Z" }

// pageOf cuts a page from a list, and tells whether it is the last.
func pageOf[T any](all []T, from, size int) (page []T, last bool) {
	from = min(from, len(all))
	to := min(from+size, len(all))
	return append([]T{}, all[from:to]...), to == len(all)
}

func number(text string, otherwise int) (n int) {
	if _, err := fmt.Sscan(text, &n); err != nil {
		return otherwise
	}
	return n
}

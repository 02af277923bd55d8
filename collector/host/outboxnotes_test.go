package host

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite"
	"github.com/shipwake/shipwake/sinks/template"
)

// noteFile is told by a template: one note for each change, looked for before it is created, and changed after that.
const noteFile = `
name: notes
settings: {url: {required: true}}
find:
  url: '{{.Setting.url}}/notes?change={{.ID | query}}'
  keep: {id: body.0.id}
create:
  url: '{{.Setting.url}}/notes'
  body: '{"change": {{json .ID}}, "revision": {{.Revision}} }'
  keep: {id: body.id}
update:
  method: PUT
  url: '{{.Setting.url}}/notes/{{.Receipt.id | path}}'
  body: '{"change": {{json .ID}}, "revision": {{.Revision}} }'
`

// noting is a host with a ledger and a sink that is told by noteFile, and nothing else.
func noting(ctx context.Context, dir, url, _ string) (*Host, func() error, error) {
	path := filepath.Join(dir, "notes.yaml")
	if err := os.WriteFile(path, []byte(noteFile), 0o600); err != nil {
		return nil, nil, err
	}
	return sendingBy(ctx, sqlite.Options{Dir: dir}, template.Factory(), map[string]any{
		"allow": []any{"loopback"}, "targets": map[string]any{"notes": map[string]any{"file": path, "settings": map[string]any{"url": url}}},
	})
}

// notes is a receiver that creates whatever it is asked to create: it doesn't know that it has it already.
type notes struct {
	mu    sync.Mutex
	kept  []note
	found int // how often somebody found what he would have created otherwise
	wrong []string
}

type note struct {
	ID       string `json:"id"`
	Change   string `json:"change"`
	Revision int    `json:"revision"`
}

func (n *notes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var sent note
	if r.Method != http.MethodGet && json.NewDecoder(r.Body).Decode(&sent) != nil {
		w.WriteHeader(http.StatusBadRequest) // cut short by the death of the sender
		return
	}
	var answer any
	switch r.Method {
	case http.MethodGet:
		matching := slices.DeleteFunc(slices.Clone(n.kept), func(k note) bool { return k.Change != r.URL.Query().Get("change") })
		n.found += min(len(matching), 1)
		answer = matching
	case http.MethodPost:
		sent.ID = fmt.Sprint(len(n.kept) + 1)
		n.kept = append(n.kept, sent)
		answer = sent
	default:
		i := slices.IndexFunc(n.kept, func(k note) bool { return k.ID == strings.TrimPrefix(r.URL.Path, "/notes/") })
		if i < 0 || n.kept[i].Change != sent.Change || n.kept[i].Revision > sent.Revision {
			n.wrong = append(n.wrong, fmt.Sprint(r.URL.Path, " ", sent))
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		n.kept[i].Revision = sent.Revision
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// TestNoMessageIsLostOrDoubledByAKill kills a process that sends by a template at random instants. Where the receiver can be
// asked for what it has, there is one note for each change at the end, and it says what was decided last.
func TestNoMessageIsLostOrDoubledByAKill(t *testing.T) {
	kills, n, dir, began := killsOf(t, 12), &notes{}, t.TempDir(), time.Now()
	server := httptest.NewServer(n)
	defer server.Close()
	for life := range kills {
		liveAndDie(t, dir, server.URL, life, templateVariable+"=1")
	}
	h, stop, err := noting(t.Context(), dir, server.URL, "")
	require.NoError(t, err)
	eventually(t, "the queue is empty", func() bool {
		state, err := h.ledger.OutboxState(t.Context())
		return err == nil && len(state) == 0
	})
	decided, revisions := map[string]int{}, 0
	for i := range kills * changes {
		id := fmt.Sprintf("change-%d-%d", i/changes, i%changes)
		_, all, err := h.ledger.Change(t.Context(), id)
		if errors.Is(err, ledger.ErrNotFound) { // it died too often before its turn
			continue
		}
		require.NoError(t, err)
		decided[id] = len(all)
		revisions += len(all)
	}
	require.NoError(t, stop())
	said := map[string]int{}
	for _, k := range n.kept {
		require.NotContains(t, said, k.Change, "it is there twice")
		said[k.Change] = k.Revision
	}
	require.Equal(t, decided, said)
	require.Empty(t, n.wrong, "an older revision after a newer one, or the note of another change")
	require.NotEmpty(t, said)
	t.Logf("%d kills: %d revisions of %d changes, a note for each; %d times it was found that would have been doubled", kills, revisions, len(said), n.found)
	if path := os.Getenv(reportVariable); path != "" {
		reportNotes(t, path+"-template", kills, revisions, len(said), n.found, time.Since(began))
	}
}

func reportNotes(t *testing.T, path string, kills, revisions, changes, found int, took time.Duration) {
	t.Helper()
	text := fmt.Sprintf(`<!-- Written by `+"`make kill-outbox`"+`. -->
# Messages by a template, and kills

`+"`make kill-outbox`"+`: a process commits verdicts and tells them by a template to a receiver that creates whatever it is asked to create, and is killed (SIGKILL) at a random instant, again and again on one ledger. At the end there is one note for each change, which says the newest revision in the ledger.

| kills | revisions | changes | lost | doubled | found instead of doubled | minutes |
|---|---|---|---|---|---|---|
| %d | %d | %d | 0 | 0 | %d | %.1f |
`, kills, revisions, changes, found, took.Minutes())
	require.NoError(t, os.WriteFile(path+".md", []byte(text), 0o644))
	line := fmt.Sprintf("BenchmarkOutboxTemplateKills %d %d ns/op %d revisions 0 lost 0 doubled %d found\n", kills, took.Nanoseconds()/int64(cmp.Or(kills, 1)), revisions, found)
	require.NoError(t, os.WriteFile(path+".txt", []byte(line), 0o644))
}

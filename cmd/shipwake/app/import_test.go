package app

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// doors takes what is posted, and keeps it.
type doors struct {
	*httptest.Server
	mu     sync.Mutex
	posted map[string][]string // bodies by path
	header http.Header         // of the last
	answer atomic.Int64        // a status; 0 is 202
	// After so many messages reached is told, and nothing is answered for a while.
	killer  atomic.Int64
	reached chan struct{}
}

func openDoors(t *testing.T) *doors {
	h := &doors{posted: map[string][]string{}, reached: make(chan struct{})}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		h.posted[r.URL.Path] = append(h.posted[r.URL.Path], string(body))
		h.header = r.Header.Clone()
		if h.killer.Add(-1) == 0 {
			close(h.reached)
			<-r.Context().Done() // the sender is killed
			return
		}
		if status := int(h.answer.Load()); status != 0 {
			w.WriteHeader(status)
			fmt.Fprint(w, `{"error":"so it is"}`)
			return
		}
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprintf(w, `{"facts":%d}`, strings.Count(string(body), "\n"))
	}))
	t.Cleanup(h.Close)
	return h
}

// take is what was posted to a path until now.
func (h *doors) take(path string) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	bodies := h.posted[path]
	delete(h.posted, path)
	return bodies
}

const exported = "app,tag,when\ncheckout,v2,2026-03-01T10:00:00Z\ncart,v1,soon\n"

func exportFile(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func TestATableIsImported(t *testing.T) {
	t.Setenv("SHIPWAKE_GENERIC_SECRET", "hush")
	h := openDoors(t)
	file := exportFile(t, "deploys.csv", exported)
	report := filepath.Join(t.TempDir(), "report")
	args := []string{"import", "csv", file, "--map", "service=app,version=tag,finished_at=when", "--hooks", h.URL + "/hooks/generic", "--report", report}
	code, stdout, stderr := shipwake(t, args...)
	require.Equal(t, exitSkipped, code, stderr)
	require.Equal(t, []string{`{"change":{"id":"csv-39932a9dd3bae174e80fe6ec","service":"checkout","version":"v2","finished_at":"2026-03-01T10:00:00Z"}}` + "\n"},
		h.take("/hooks/generic"))
	require.Equal(t, "Bearer hush", h.header.Get("Authorization"))
	require.Contains(t, stdout, "2 records: 1 facts sent in 1 deliveries, of which the daemon knew 0; 1 skipped")
	require.Contains(t, stdout, "skipped: "+file+":3:9: when: must be an RFC 3339 time")
	listed, err := os.ReadFile(report)
	require.NoError(t, err)
	require.Contains(t, string(listed), file+":3:9: when: must be")

	code, stdout, _ = shipwake(t, append(args, "--dry-run")...)
	require.Equal(t, exitSkipped, code)
	require.Equal(t, `{"change":{"id":"csv-39932a9dd3bae174e80fe6ec","service":"checkout","version":"v2","finished_at":"2026-03-01T10:00:00Z"}}`+"\n", stdout)
	require.Empty(t, h.take("/hooks/generic"), "a dry run sends nothing")
}

func TestAMapMayStandInAFile(t *testing.T) {
	file := exportFile(t, "deploys.csv", exported)
	yaml := exportFile(t, "map.yaml", "columns: {service: app, version: tag, finished_at: when}\nconstants: {environment: staging}\n")
	code, stdout, stderr := shipwake(t, "import", "csv", file, "--map-file", yaml, "--dry-run")
	require.Equal(t, exitSkipped, code, stderr)
	require.Contains(t, stdout, `"environment":"staging"`)
	code, _, stderr = shipwake(t, "import", "csv", file, "--map-file", exportFile(t, "map.yaml", "colums: {}"), "--dry-run")
	require.Equal(t, exitNotImported, code)
	require.Contains(t, stderr, "field colums not found")
}

func TestMessagesGoToTheirSourceWithItsProof(t *testing.T) {
	t.Setenv("SHIPWAKE_CDEVENTS_SECRET", "hush,older")
	h := openDoors(t)
	file := exportFile(t, "events.ndjson", "{\"id\":\"1\"}\n{\"id\":\"2\"}\n")
	code, stdout, stderr := shipwake(t, "import", "cdevents", file, "--hooks", h.URL+"/hooks/generic")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "2 records: 0 facts and 2 messages sent in 2 deliveries")
	require.ElementsMatch(t, []string{`{"id":"1"}`, `{"id":"2"}`}, h.take("/hooks/cdevents"))
	require.Equal(t, "application/cloudevents+json", h.header.Get("Content-Type"))
	require.NotContains(t, fmt.Sprint(h.header), "older")
	require.True(t, h.header.Get("X-Hub-Signature-256") != "" || h.header.Get("Webhook-Signature") != "" || h.header.Get("Authorization") != "", h.header)

	code, _, stderr = shipwake(t, "import", "--from-source", "own", file, "--set", "header=X-Event: deploy", "--hooks", h.URL+"/hooks/generic")
	require.Zero(t, code, stderr)
	require.Len(t, h.take("/hooks/own"), 2)
	require.Equal(t, "deploy", h.header.Get("X-Event"))
}

func TestWhyNothingIsImported(t *testing.T) {
	file := exportFile(t, "deploys.csv", exported)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no format":                 {nil, "want a format and files; the formats are ndjson, csv"},
		"no such format":            {[]string{"excel", file}, "excel: there is no such format; the formats are ndjson, csv"},
		"no file":                   {[]string{"csv"}, "want at least one file of csv"},
		"no messages":               {[]string{"--from-source", "gitlab"}, "want at least one file with messages of gitlab"},
		"a file that isn't there":   {[]string{"csv", "nowhere.csv"}, "nowhere.csv: no such file"},
		"a column that isn't":       {[]string{"csv", file, "--map", "service=application", "--strict", "--dry-run"}, "deploys.csv:1: application: there is no such column; the first line has app, tag, when"},
		"a field that isn't":        {[]string{"csv", file, "--map", "servce=app"}, "servce: there is no such field"},
		"a key that isn't":          {[]string{"csv", file, "--set", "x=y"}, "--set x: the format csv has no such key; it has none"},
		"hooks that are none":       {[]string{"csv", file, "--hooks", "nowhere"}, "--hooks: "},
		"a report that can't be":    {[]string{"csv", file, "--report", "/nowhere/report"}, "--report: "},
		"a map that isn't there":    {[]string{"csv", file, "--map-file", "nowhere.yaml"}, "--map-file: "},
		"a state of something else": {[]string{"csv", file, "--state", file}, "isn't the state of an import"},
	} {
		t.Run(name, func(t *testing.T) {
			code, _, stderr := shipwake(t, append([]string{"import"}, c.args...)...)
			require.Equal(t, exitNotImported, code)
			require.Contains(t, stderr, c.want)
		})
	}
}

func TestADaemonThatIsAwayLeavesTheRestForTheNextRun(t *testing.T) {
	h := openDoors(t)
	file := exportFile(t, "facts.jsonl", `{"id":"c","service":"s","finished_at":"2026-03-01T10:00:00Z"}`)
	args := []string{"import", "ndjson", file, "--hooks", h.URL + "/hooks/generic", "--timeout", "0s"}
	h.answer.Store(http.StatusServiceUnavailable)
	code, _, stderr := shipwake(t, args...)
	require.Equal(t, exitUnfinished, code)
	require.Contains(t, stderr, "run it again to go on")
	require.FileExists(t, file+".import")
	h.answer.Store(http.StatusUnauthorized)
	code, _, stderr = shipwake(t, args...)
	require.Equal(t, exitNotImported, code)
	require.Contains(t, stderr, "the daemon doesn't take it: 401 Unauthorized: so it is")
	h.answer.Store(http.StatusBadRequest)
	code, stdout, _ := shipwake(t, args...)
	require.Equal(t, exitSkipped, code)
	require.Contains(t, stdout, "the daemon doesn't take it: so it is")
	h.answer.Store(0)
	code, _, stderr = shipwake(t, args...)
	require.Zero(t, code, stderr)
	require.NoFileExists(t, file+".import")
}

// An import that is killed in the middle leaves the daemon as one that isn't.
func TestAnImportIsKilledAndGoesOn(t *testing.T) {
	const count = 30_000
	var lines strings.Builder
	for i := range count {
		fmt.Fprintf(&lines, `{"id":"c-%d","service":"s","finished_at":"2026-03-01T10:00:00Z"}`+"\n", i)
	}
	file := exportFile(t, "facts.jsonl", lines.String())
	h := openDoors(t)
	args := []string{"import", "ndjson", file, "--hooks", h.URL + "/hooks/generic"}
	told := map[string]bool{}
	gather := func() int {
		for _, body := range h.take("/hooks/generic") {
			for line := range strings.Lines(body) {
				told[line] = true
			}
		}
		return len(told)
	}
	for kill := 1; kill <= 2; kill++ {
		cmd := exec.Command(os.Args[0], args...)
		cmd.Env = append(os.Environ(), asProgram+"=1")
		h.killer.Store(int64(6 * kill)) // parcels
		require.NoError(t, cmd.Start())
		<-h.reached
		require.NoError(t, cmd.Process.Kill())
		_ = cmd.Wait()
		h.reached = make(chan struct{})
		gather()
		require.Less(t, len(told), count, "it was killed in the middle")
	}
	code, _, stderr := shipwake(t, args...)
	require.Zero(t, code, stderr)
	require.Equal(t, count, gather())
}

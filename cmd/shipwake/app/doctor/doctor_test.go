package doctor

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/shipwake/shipwake/cmd/shipwake/app/client"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/names/meet"
	"github.com/shipwake/shipwake/sinks/api"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// said is what a daemon says in a test: an answer for each path.
type said map[string]any

// healthy is what one says that has nothing to complain of.
func healthy() said {
	mark := noon.Add(-30 * time.Second)
	return said{
		"/api/v1/status": api.Status{
			Ready: true, Version: "v1", Now: noon, Watermark: &mark, Counts: []api.Count{{What: "telemetry", Source: "spans", Result: "accepted", Value: 7}},
		},
		"/api/v1/names":      api.Names{Names: meet.Names{Met: 2}},
		"/api/v1/quarantine": api.Quarantine{},
		"/api/v1/changes": api.Changes{Changes: []correlate.ChangeRecord{{
			Change: correlate.Change{ID: "c1", Source: "github"}, ReceivedAt: noon.Add(-time.Hour),
		}}},
		"/api/v1/incidents": api.Incidents{},
	}
}

// status edits the status among what is said.
func (s said) status(edit func(*api.Status)) said {
	is := s["/api/v1/status"].(api.Status)
	edit(&is)
	s["/api/v1/status"] = is
	return s
}

// patient is one whose daemon says all that; nil: nobody is there.
func patient(t *testing.T, s said) *Patient {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, known := s[r.URL.Path]
		if !known {
			w.WriteHeader(http.StatusNotFound)
			answer = api.Error{Error: "no such path"}
		}
		if e, refused := answer.(api.Error); refused && e.Parameter == "" && known {
			w.WriteHeader(http.StatusUnauthorized)
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(server.Close)
	daemon, err := client.New(server.URL, client.Access{})
	require.NoError(t, err)
	t.Cleanup(daemon.Close)
	if s == nil {
		server.Close()
	}
	p := &Patient{URL: "http://daemon:8788", Daemon: daemon, Version: "v1", SilentAfter: 7 * 24 * time.Hour, Now: func() time.Time { return noon }}
	p.askStatus(t.Context())
	return p
}

// lines are findings as "state says", with what to do behind an arrow.
func lines(found []Finding) (all []string) {
	for _, f := range found {
		line := string(f.State) + " " + f.Says
		if f.Mend != "" {
			line += " → " + f.Mend
		}
		all = append(all, line)
	}
	return all
}

func TestADaemonIsAskedAlone(t *testing.T) {
	report := Examine(t.Context(), patient(t, healthy()))
	require.False(t, report.Failed(), report)
	states := map[string]State{}
	for _, f := range report.Findings {
		states[f.Check] = f.State
	}
	require.Equal(t, map[string]State{
		"configuration": Skip, "secrets": Skip, "daemon": OK, "clock": OK, "time zones": Skip, "ports": Skip, "data directory": Skip, "memory": OK,
		"open files": Skip, "ledger": Skip, "senders": OK, "telemetry": OK, "names": OK, "quarantine": OK, "outbox": OK, "prometheus": Skip,
	}, states)
}

func TestAReportIsATable(t *testing.T) {
	r := Report{Configuration: "mine.yaml", Daemon: "http://d", Version: "v1", Findings: []Finding{
		{"daemon", OK, "is up", ""}, {"data directory", Fail, "is\nfull \x1b[31m", "free some"}, {"names", Skip, "why", ""},
	}}
	var out bytes.Buffer
	require.NoError(t, r.Table(&out))
	require.Equal(t, `Looked at mine.yaml on this machine, and asked the daemon at http://d.

ok    daemon          is up
fail  data directory  is full �[31m
                      → free some
skip  names           why

1 ok, 0 warnings, 1 failed, 1 skipped
`, out.String())
	out.Reset()
	require.NoError(t, Report{Daemon: "http://d"}.Table(&out))
	require.Contains(t, out.String(), "Asked the daemon at http://d; its machine was not looked at.")
	out.Reset()
	require.NoError(t, Report{Configuration: "mine.yaml"}.Table(&out))
	require.Contains(t, out.String(), "Looked at mine.yaml on this machine; no daemon was asked.")
}

func TestSizesAndAges(t *testing.T) {
	for n, want := range map[int64]string{0: "0 bytes", 1023: "1023 bytes", 1 << 20: "1 MiB", 640 << 20: "640 MiB", 3 << 29: "1.5 GiB", 5 << 40: "5 TiB"} {
		require.Equal(t, want, bytesOf(n))
	}
	for d, want := range map[time.Duration]string{-time.Second: "0s", 59 * time.Second: "59s", 90 * time.Second: "1m", 47 * time.Hour: "47h", 50 * time.Hour: "2d"} {
		require.Equal(t, want, ago(d))
	}
}

package demo

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/collector/source/all"
	"github.com/shipwake/shipwake/correlate"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestThePastIsWhatADaemonTakes(t *testing.T) {
	now := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	facts := history(now, 90, running)
	require.Greater(t, len(facts), 300)
	seen := map[string]bool{}
	newest := map[string]correlate.Change{}
	incidents := 0
	for _, f := range facts {
		require.NoError(t, f.Validate())
		require.True(t, f.EventTime().Before(now) && f.EventTime().After(now.AddDate(0, 0, -91)), f.EventTime())
		if f.Incident != nil {
			incidents++
			continue
		}
		require.False(t, seen[f.Change.ID], "%s is told twice", f.Change.ID)
		seen[f.Change.ID] = true
		if f.Change.FinishedAt.After(newest[f.Change.Service].FinishedAt) {
			newest[f.Change.Service] = *f.Change
		}
	}
	require.Greater(t, incidents, 10)
	for service, change := range newest {
		require.Equal(t, running, change.Version, "%s must end at the version that the shop runs", service)
	}
}

// sources are the real ones.
func sources(t *testing.T) map[string]source.Configured {
	made := map[string]source.Configured{}
	for _, s := range all.Sources() {
		configured, err := s.Configure(s.Name, nil)
		require.NoError(t, err)
		made[s.Name] = configured
	}
	return made
}

func TestTheSendersAreUnderstoodByTheSources(t *testing.T) {
	shared := newSecrets()
	known := sources(t)
	live := map[string][]string{"github": {shared.github}, "cdevents": {shared.cdevents}, "generic": {shared.generic}}
	facts := map[string]correlate.Change{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		src := known[strings.TrimPrefix(r.URL.Path, "/hooks/")]
		request := source.Request{Header: r.Header, Body: body, ReceivedAt: time.Now()}
		if err := src.Authenticate(live[src.Name()], request); err != nil {
			t.Error(err)
		}
		items, err := src.Read(request)
		if err != nil {
			t.Error(err)
		}
		for _, item := range items {
			for _, f := range item.Facts {
				facts[f.Change.ID] = facts[f.Change.ID].Merge(*f.Change)
			}
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	defer server.Close()
	client := &http.Client{}
	defer client.CloseIdleConnections()
	h := &hooks{base: server.URL, secrets: shared, client: client}
	began := time.Now().Add(-time.Minute).UTC().Truncate(time.Second)
	for _, a := range script() {
		require.NoError(t, h.begun(t.Context(), a, began))
		require.NoError(t, h.ended(t.Context(), a, began, began.Add(20*time.Second)))
		told, ok := facts[a.id()]
		require.True(t, ok, "%s is not the id that the source gives", a.id())
		require.Equal(t, a.service, told.Service)
		require.Equal(t, a.release.Version, told.Version)
		require.Equal(t, a.from, told.PreviousVersion)
		require.Equal(t, correlate.StatusSucceeded, told.Status)
		require.True(t, told.StartedAt.Equal(began))
		require.True(t, told.FinishedAt.Equal(began.Add(20*time.Second)))
		require.Equal(t, a.kind == correlate.KindRollback, told.Kind == correlate.KindRollback)
	}
}

func TestARefusedWebhookIsAnError(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "$.change: wrong", http.StatusBadRequest)
	}))
	defer server.Close()
	client := &http.Client{}
	defer client.CloseIdleConnections()
	h := &hooks{base: server.URL, client: client}
	require.ErrorContains(t, h.facts(t.Context(), history(time.Now(), 30, running)), "/hooks/generic answered 400 Bad Request: $.change: wrong")
}

func TestTheBoard(t *testing.T) {
	raised := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	acts := script()[:2]
	t.Run("is lines where nothing can be drawn over", func(t *testing.T) {
		var out bytes.Buffer
		b := newBoard(&out, false, acts, raised)
		b.change(b.scenes[0], raised.Add(14*time.Second), func() string { return "begins" })
		b.change(b.scenes[0], raised.Add(15*time.Second), func() string { return "" })
		b.refresh(raised.Add(16*time.Second), "100 visits")
		require.Equal(t, "00:14  catalog          begins\n", out.String())
	})
	t.Run("is a table drawn again in place on a terminal", func(t *testing.T) {
		var out bytes.Buffer
		b := newBoard(&out, true, acts, raised)
		b.refresh(raised.Add(61*time.Second), "100 visits")
		require.Contains(t, out.String(), "01:01  100 visits\n")
		require.Contains(t, out.String(), "catalog")
		require.Contains(t, out.String(), "at 00:14")
		out.Reset()
		b.change(b.scenes[0], raised, func() string {
			b.scenes[0].began, b.scenes[0].served = raised, "3×v1 1×v2"
			b.scenes[0].verdict = &correlate.Verdict{Outcome: correlate.Regressed, Reason: correlate.ReasonErrorRatio}
			return "begins"
		})
		require.Empty(t, out.String())
		b.refresh(raised.Add(62*time.Second), "101 visits")
		require.True(t, strings.HasPrefix(out.String(), "\x1b[6A\x1b[J"), "%q", out.String())
		require.Contains(t, out.String(), "3×v1 1×v2")
		require.Contains(t, out.String(), "regressed (error ratio)")
	})
}

func TestADaemonThatDoesNotStartIsToldWithItsReason(t *testing.T) {
	b := inBackground(func(context.Context) error { return io.ErrUnexpectedEOF })
	err := b.ready(t.Context(), &http.Client{}, "127.0.0.1:1")
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.ErrorIs(t, b.end(), io.ErrUnexpectedEOF)
}

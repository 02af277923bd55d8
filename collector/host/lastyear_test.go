package host

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/source/all"
	"github.com/shipwake/shipwake/correlate/names"
)

// lastYear is a directory with the ledger of schema 5 that package sqlite is tested with: it has every payload of the
// sources' tests, as the release of then kept them.
func lastYear(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	zipped, err := os.Open("../../correlate/ledger/sqlite/testdata/schema5.db.gz")
	require.NoError(t, err)
	defer func() { require.NoError(t, zipped.Close()) }()
	r, err := gzip.NewReader(zipped)
	require.NoError(t, err)
	text, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ledger.db"), text, 0o600))
	return dir
}

// The sources of today read what was kept then. What they read otherwise takes back what was read before: a ping, of which
// one release had made a change; starts of deployments that had only been requested; ids of alerts with their exact start;
// an alert without a severity.
func TestTheDeliveriesOfLastYearAreReadAgain(t *testing.T) {
	h := keeper(t, lastYear(t))
	h.naming = called(t, names.DefaultConfig())
	before, err := h.ledger.Held(t.Context(), 0)
	require.NoError(t, err)
	log, err := h.ledger.Unapplied(t.Context(), 0)
	require.NoError(t, err)
	for _, s := range all.Sources() {
		configured, err := s.Configure(s.Name, nil)
		require.NoError(t, err)
		h.Register(s.Name, configured.Projector())
	}
	require.NoError(t, h.projectStale(t.Context(), time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)))

	counted := map[string]int64{}
	for _, c := range h.opt.Tally.Values() {
		counted[c.Result] += c.Value
	}
	require.EqualValues(t, 104, counted[resultReprojected], "all of them")
	require.EqualValues(t, 18, counted[resultRetracted])
	after, err := h.ledger.Held(t.Context(), 0)
	require.NoError(t, err)
	require.Len(t, after, len(before)-int(counted[resultReleased]))

	more, err := h.ledger.Unapplied(t.Context(), 0)
	require.NoError(t, err)
	require.Equal(t, log, more[:len(log)])
	said := map[string]int{}
	for _, f := range more[len(log):] {
		what, retracted := "", map[bool]string{true: " taken back"}[f.Retracted]
		if f.Incident != nil {
			what = f.Incident.Source
		} else {
			what = f.Change.Source
			require.True(t, f.Retracted || !f.Change.StartedAt.Equal(time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)), "none begins when it is requested")
		}
		said[what+retracted]++
	}
	require.Equal(t, map[string]int{
		"generic":      10, // what was dated ahead then has come
		"alertmanager": 6, "alertmanager taken back": 7,
		"github": 6, "github taken back": 8, // with the labels repository and deployment_id
		"cdevents": 5, "cdevents taken back": 3, // the digest of an image beside its tag; two were told twice
	}, said)
}

package sqlite

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger/ledgertest"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite/migrations"
)

// listing is what is in a directory: names, sizes and times.
func listing(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		info, err := e.Info()
		require.NoError(t, err)
		all = append(all, fmt.Sprint(e.Name(), info.Size(), info.ModTime()))
	}
	return all
}

func TestALedgerIsExaminedWhetherItIsInUseOrNot(t *testing.T) {
	newest, err := migrations.Newest()
	require.NoError(t, err)
	dir := t.TempDir()
	l := openAt(t, Options{Dir: dir, Release: "v0.4.0"})
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i, source := range []string{"github", "argocd", "github"} {
		e := ledgertest.Entry(source, fmt.Sprint(i))
		e.ReceivedAt = at.Add(time.Duration(i) * time.Hour)
		e.Digest = fmt.Sprint(i)
		_, _, err := l.Append(t.Context(), []correlate.Entry{e}, nil)
		require.NoError(t, err)
	}
	examine := func() {
		x, err := Examine(t.Context(), dir, 1<<30)
		require.NoError(t, err)
		require.Positive(t, x.Bytes)
		x.Bytes = 0
		require.Equal(t, Examination{
			Path: filepath.Join(dir, fileName), Schema: newest, Newest: newest, WrittenBy: "v0.4.0", Deliveries: 3, Facts: 3, Checked: true,
			Heard: map[string]time.Time{"github": at.Add(2 * time.Hour), "argocd": at.Add(time.Hour)},
		}, x)
	}
	examine()
	require.NoError(t, l.Close())
	before := listing(t, dir)
	examine()
	require.Equal(t, before, listing(t, dir), "nothing is changed, and nothing left")
	x, err := Examine(t.Context(), dir, 1)
	require.NoError(t, err)
	require.False(t, x.Checked, "it is larger than is to be checked")
}

func TestALedgerOfAnOlderSchemaIsExaminedAsItIs(t *testing.T) {
	newest, err := migrations.Newest()
	require.NoError(t, err)
	for schema := 1; schema < newest; schema++ {
		dir := t.TempDir()
		makeOld(t, dir, schema)
		x, err := Examine(t.Context(), dir, 1<<30)
		require.NoError(t, err, "schema %d", schema)
		require.Equal(t, schema, x.Schema)
		require.EqualValues(t, oldFacts, x.Facts)
		require.Equal(t, schema >= heardSchema, len(x.Heard) > 0)
		require.Equal(t, schema, schemaOf(t, x.Path))
	}
}

func TestWhatIsNoSoundLedgerIsSaidWhenItIsExamined(t *testing.T) {
	dir := t.TempDir()
	_, err := Examine(t.Context(), dir, 1<<30)
	require.ErrorIs(t, err, fs.ErrNotExist)
	path := filepath.Join(dir, fileName)
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	x, err := Examine(t.Context(), dir, 1<<30)
	require.NoError(t, err)
	require.Zero(t, x.Schema, "nobody has written to it yet")
	require.NoError(t, os.WriteFile(path, []byte("dear diary, today I deployed, and it went well until the evening, when somebody looked at a graph and said that it did not"), 0o600))
	_, err = Examine(t.Context(), dir, 1<<30)
	require.ErrorContains(t, err, path+" is damaged")
	require.NoError(t, os.Remove(path))
	l := openAt(t, Options{Dir: dir})
	commitOne(t, l, "a")
	require.NoError(t, l.Close())
	edit(t, dir, "PRAGMA user_version = 99")
	_, err = Examine(t.Context(), dir, 1<<30)
	var newer *migrations.NewerError
	require.ErrorAs(t, err, &newer)
}

package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate/ledger/sqlite/migrations"
)

// TestALedgerOfEveryOlderSchemaIsBroughtForward: whatever release wrote it, its facts and what is held are there, and it takes
// new ones. A backup beforehand keeps the old schema, and can be brought forward as well.
func TestALedgerOfEveryOlderSchemaIsBroughtForward(t *testing.T) {
	newest, err := migrations.Newest()
	require.NoError(t, err)
	for schema := 1; schema < newest; schema++ {
		t.Run(fmt.Sprint(schema), func(t *testing.T) {
			dir, backup := t.TempDir(), filepath.Join(t.TempDir(), "backup")
			makeOld(t, dir, schema)
			b, err := BackUp(t.Context(), dir, backup)
			require.NoError(t, err)
			require.EqualValues(t, oldFacts, b.Facts)
			require.Equal(t, schema, schemaOf(t, filepath.Join(backup, fileName)))
			for _, place := range []string{dir, backup} {
				l := openAt(t, Options{Dir: place, Release: "v2.0.0"})
				require.Len(t, factIDs(t, l), oldFacts)
				held, err := l.Held(t.Context(), 0)
				require.NoError(t, err)
				require.Len(t, held, 1)
				commitOne(t, l, "new")
				requireSound(t, l)
				require.NoError(t, l.Close())
				require.Equal(t, newest, schemaOf(t, filepath.Join(place, fileName)))
			}
		})
	}
}

// TestAnOlderReleaseNamesTheOneThatWroteTheLedger: a ledger of tomorrow is refused as it is, with what to do.
func TestAnOlderReleaseNamesTheOneThatWroteTheLedger(t *testing.T) {
	newest, err := migrations.Newest()
	require.NoError(t, err)
	tomorrow := fmt.Sprintf("PRAGMA user_version = %d", newest+1)
	signed := fmt.Sprintf("INSERT INTO releases (release, schema, since) VALUES ('v0.5.1', %d, 2), ('v0.5.0', %d, 1), ('v0.4.9', %d, 0)", newest+1, newest+1, newest)
	for name, c := range map[string]struct {
		becomes []string
		release string
		want    string
	}{
		"that says who wrote it": {[]string{signed, tomorrow}, "v0.4.0", fmt.Sprintf(
			"was written by shipwake v0.5.0 and has the schema %d; this program, shipwake v0.4.0, knows schemas up to %d, and so has left it as it is. "+
				"Start shipwake v0.5.0, or a newer one, again. Or go back to a backup from before the upgrade: "+
				"start this program with --data-dir on a copy of it (what came since is not in it)", newest+1, newest)},
		"that doesn't say": {[]string{tomorrow}, "", fmt.Sprintf(
			"was written by a newer release and has the schema %d; this program knows schemas up to %d, and so has left it as it is. Start the newer release again.", newest+1, newest)},
		"that keeps it elsewhere": {[]string{"DROP TABLE releases", tomorrow}, "v0.4.0", "was written by a newer release and has the schema"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l := openAt(t, Options{Dir: dir, Release: c.release})
			commitOne(t, l, "a")
			require.NoError(t, l.Close())
			edit(t, dir, c.becomes...)
			path := filepath.Join(dir, fileName)
			before, err := os.ReadFile(path)
			require.NoError(t, err)

			_, err = Open(t.Context(), Options{Dir: dir, Release: c.release})
			require.ErrorContains(t, err, path+" "+c.want)
			var newer *migrations.NewerError
			require.ErrorAs(t, err, &newer)
			_, err = BackUp(t.Context(), dir, filepath.Join(t.TempDir(), "copy"))
			require.ErrorAs(t, err, &newer)
			after, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, before, after)
		})
	}
}

func TestALedgerSaysWhichReleasesWroteIt(t *testing.T) {
	newest, err := migrations.Newest()
	require.NoError(t, err)
	dir := t.TempDir()
	now := time.Unix(100, 0).UTC()
	for _, release := range []string{"v0.4.0", "v0.4.1", "", "v0.4.0"} {
		l := openAt(t, Options{Dir: dir, Release: release, Now: func() time.Time { return now }})
		require.NoError(t, l.Close())
		now = now.Add(time.Hour)
	}
	l := openAt(t, Options{Dir: dir})
	got, err := list(t.Context(), l.readers, scanText, "SELECT release || ' ' || schema || ' ' || (since / 1000000) FROM releases ORDER BY release")
	require.NoError(t, err)
	require.Equal(t, []string{fmt.Sprintf("v0.4.0 %d 100", newest), fmt.Sprintf("v0.4.1 %d 3700", newest)}, got, "and when it first did")
}

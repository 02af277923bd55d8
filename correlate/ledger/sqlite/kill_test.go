package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger/ledgertest"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite/migrations"
)

// The test binary runs itself as the process that is killed; these variables say which part it plays, where, and how
// far: kill -9 can't be tried on oneself.
const (
	roleVariable   = "SHIPWAKE_KILL_ROLE"
	dirVariable    = "SHIPWAKE_KILL_DIR"
	numberVariable = "SHIPWAKE_KILL_NUMBER"
)

func TestMain(m *testing.M) {
	ctx, dir, number := context.Background(), os.Getenv(dirVariable), os.Getenv(numberVariable)
	parts := map[string]func() error{
		"live":    func() error { return live(ctx, dir, number, os.Stdout) },
		"migrate": func() error { return dieAtStatement(ctx, dir, number) },
		"unsync":  func() error { return loseSyncs(ctx, dir, os.Stdout) },
	}
	part := parts[os.Getenv(roleVariable)]
	if part == nil {
		goleak.VerifyTestMain(m)
		return
	}
	if err := part(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// child is this binary in another part.
func child(t *testing.T, role, dir, number string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"="+role, dirVariable+"="+dir, numberVariable+"="+number)
	return cmd
}

// killSelf doesn't come back.
func killSelf() {
	self, err := os.FindProcess(os.Getpid())
	if err == nil && self.Kill() == nil {
		select {}
	}
}

// dieAtStatement opens a ledger and kills this process after the given statement of the given migration.
func dieAtStatement(ctx context.Context, dir, at string) error {
	_, err := Open(ctx, Options{Dir: dir, migrated: func(version, statement int) error {
		if at == place(version, statement) {
			killSelf()
		}
		return nil
	}})
	return errors.Join(err, fmt.Errorf("there is no statement %s", at))
}

func place(version, statement int) string { return fmt.Sprintf("%d/%d", version, statement) }

// eachStatement calls try for every statement of every migration after a schema, with a directory as the version before
// left it.
func eachStatement(t *testing.T, after int, leave func(dir string, schema int), try func(t *testing.T, dir string, version, statement, last int)) {
	newest, err := migrations.Newest()
	require.NoError(t, err)
	for version := after + 1; version <= newest; version++ {
		statements, err := migrations.Statements(version)
		require.NoError(t, err)
		before := t.TempDir()
		leave(before, version-1)
		for statement := range statements {
			dir := t.TempDir()
			require.NoError(t, os.CopyFS(dir, os.DirFS(before)))
			try(t, dir, version, statement+1, len(statements))
		}
	}
}

// oldFacts is how many facts makeOld leaves.
const oldFacts = 20

// makeOld leaves a closed ledger of an older schema with facts, written as the first version wrote them; of schema 0,
// nothing at all.
func makeOld(t testing.TB, dir string, schema int) {
	t.Helper()
	if schema == 0 {
		return
	}
	l, err := Open(t.Context(), Options{Dir: dir, schema: schema})
	require.NoError(t, err)
	if schema >= projectionsSchema {
		appendOld(t, l)
		require.NoError(t, l.Close())
		return
	}
	for n := 1; n <= oldFacts; n++ {
		id := fmt.Sprintf("old/%d", n)
		require.NoError(t, l.run(t.Context(), []write{
			{"INSERT INTO deliveries (seq, source, delivery_id, received_at, content_type, event, raw, problem) VALUES (?, 'github', ?, 0, '', '', x'7b7d', '')",
				[]any{n, id}},
			{"INSERT INTO facts (seq, delivery, kind, id, event_time, json) VALUES (?, ?, 'change', ?, 0, ?)",
				[]any{n, n, id, fmt.Sprintf(`{"change":{"id":%q,"service":"cart","started_at":"2026-03-01T00:00:00Z"}}`, id)}},
		}))
	}
	require.NoError(t, l.run(t.Context(), []write{{
		"INSERT INTO deliveries (seq, source, delivery_id, received_at, content_type, event, raw, problem) VALUES (?, 'github', 'held', 0, '', '', x'7b7d', 'unmapped')",
		[]any{oldFacts + 1}}}))
	require.NoError(t, l.Close())
}

// projectionsSchema is the schema from which on deliveries have projections.
const projectionsSchema = 6

// appendOld leaves what makeOld leaves, as this version writes it.
func appendOld(t testing.TB, l *Ledger) {
	t.Helper()
	held := ledgertest.Entry("github", "held")
	held.Facts, held.Problem = nil, "unmapped"
	entries := []correlate.Entry{held}
	for n := 1; n <= oldFacts; n++ {
		entries = append(entries, ledgertest.Entry("github", fmt.Sprintf("old/%d", n)))
	}
	_, _, err := l.Append(t.Context(), entries, nil)
	require.NoError(t, err)
}

// schemaOf is the schema that a file has now, before anybody opens it as a ledger.
func schemaOf(t *testing.T, l string) int {
	t.Helper()
	db, err := connect(l)
	require.NoError(t, err)
	var version int
	require.NoError(t, db.QueryRow("PRAGMA user_version").Scan(&version))
	require.NoError(t, db.Close())
	return version
}

// requireMigrated opens what an interrupted migration left: it has the old schema or the new one, and ends at the newest
// with all its facts.
func requireMigrated(t *testing.T, dir string, version int, done bool) {
	t.Helper()
	want := version - 1
	if done {
		want = version
	}
	require.Equal(t, want, schemaOf(t, dir+"/"+fileName))
	l := openAt(t, Options{Dir: dir})
	if version > 1 {
		require.Len(t, factIDs(t, l), oldFacts)
		held, err := l.Held(t.Context(), 0)
		require.NoError(t, err)
		require.Len(t, held, 1)
	}
	commitOne(t, l, "new")
	requireSound(t, l)
	require.NoError(t, l.Close())
	newest, err := migrations.Newest()
	require.NoError(t, err)
	require.Equal(t, newest, schemaOf(t, dir+"/"+fileName))
}

func TestAMigrationKilledAtAnyStatementIsDoneAgain(t *testing.T) {
	eachStatement(t, 0, func(dir string, schema int) { makeOld(t, dir, schema) }, func(t *testing.T, dir string, version, statement, last int) {
		out, err := child(t, "migrate", dir, place(version, statement)).CombinedOutput()
		require.ErrorContains(t, err, "killed", "statement %s: %s", place(version, statement), out)
		requireMigrated(t, dir, version, statement == last)
	})
}

func TestAMigrationThatFailsAtAnyStatementIsUndoneAndDoneAgain(t *testing.T) {
	refused := errors.New("the disk said no")
	eachStatement(t, 0, func(dir string, schema int) { makeOld(t, dir, schema) }, func(t *testing.T, dir string, version, statement, last int) {
		if statement == last {
			return // it is committed
		}
		_, err := Open(t.Context(), Options{Dir: dir, migrated: func(v, s int) error {
			if v == version && s == statement {
				return refused
			}
			return nil
		}})
		require.ErrorIs(t, err, refused)
		require.ErrorContains(t, err, fmt.Sprintf("%04d_", version)[:3])
		require.True(t, strings.Contains(err.Error(), fmt.Sprintf("statement %d", statement)), err)
		requireMigrated(t, dir, version, false)
	})
}

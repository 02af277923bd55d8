package sqlite

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
)

// testdata/schema5.db.gz is a ledger as the release with schema 5 left it after a year: a change a week with verdicts and
// incidents, every payload of the sources' tests, deliveries in quarantine, one released from there and some dated ahead,
// messages waiting, parked and sent, and the offsets of two partitions. schema5.json.gz is what that release answered.

func unzipped(t testing.TB, name string) []byte {
	t.Helper()
	zipped, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	r, err := gzip.NewReader(bytes.NewReader(zipped))
	require.NoError(t, err)
	text, err := io.ReadAll(r)
	require.NoError(t, err)
	return text
}

// leaveYearOld puts the old ledger into a directory.
func leaveYearOld(t testing.TB, dir string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, fileName), unzipped(t, "schema5.db.gz"), 0o600))
}

// oldAnswers are those of the old release, by question.
type oldAnswers map[string]json.RawMessage

// requireSame holds an answer to that of the old release.
func requireSame[T any](t *testing.T, old oldAnswers, question string, answer func() (T, error)) T {
	t.Helper()
	var want T
	require.NoError(t, json.Unmarshal(old[question], &want), question)
	got, err := answer()
	require.NoError(t, err, question)
	require.Equal(t, want, got, question)
	return got
}

// oldHeld is what both releases tell of a delivery in quarantine.
type oldHeld struct {
	Number                                  int64
	Source, ID, Event, ContentType, Problem string
	ReceivedAt                              time.Time
	Bytes                                   int64
}

// oldMessage is what both releases tell of a message that waits.
type oldMessage struct {
	Sink, Key string
	Payload   []byte
}

func requireSameAnswers(t *testing.T, l *Ledger) {
	t.Helper()
	ctx := t.Context()
	var old oldAnswers
	require.NoError(t, json.Unmarshal(unzipped(t, "schema5.json.gz"), &old))
	changes := requireSame(t, old, "changes", func() ([]correlate.ChangeRecord, error) { return l.Changes(ctx, ledger.ChangeFilter{}) })
	require.Len(t, changes, 59)
	requireSame(t, old, "changes as of 2025-10-01", func() ([]correlate.ChangeRecord, error) {
		return l.Changes(ctx, ledger.ChangeFilter{AsOf: time.Date(2025, 10, 1, 0, 0, 0, 0, time.UTC)})
	})
	requireSame(t, old, "verdicts", func() (map[string][]correlate.Verdict, error) {
		return eachChange(changes, func(id string) ([]correlate.Verdict, error) { _, all, err := l.Change(ctx, id); return all, err })
	})
	requireSame(t, old, "history", func() (map[string][]correlate.ChangeRevision, error) {
		return eachChange(changes, func(id string) ([]correlate.ChangeRevision, error) { return l.ChangeRevisions(ctx, id, time.Time{}, 0) })
	})
	requireSame(t, old, "incidents", func() ([]correlate.IncidentRecord, error) { return l.Incidents(ctx, ledger.IncidentFilter{}) })
	requireSame(t, old, "regressions", func() ([]correlate.Regression, error) { return l.Regressions(ctx, ledger.RegressionFilter{}) })
	requireSame(t, old, "unapplied", func() ([]ledger.Fact, error) { return l.Unapplied(ctx, 0) })
	requireSame(t, old, "saved", func() (ledger.Saved, error) {
		return l.Restore(ctx, time.Date(2026, 1, 27, 4, 0, 0, 0, time.UTC))
	})
	requireSame(t, old, "outbox", func() ([]oldMessage, error) {
		waiting, err := l.Outbox(ctx, "webhook/ops", 0, 0)
		var all []oldMessage
		for _, m := range waiting {
			all = append(all, oldMessage{m.Sink, m.Key, m.Payload})
		}
		return all, err
	})
	requireSame(t, old, "outbox state", func() ([]ledger.OutboxState, error) { return l.OutboxState(ctx) })
	requireSame(t, old, "history since", func() (time.Time, error) { return l.HistorySince(ctx) })
	requireSame(t, old, "held", func() ([]oldHeld, error) {
		found, err := l.Held(ctx, 0)
		var all []oldHeld
		for _, h := range found {
			all = append(all, oldHeld{h.Number, h.Source, h.ID, h.Event, h.ContentType, h.Problem, h.ReceivedAt, h.Bytes})
		}
		return all, err
	})
}

func eachChange[T any](changes []correlate.ChangeRecord, of func(id string) (T, error)) (map[string]T, error) {
	all := map[string]T{}
	for _, c := range changes {
		one, err := of(c.ID)
		if err != nil {
			return nil, err
		}
		all[c.ID] = one
	}
	return all, nil
}

func TestALedgerOfLastYearAnswersTheSame(t *testing.T) {
	dir := t.TempDir()
	leaveYearOld(t, dir)
	for range 2 { // as it is migrated, and as it then is
		l := openAt(t, Options{Dir: dir})
		requireSameAnswers(t, l)
		requireSound(t, l)
		require.NoError(t, l.Close())
	}
}

func TestAStreamOfLastYearGoesOnWhereItWas(t *testing.T) {
	dir := t.TempDir()
	leaveYearOld(t, dir)
	l := openAt(t, Options{Dir: dir})
	at, err := l.Cursor(t.Context(), "kafka/deploys/3")
	require.NoError(t, err)
	require.Equal(t, "4711", string(at), "an offset is told in decimal")
	at, err = l.Cursor(t.Context(), "kafka/deploys/4")
	require.NoError(t, err)
	require.Nil(t, at, "the beginning")
	_, _, err = l.Append(t.Context(), nil, &correlate.Move{Stream: "kafka/deploys/3", Expect: []byte("4711"), Next: []byte("4712")})
	require.NoError(t, err)
}

func TestDeliveriesOfLastYearCanBeReadAgain(t *testing.T) {
	dir := t.TempDir()
	leaveYearOld(t, dir)
	l := openAt(t, Options{Dir: dir})
	found, err := l.Stale(t.Context(), "github", "1", time.Time{})
	require.NoError(t, err)
	i := slices.IndexFunc(found, func(k ledger.Kept) bool { return k.ID == "payload-push.http-0" })
	require.GreaterOrEqual(t, i, 0)
	require.Equal(t, map[string]string{"Content-Type": "application/json", "X-Github-Event": "push"}, found[i].Header)
	require.Contains(t, string(found[i].Body), "refs/heads/main")

	found, err = l.Stale(t.Context(), "generic", "1", time.Time{})
	require.NoError(t, err)
	i = slices.IndexFunc(found, func(k ledger.Kept) bool { return k.ID == "week-7-0" })
	require.GreaterOrEqual(t, i, 0)
	number := found[i].Number
	stated := texts(t, l, fmt.Sprintf("SELECT json FROM facts WHERE delivery = %d", number))
	require.Len(t, stated, 1)
	var fact correlate.Fact
	require.NoError(t, json.Unmarshal([]byte(stated[0]), &fact))
	log, err := l.Unapplied(t.Context(), 0)
	require.NoError(t, err)

	for _, c := range []struct {
		name   string
		p      correlate.Projection
		change ledger.Projected
		more   int
	}{
		{"the same fact adds nothing", correlate.Projection{Digest: "1", Facts: []correlate.Fact{fact}}, ledger.Projected{Stored: 1}, 0},
		{"what can't be read any more for want of headers takes nothing back", correlate.Projection{Digest: "2", Problem: "unmapped"}, ledger.Projected{Stored: 1}, 0},
		{"a corrected fact takes the place of the old one", correlate.Projection{Digest: "3", Facts: []correlate.Fact{corrected(fact)}}, ledger.Projected{Stored: 1, Retracted: 1}, 2},
		{"what is known to say nothing takes back what was said", correlate.Projection{Digest: "4"}, ledger.Projected{Stored: 1, Retracted: 1}, 3},
	} {
		done, err := l.Project(t.Context(), []ledger.Reading{{Number: number, Projection: c.p}})
		require.NoError(t, err, c.name)
		require.Equal(t, c.change, done, c.name)
		after, err := l.Unapplied(t.Context(), 0)
		require.NoError(t, err)
		require.Len(t, after, len(log)+c.more, c.name)
	}
}

func corrected(f correlate.Fact) correlate.Fact {
	c := *f.Change
	c.Version += ".1"
	return correlate.Fact{Change: &c}
}

func TestAMigrationOfLastYearsLedgerKilledAtAnyStatementIsDoneAgain(t *testing.T) {
	leave := func(dir string, schema int) {
		leaveYearOld(t, dir)
		l := openAt(t, Options{Dir: dir, schema: schema})
		require.NoError(t, l.Close())
	}
	eachStatement(t, projectionsSchema-1, leave, func(t *testing.T, dir string, version, statement, last int) {
		out, err := child(t, "migrate", dir, place(version, statement)).CombinedOutput()
		require.ErrorContains(t, err, "killed", "statement %s: %s", place(version, statement), out)
		l := openAt(t, Options{Dir: dir})
		requireSameAnswers(t, l)
		requireSound(t, l)
		require.NoError(t, l.Close())
	})
}

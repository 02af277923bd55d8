package numbers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite"
)

var (
	began = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	march = dora.Query{From: began, To: began.AddDate(0, 1, 0), By: dora.ByServiceEnvironment}
	now   = began.AddDate(0, 2, 0)
)

const mostInTest = 10_000

func deployed(i int) correlate.Effect {
	finished := began.Add(time.Duration(i) * time.Hour)
	return correlate.Effect{Change: &correlate.ChangeRecord{
		Change: correlate.Change{ID: fmt.Sprint("c", i), Service: fmt.Sprint("service-", i%7), FinishedAt: finished,
			Commits: []correlate.Commit{{SHA: fmt.Sprint(i), AuthoredAt: began}}}.WithDefaults(),
		Phase: correlate.PhaseHistory,
	}}
}

func broke(i int, cause string) correlate.Effect {
	at := began.Add(time.Duration(i)*time.Hour + time.Minute)
	return correlate.Effect{Incident: &correlate.IncidentRecord{
		Incident: correlate.Incident{ID: fmt.Sprint("i", i), OpenedAt: at, ResolvedAt: at.Add(time.Hour)}.WithDefaults(), AttributedTo: cause,
	}}
}

func convicted(i int) correlate.Effect {
	return correlate.Effect{Verdict: &correlate.Verdict{ChangeID: fmt.Sprint("c", i), Outcome: correlate.Regressed, Revision: 1, DecidedAt: began}}
}

// daemon is a ledger with the numbers that follow it.
type daemon struct {
	*Numbers
	t      *testing.T
	dir    string
	ledger ledger.Ledger
	stop   func()
}

func begin(t *testing.T, dir string) *daemon {
	l, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
	require.NoError(t, err)
	d := &daemon{t: t, dir: dir, ledger: l}
	d.Numbers = New(Desk{Dir: dir, Log: zap.NewNop(), Most: mostInTest, Told: func(context.Context) (ledger.Mark, bool) { return ledger.Mark{}, false }})
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { d.Run(ctx, l) })
	d.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		d.Close(t.Context())
		require.NoError(t, l.Close())
	})
	t.Cleanup(d.stop)
	return d
}

func (d *daemon) commit(effects ...correlate.Effect) {
	require.NoError(d.t, d.ledger.CommitEffects(d.t.Context(), effects, nil, 0))
	d.Publish(effects)
}

func (d *daemon) report() dora.Report {
	r, err := d.Report(d.t.Context(), march, now)
	require.NoError(d.t, err)
	return r
}

// requireRight holds the numbers to those counted over all that the ledger has.
func (d *daemon) requireRight() {
	changes, err := d.ledger.Changes(d.t.Context(), ledger.ChangeFilter{})
	require.NoError(d.t, err)
	incidents, err := d.ledger.Incidents(d.t.Context(), ledger.IncidentFilter{})
	require.NoError(d.t, err)
	require.Equal(d.t, dora.Compute(march, dora.Data{Changes: changes, Incidents: incidents}, now), d.report())
}

func many(from, to int) (all []correlate.Effect) {
	for i := from; i < to; i++ {
		all = append(all, deployed(i))
		if i%5 == 0 {
			all = append(all, broke(i, fmt.Sprint("c", i)))
		}
	}
	return all
}

func TestTheNumbersFollowWhatIsCommitted(t *testing.T) {
	d := begin(t, t.TempDir())
	require.Zero(t, d.report().Total.Deployments)
	for i := range 20 {
		before := d.Revision()
		d.commit(many(10*i, 10*i+10)...)
		require.Greater(t, d.Revision(), before)
		d.requireRight()
	}
	d.commit(convicted(3))
	d.requireRight()
	before := d.Revision()
	d.commit(correlate.Effect{Judged: &correlate.Judged{To: now}})
	require.Equal(t, before, d.Revision(), "of what counts nothing has happened")
}

func TestAStartReadsWhatTheLastOneLeftAndWhatCameSince(t *testing.T) {
	dir := t.TempDir()
	d := begin(t, dir)
	d.commit(many(0, 300)...)
	d.report()
	d.stop()
	require.FileExists(t, filepath.Join(dir, fileName))
	left, err := os.ReadFile(filepath.Join(dir, fileName))
	require.NoError(t, err)

	d = begin(t, dir)
	d.requireRight()
	d.commit(many(300, 500)...)
	d.commit(convicted(7))
	d.stop()
	for name, alter := range map[string]func(file string) error{
		"as it was at the end":        func(string) error { return nil },
		"as it was before":            func(file string) error { return os.WriteFile(file, left, 0o600) },
		"gone":                        os.RemoveAll,
		"cut off":                     func(file string) error { return os.WriteFile(file, left[:len(left)/2], 0o600) },
		"empty":                       func(file string) error { return os.WriteFile(file, nil, 0o600) },
		"of another version":          func(file string) error { return os.WriteFile(file, flipped(left, 7), 0o600) },
		"of another ledger":           func(file string) error { return os.WriteFile(file, flipped(left, 9), 0o600) },
		"with a wrong byte in it":     func(file string) error { return os.WriteFile(file, flipped(left, len(left)/2), 0o600) },
		"with a wrong length in it":   func(file string) error { return os.WriteFile(file, flipped(left, 37), 0o600) },
		"a directory in place of one": func(file string) error { return errors.Join(os.RemoveAll(file), os.Mkdir(file, 0o700)) },
	} {
		require.NoError(t, alter(filepath.Join(dir, fileName)), name)
		d = begin(t, dir)
		require.Equal(t, 500, d.report().Total.Deployments, name)
		d.requireRight()
		d.stop()
		require.NoError(t, os.RemoveAll(filepath.Join(dir, fileName)), name)
	}
}

func flipped(text []byte, at int) []byte {
	text = append([]byte(nil), text...)
	text[at] ^= 1
	return text
}

func TestAFileThatSaysMoreThanTheLedgerIsOfAnother(t *testing.T) {
	dir := t.TempDir()
	d := begin(t, dir)
	d.commit(many(0, 10)...)
	since, err := d.ledger.HistorySince(t.Context())
	require.NoError(t, err)
	d.stop()
	require.NoError(t, write(dir, of{since, ledger.Mark{Changes: 99}}, dora.NewTable()))
	d = begin(t, dir)
	require.Equal(t, 10, d.report().Total.Deployments)
}

func TestWhoAsksBeforeTheNumbersAreThereWaits(t *testing.T) {
	n := New(Desk{Dir: t.TempDir(), Log: zap.NewNop()})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := n.Report(ctx, march, now)
	require.ErrorIs(t, err, context.Canceled)
	n.Close(t.Context()) // leaves nothing
	require.NoFileExists(t, filepath.Join(n.desk.Dir, fileName))
}

// Records are committed while the table is filled with those that were there.
func TestTheNumbersFollowWhileTheyAreFilled(t *testing.T) {
	dir := t.TempDir()
	d := begin(t, dir)
	d.commit(many(0, 6000)...)
	d.stop()
	require.NoError(t, os.Remove(filepath.Join(dir, fileName)))
	d = begin(t, dir)
	for i := range 100 {
		again := deployed(i)
		again.Change.Status = correlate.StatusFailed
		d.commit(again, broke(i+1, "c4000"))
	}
	d.requireRight()
}

func TestWhatThereIsNoRoomForIsForgotten(t *testing.T) {
	dir := t.TempDir()
	d := begin(t, dir)
	for i := range 12 {
		d.commit(many(1000*i, 1000*i+1000)...)
	}
	year := dora.Query{From: began, To: began.AddDate(2, 0, 0)}
	for range 2 { // at once, and as it was left
		_, err := d.Report(t.Context(), year, now)
		require.ErrorIs(t, err, ErrForgotten)
		require.LessOrEqual(t, d.table.Len(), mostInTest)
		late := dora.Query{From: began.AddDate(1, 0, 0), To: began.AddDate(2, 0, 0)}
		report, err := d.Report(t.Context(), late, now)
		require.NoError(t, err)
		require.Equal(t, 12_000-365*24, report.Total.Deployments)
		d.stop()
		d = begin(t, dir)
	}
}

// BenchmarkStart is how long it takes until the numbers are there, with the file of the last time and without.
func BenchmarkStart(b *testing.B) {
	for _, changes := range []int{20_000, 200_000} {
		dir := b.TempDir()
		l, err := sqlite.Open(b.Context(), sqlite.Options{Dir: dir})
		require.NoError(b, err)
		for from := 0; from < changes; from += 1000 {
			require.NoError(b, l.CommitEffects(b.Context(), many(from, from+1000), nil, 0))
		}
		start := func() {
			n := New(Desk{Dir: dir, Log: zap.NewNop(), Most: 1 << 20})
			ctx, cancel := context.WithCancel(b.Context())
			var running sync.WaitGroup
			running.Go(func() { n.Run(ctx, l) })
			_, err := n.Report(ctx, march, now)
			require.NoError(b, err)
			cancel()
			running.Wait()
			n.Close(b.Context())
		}
		start()
		b.Run(fmt.Sprintf("%d/with_file", changes), func(b *testing.B) {
			for b.Loop() {
				start()
			}
		})
		b.Run(fmt.Sprintf("%d/without", changes), func(b *testing.B) {
			for b.Loop() {
				require.NoError(b, os.Remove(filepath.Join(dir, fileName)))
				start()
			}
		})
		require.NoError(b, l.Close())
	}
}

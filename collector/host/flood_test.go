package host

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/engine"
	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite"
)

// historyVariable is how many changes TestAHistoryIsTakenInWhileTelemetryFlows takes in; 6,000 when it isn't set.
const historyVariable = "SHIPWAKE_HISTORY_CHANGES"

// lastYears appends so many changes of fifty services over the year before an instant to the log, unapplied.
func lastYears(d *daemon, changes int, until time.Time) {
	const batch = 1000
	began := until.AddDate(-1, 0, 0)
	var entries []correlate.Entry
	for i := range changes {
		finished := began.Add(time.Duration(float64(until.Sub(began)) * float64(i) / float64(changes)))
		c := correlate.Change{
			ID: fmt.Sprintf("old-%d", i), Service: fmt.Sprintf("service-%d", i%50), Version: fmt.Sprintf("v%d", i), Source: "generic",
			Status: correlate.StatusSucceeded, StartedAt: finished.Add(-time.Minute), FinishedAt: finished,
		}
		entries = append(entries, correlate.Entry{
			Raw:        correlate.Raw{Source: "generic", ID: c.ID, ReceivedAt: d.now, Body: []byte("{}")},
			Projection: correlate.Projection{Digest: "1", Facts: []correlate.Fact{{Change: &c}}},
		})
		if len(entries) == batch || i == changes-1 {
			_, _, err := d.h.ledger.Append(d.t.Context(), entries, nil)
			require.NoError(d.t, err)
			entries = nil
		}
	}
}

func (d *daemon) waiting() int64 {
	b, err := d.h.ledger.Backlog(d.t.Context())
	require.NoError(d.t, err)
	return b.Facts
}

// TestAHistoryIsTakenInWhileTelemetryFlows: a rollout that hurts gets, bucket by bucket, the verdicts that it gets without
// the history that is taken in meanwhile; memory holds a bounded part of that; and a restart in the middle goes on where the
// daemon was.
func TestAHistoryIsTakenInWhileTelemetryFlows(t *testing.T) {
	changes := 6000
	if text := os.Getenv(historyVariable); text != "" {
		var err error
		changes, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	change := correlate.Change{
		ID: "c1", Service: "shop", Environment: "production", Version: "v2", Source: "generic", Status: correlate.StatusSucceeded,
		StartedAt: rollout, FinishedAt: rollout.Add(time.Minute),
	}
	world := serving(5, 100)
	calm := startDaemon(t, t.TempDir(), lastDays)
	calm.live(lastDays, rollout.Add(10*time.Second), world)
	calm.tell(change)
	calm.live(calm.now, over, world)
	_, want := calm.change("c1")
	calm.end()
	require.Equal(t, correlate.Regressed, want[len(want)-1].Outcome)

	busy := startDaemon(t, t.TempDir(), lastDays)
	busy.live(lastDays, rollout.Add(10*time.Second), world)
	busy.tell(change)
	lastYears(busy, changes, lastDays.AddDate(0, 0, -3))
	restarted, began := false, time.Now()
	for left := busy.waiting(); left > 0; {
		busy.l.facts()
		if busy.now.Before(over) {
			busy.live(busy.now, busy.now.Add(10*time.Second), world) // a bucket closes after each batch
		}
		now := busy.waiting()
		require.LessOrEqual(t, left-now, int64(2*factsAtOnce), "no more than two batches between two ticks")
		require.Less(t, now, left)
		if left = now; !restarted && left < int64(changes/2) {
			restarted = true
			busy.restart(0)
			require.Equal(t, left, busy.waiting(), "a restart doesn't begin again")
		}
	}
	t.Logf("%d changes in %s, %d MiB resident after them", changes, time.Since(began).Round(time.Millisecond), resident()>>20)
	busy.live(busy.now, over, world)
	_, got := busy.change("c1")
	require.Equal(t, want, got)

	known := 0
	for i := range changes {
		if busy.h.engine.Knows(fmt.Sprintf("old-%d", i)) {
			known++
		}
	}
	require.Less(t, known, 50*correlate.Lineage+2500, "the last of each service, and those since memory was last swept")
	last, _ := busy.change(fmt.Sprintf("old-%d", changes-1))
	require.Equal(t, correlate.PhaseHistory, last.Phase)
	busy.end()
}

// TestWhatIsToldLateOfManyIsJudgedBitByBit: many changes of the last half hour are told at once. Each tick judges a
// part of it, what is told meanwhile waits, and the verdicts are those that they get when they are told in time.
func TestWhatIsToldLateOfManyIsJudgedBitByBit(t *testing.T) {
	const changes = 60
	world := serving(5, 100)
	told := func(i int) correlate.Change {
		at := lastDays.Add(15*time.Minute + time.Duration(i)*30*time.Second)
		return correlate.Change{
			ID: fmt.Sprintf("c%d", i), Service: []string{"shop", "cart"}[i%2], Environment: "production", Kind: correlate.KindConfig, Source: "generic",
			Status: correlate.StatusSucceeded, StartedAt: at, FinishedAt: at,
		}
	}
	now := lastDays.Add(46 * time.Minute)
	const looks = 500
	late := startOn(t, sqlite.Options{Dir: t.TempDir()}, lastDays, looks)
	defer func() { late.end() }()
	late.live(lastDays, now, world)
	for i := range changes {
		late.tell(told(i))
	}
	require.False(t, engine.Behind(late.h.engine))
	late.live(late.now, late.now.Add(10*time.Second), world)
	ticks := 1
	require.True(t, engine.Behind(late.h.engine))
	require.Nil(t, late.l.findings(), "what was judged from disk waits")
	late.tell(told(changes))
	require.EqualValues(t, 1, late.waiting())
	late.end()
	*late = *startOn(t, sqlite.Options{Dir: late.dir}, late.now, looks)
	for ; engine.Behind(late.h.engine) || ticks == 1; ticks++ {
		late.live(late.now, late.now.Add(10*time.Second), world)
	}
	require.Greater(t, ticks, 5)
	require.NotNil(t, late.l.findings())
	late.l.facts()
	require.Zero(t, late.waiting())
	late.live(late.now, now.Add(40*time.Minute), world)

	punctual := startDaemon(t, t.TempDir(), lastDays)
	defer punctual.end()
	punctual.live(lastDays, lastDays.Add(15*time.Minute), world)
	for i := range changes + 1 {
		punctual.live(punctual.now, told(i).StartedAt.Truncate(10*time.Second), world)
		punctual.tell(told(i))
	}
	punctual.live(punctual.now, now.Add(40*time.Minute), world)
	for i := range changes + 1 {
		got, _ := late.change(told(i).ID)
		want, _ := punctual.change(told(i).ID)
		require.NotNil(t, want.Verdict)
		require.NotNil(t, got.Verdict, told(i).ID)
		require.Equal(t, plain(want), plain(got))
	}
}

// plain is a record without how it came about.
func plain(c correlate.ChangeRecord) correlate.ChangeRecord {
	v := *c.Verdict
	v.Revision, v.Supersedes, v.Reopened, v.ReopenedBy = 0, 0, "", ""
	c.Verdict, c.ReceivedAt = &v, time.Time{}
	return c
}

// TestAChangeOfThePresentGoesAheadOfAHistory: what is committed while a history waits is applied before it, and counts once.
func TestAChangeOfThePresentGoesAheadOfAHistory(t *testing.T) {
	const history = 3 * factsAtOnce
	d := startDaemon(t, t.TempDir(), lastDays)
	defer func() { d.end() }()
	lastYears(d, history, lastDays.AddDate(0, 0, -3))
	commit := func(id string, finished time.Time) {
		c := correlate.Change{ID: id, Service: "shop", Source: "generic", Status: correlate.StatusSucceeded, FinishedAt: finished}
		_, err := d.h.Commit(t.Context(), []correlate.Entry{{
			Raw:        correlate.Raw{Source: "generic", ID: id, ReceivedAt: d.now, Body: []byte("{}")},
			Projection: correlate.Projection{Facts: []correlate.Fact{{Change: &c}}},
		}}, nil)
		require.NoError(t, err)
	}
	d.l.facts()
	commit("now", lastDays.Add(-time.Minute))
	commit("long ago", lastDays.AddDate(0, 0, -2))
	d.l.facts()
	require.EqualValues(t, factsAtOnce+2, d.waiting())
	require.True(t, d.h.engine.Knows("now"))
	require.False(t, d.h.engine.Knows("long ago"))
	d.change("now")
	d.restart(0)
	for d.waiting() > 0 {
		d.l.facts()
	}
	d.change("long ago")
	revisions, err := d.h.ledger.ChangeRevisions(t.Context(), "now", time.Time{}, 0)
	require.NoError(t, err)
	require.Len(t, revisions, 1)
	require.Len(t, revisions[0].Record.Reports, 0, "it was told once")
	require.Empty(t, d.h.express.take())
}

func TestBatchesAreShorterWhereTheyTakeLong(t *testing.T) {
	cases := map[string]struct {
		most int
		took time.Duration
		want int
	}{
		"as long as it may take": {1000, batchMost, 1000},
		"longer":                 {1000, batchMost + 1, 500},
		"longer, with few":       {factsLeast, time.Minute, factsLeast},
		"a small part of that":   {500, batchMost/4 - 1, 1000},
		"quick, with the most":   {factsAtOnce, 0, factsAtOnce},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, paced(c.most, c.took)) })
	}
	d := startDaemon(t, t.TempDir(), lastDays)
	defer d.end()
	lastYears(d, 3*factsAtOnce/2, lastDays.AddDate(0, 0, -3))
	d.l.since = func(time.Time) time.Duration { return 2 * batchMost }
	waits := []int64{d.waiting()}
	for waits[len(waits)-1] > 0 {
		d.l.facts()
		waits = append(waits, d.waiting())
	}
	require.Equal(t, []int64{3000, 1000, 0}, waits)
}

// TestWhatWaitsAtTheEndIsAppliedAfterTheNextStart: of a history the rest isn't taken in before the daemon ends.
func TestWhatWaitsAtTheEndIsAppliedAfterTheNextStart(t *testing.T) {
	d := startDaemon(t, t.TempDir(), lastDays)
	lastYears(d, 3*factsAtOnce, lastDays.AddDate(0, 0, -3))
	ended, end := context.WithCancel(t.Context())
	end()
	d.l.run(ended)
	require.EqualValues(t, 2*factsAtOnce, d.waiting())
	d.restart(0)
	defer func() { d.end() }()
	for d.waiting() > 0 {
		d.l.facts()
	}
	d.change(fmt.Sprint("old-", 3*factsAtOnce-1))
}

func TestFactsThatWaitTheirTurnTakeNoRoom(t *testing.T) {
	var e express
	fact := func(seq int64, retracted bool, age time.Duration) ledger.Fact {
		return ledger.Fact{Seq: seq, Retracted: retracted, ReceivedAt: lastDays, Fact: correlate.Fact{Change: &correlate.Change{FinishedAt: lastDays.Add(-age)}}}
	}
	e.add([]ledger.Fact{fact(1, false, time.Minute), fact(2, true, time.Minute), fact(3, false, presentFor), fact(4, false, time.Minute)})
	e.applied(1)
	for i := range int64(2 * expressMost) {
		e.add([]ledger.Fact{fact(5+i, false, 0)})
	}
	got := e.take()
	require.Len(t, got, expressMost)
	require.EqualValues(t, 4, got[0].Seq, "neither what is applied, nor what is taken back, nor what is old")
	require.Empty(t, e.take())
}

// TestAHistoryOutlastsAFullDisk: what the disk won't take in the middle of a history is applied once there is room, each
// change once.
func TestAHistoryOutlastsAFullDisk(t *testing.T) {
	const changes = 4 * factsAtOnce
	d := startDaemon(t, t.TempDir(), lastDays)
	lastYears(d, changes, lastDays.AddDate(0, 0, -3))
	d.l.facts()
	require.EqualValues(t, changes-factsAtOnce, d.waiting())
	size := d.h.ledger.Health().Bytes
	d.end()

	*d = *startOn(t, sqlite.Options{Dir: d.dir, MaxBytes: size + size/20}, lastDays, looksAtOnce)
	before := d.waiting()
	for range 4 {
		d.l.facts()
	}
	require.Positive(t, d.waiting(), "the disk is full")
	require.Zero(t, (before-d.waiting())%factsAtOnce, "a batch is applied as a whole or not at all")
	require.True(t, d.l.failing)
	d.end()

	*d = *startDaemon(t, d.dir, lastDays)
	defer d.end()
	for d.waiting() > 0 {
		d.l.facts()
	}
	all, err := d.h.ledger.Changes(t.Context(), ledger.ChangeFilter{})
	require.NoError(t, err)
	require.Len(t, all, changes)
	for _, c := range all {
		require.Empty(t, c.Reports, "it was told once")
		revisions, err := d.h.ledger.ChangeRevisions(t.Context(), c.ID, time.Time{}, 0)
		require.NoError(t, err)
		require.Len(t, revisions, 1)
	}
}

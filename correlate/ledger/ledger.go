// Package ledger answers: what do we know, durably?
//
// It is the contract of a ledger; sqlite/ keeps one in a file, ledgertest/ is the suite that each must pass.
// Deliveries are the log: what senders sent is kept as it came. Facts are a projection of it, under the digest of what
// read them, and can be read again. A ledger is append-only where it matters: deliveries, facts and verdict revisions are
// never changed or removed; a fact that isn't stated any more is followed by its retraction.
// The current state of changes, incidents and regressions is a fold of them, kept beside for reading.
package ledger

import (
	"context"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// ErrNotFound is returned for an id that nobody reported.
var ErrNotFound = correlate.ErrNotFound

// Fact is a fact with its place in the log. Seq grows by commit order and is what "applied up to" means. A retracted one
// takes back what an earlier row with the same fact said: no delivery states it any more.
type Fact struct {
	Seq        int64
	Delivery   int64
	ReceivedAt time.Time // when its delivery was received
	Retracted  bool
	correlate.Fact
}

// Kept is a delivery with its place in the log.
type Kept struct {
	Number int64
	correlate.Raw
}

// Reading is what was read from a kept delivery by another version than before.
type Reading struct {
	Number int64
	correlate.Projection
}

// Projected says what readings changed.
type Projected struct {
	Stored    int // deliveries whose projection was replaced
	Released  int // of these, those that had a problem and have none
	Retracted int // facts that nobody states any more
}

// Ledger is safe for concurrent use. Every method that writes returns only after the data is fully synced. When the
// disk is full or fails, writes return an error that wraps correlate.ErrUnavailable, and reads go on. Such an error
// means that nothing of the call is there to be read; after a failed sync and a crash of the machine on top it may be,
// and the same delivery sent again is then a duplicate.
//
// ReceivedAt and the times of checkpoints come back in UTC, cut to the microsecond; records are ordered and selected
// to the microsecond and keep their full precision.
type Ledger interface {
	// Append adds deliveries to the log, each with its projection, and moves a cursor when a move is given, all in one
	// transaction. A delivery whose (source, id) is already there is skipped and counted in the receipt; one with a
	// Problem is counted as quarantined. The facts that were appended are returned in order of Seq, just as Unapplied
	// would return them after a restart, with times in UTC. A delivery without source or id is refused, and so is a
	// projection that has both facts and a problem. A cursor may move alone, without deliveries, and to any place, also
	// back: logs have gaps and are made again. One that isn't where Move.Expect says returns correlate.ErrFenced and
	// writes nothing. Concurrent calls are grouped into one sync.
	Append(ctx context.Context, entries []correlate.Entry, move *correlate.Move) (correlate.Receipt, []Fact, error)
	// Stale returns some of a source's deliveries whose projection has another digest than the one given, or is due, the
	// oldest first; none when there are none. Their number and their bytes are bounded.
	Stale(ctx context.Context, source, digest string, now time.Time) ([]Kept, error)
	// NextDue is when the first delivery of those that are due after an instant is due, in UTC; the zero time without any.
	NextDue(ctx context.Context, after time.Time) (time.Time, error)
	// Project replaces the projections of kept deliveries, all in one transaction. Facts that a delivery didn't state are
	// appended to the log, in that delivery and so with its ReceivedAt; facts that it states no longer, and that no other
	// delivery states, are retracted in a row of their own. Storing the same readings twice changes nothing, and what
	// isn't in the log is left out. One exception: the facts of a delivery whose headers weren't kept, as older releases
	// did, stay when a reading has a problem: they were read from more than is left.
	Project(ctx context.Context, readings []Reading) (Projected, error)
	// CommitEffects stores what the engine decided after applying the facts up to appliedSeq (0: unchanged): current
	// records, verdict revisions with their series, regressions, decisions on rollbacks, idle rows, rollups and outbox rows, in one transaction. Storing the
	// same effects twice changes nothing. A verdict revision that is already there stays as it is; a change's current
	// verdict is its highest revision, whether that came in the record or by itself. What is told of the past of a rollup
	// leaves what was measured in it as it is, and the other way round. The applied sequence number never goes back.
	CommitEffects(ctx context.Context, effects []correlate.Effect, outbox []OutboxRow, appliedSeq int64) error
	// Checkpoint appends the measurements drained since the last one, with the time they were drained at. One without
	// measurements counts as well: it says that the daemon was alive.
	Checkpoint(ctx context.Context, at time.Time, cells []correlate.Measurement) error
	// Expire removes checkpoints drained before fine and rollups that start before coarse.
	Expire(ctx context.Context, fine, coarse time.Time) error

	// Cursor is where the reader of a stream stands: what it moved to last, nil for the beginning.
	Cursor(ctx context.Context, stream string) ([]byte, error)
	// Unapplied yields the facts after the applied sequence number, retractions among them, in order; the first of them
	// with a limit (0: none).
	Unapplied(ctx context.Context, limit int) ([]Fact, error)
	// Backlog is what is acknowledged and not applied. It costs the same however much that is.
	Backlog(ctx context.Context) (Backlog, error)
	// Restore yields what the engine needs to go on: see Saved.
	Restore(ctx context.Context, since time.Time) (Saved, error)
	// Checkpoints yields the checkpoints in the order they were written, and Rollups the rollups by start.
	Checkpoints(ctx context.Context, yield func(at time.Time, cells []correlate.Measurement) error) error
	Rollups(ctx context.Context, yield func(correlate.Rollup) error) error
	// CheckpointsBetween yields the checkpoints that were drained in [from, to), the oldest first.
	CheckpointsBetween(ctx context.Context, from, to time.Time, yield func(at time.Time, cells []correlate.Measurement) error) error

	// Changes selects records by completion (start while unfinished), newest first, ties by id descending. Change
	// returns one with all revisions of its verdict, oldest first.
	Changes(ctx context.Context, q ChangeFilter) ([]correlate.ChangeRecord, error)
	Change(ctx context.Context, id string) (correlate.ChangeRecord, []correlate.Verdict, error)
	Incidents(ctx context.Context, q IncidentFilter) ([]correlate.IncidentRecord, error)
	Regressions(ctx context.Context, q RegressionFilter) ([]correlate.Regression, error)
	// Rollbacks selects decisions on rollbacks, newest first, ties by id descending: what they are now. KillSwitch is its last
	// turn, the zero value before the first.
	Rollbacks(ctx context.Context, q RollbackFilter) ([]correlate.Rollback, error)
	KillSwitch(ctx context.Context) (correlate.KillSwitch, error)
	// Series are the series that were kept with verdicts of a change, by revision: the last two of them at most, and none for a
	// change that nothing was kept of, as before series were.
	Series(ctx context.Context, changeID string) ([]correlate.Series, error)
	// Recall yields records that are asked for by id or by what lies around them. What it costs is bounded by what is asked,
	// and not by what there is.
	Recall(ctx context.Context, q Recollection) (Recalled, error)

	// The history keeps the record of each change and incident as every CommitEffects left it, when that is another than
	// before: numbered, with the time of the commit by the ledger's clock, which never goes back from one to the next.
	// A filter with AsOf selects from the records as they stood at that instant. HistorySince is when the history
	// begins; an earlier AsOf returns a *correlate.HistoryError. The revisions of an id are those recorded until an
	// instant (zero: to this day), the newest of them with a limit (0: none), oldest first.
	HistorySince(ctx context.Context) (time.Time, error)
	ChangeRevisions(ctx context.Context, id string, until time.Time, limit int) ([]correlate.ChangeRevision, error)
	IncidentRevisions(ctx context.Context, id string, until time.Time, limit int) ([]correlate.IncidentRevision, error)
	// Recorded yields the records that became another after a mark, as they are and each once, and the mark up to which
	// that is all; it is the same mark when there are none. A page has at most limit changes and as many incidents, and
	// one costs by what it has. RecordedTo is the mark of all there is.
	Recorded(ctx context.Context, after Mark, limit int) (Recorded, error)
	RecordedTo(ctx context.Context) (Mark, error)

	OutboxKeeper

	// Held lists the deliveries whose current projection has a problem, newest first, all of them with limit 0.
	Held(ctx context.Context, limit int) ([]correlate.Held, error)

	Health() Health
	Close() error
}

// Saved is the engine's state as the ledger knows it: every change and incident that finished, opened or was touched
// at or after since, or that is still open, and the last correlate.Lineage changes of each service and environment, with
// current verdicts; regressions of that time; the last idle row.
// Revisions are all verdicts of those of these changes whose current one isn't the first, sorted by change and revision. JudgedTo is the last Judged, zero before
// the first. A record's newest time, or that of any of its verdicts, says when it was touched; a change is open while it is under
// observation or unfinished, an incident while it isn't resolved. Changes are sorted by completion, incidents by opening, regressions by onset, ties
// by id, oldest first.
type Saved struct {
	Changes     []correlate.ChangeRecord
	Incidents   []correlate.IncidentRecord
	Regressions []correlate.Regression
	Revisions   []correlate.Verdict
	// Notes are what people said of changes and incidents that nobody reported.
	Notes      []correlate.Note
	Idle       *correlate.Idle
	AppliedSeq int64
	JudgedTo   time.Time
	// Checks are the runs of checks of since or later that were applied and that a delivery states, the oldest first, at most
	// MostChecks, the newest; which changes they are of is in the records of these.
	Checks []correlate.Report[correlate.Check]
	// LastAlive is when the last checkpoint was written; from then until the restart there is no coverage.
	LastAlive time.Time
}

// MostChecks bounds Saved.Checks.
const MostChecks = 10_000

// Mark is a place in the history of records, in the ledger's own terms. The zero value is its beginning.
type Mark struct{ Changes, Incidents int64 }

// Recorded are records that became another up to a mark.
type Recorded struct {
	Changes   []correlate.ChangeRecord
	Incidents []correlate.IncidentRecord
	To        Mark
}

// Recollection asks for records.
type Recollection struct {
	Changes, Incidents []string // by id; ids that nobody reported are left out
	// Around asks for the Nearby changes of a place that were complete before an instant, and for as many that were at or
	// after it; Opened for the first Nearby incidents of a place that opened at or after an instant.
	Around, Opened []correlate.PlaceTime
	Nearby         int
}

// Recalled are the records that were asked for. Around has an answer to each question, in the same order.
type Recalled struct {
	Changes   []correlate.ChangeRecord
	Around    []Neighbours
	Incidents []correlate.IncidentRecord // each once, sorted by id
	// Revisions are all verdicts of those of the changes whose current one isn't the first, sorted by change and revision.
	Revisions []correlate.Verdict
}

// Neighbours are changes of a place that follow one another by completion, oldest first. Whole: none came before them.
type Neighbours struct {
	Changes []correlate.ChangeRecord
	Whole   bool
}

// ChangeFilter selects changes. Zero fields don't restrict.
type ChangeFilter struct {
	Service, Environment, Version string
	Outcome                       correlate.Outcome
	Phase                         correlate.Phase
	From, To                      time.Time // From <= completion < To
	Before                        string    // only those listed after the change with this id: the next page
	Limit                         int       // 0: no limit
	AsOf                          time.Time // the records as they stood then; zero: as they are
	Namesakes                     bool      // also services that have the name in a namespace, see correlate.GoesBy
}

// IncidentFilter selects incidents by opening time, newest first.
type IncidentFilter struct {
	Service, Environment string
	From, To             time.Time
	Open                 bool
	Limit                int
	AsOf                 time.Time // the records as they stood then; zero: as they are
	Namesakes            bool      // as in ChangeFilter
}

// RegressionFilter selects regressions by onset, newest first.
type RegressionFilter struct {
	Service, Environment, ChangeID string
	From, To                       time.Time
	Limit                          int
}

// RollbackFilter selects decisions on rollbacks by when they were made. Zero fields don't restrict.
type RollbackFilter struct {
	ChangeID, Service, Environment string
	Result                         correlate.RollbackResult
	Open                           bool // only requests of which nobody knows that they are done
	From, To                       time.Time
	Limit                          int
}

// Backlog is the facts after the applied sequence number.
type Backlog struct {
	Facts  int64
	Oldest time.Time // when the first of them was received; zero without any
}

// Health is what the ledger says of itself.
type Health struct {
	Bytes      int64 // size of the files
	Commits    int64
	Failures   int64
	Busy       time.Duration // total time spent in commits
	LastCommit time.Time
}

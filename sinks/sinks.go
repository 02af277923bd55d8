package sinks

import (
	"context"
	"net/http"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/correlate/dora/quality"
)

// Sink is what every sink has. It is also a Publisher, a Server, an Outgoing, or several of them.
type Sink interface {
	Name() string
	// Close ends what the sink has begun. It may be called twice; nothing is delivered and published after it.
	Close() error
}

// Publisher is a sink that follows what is committed.
type Publisher interface {
	Sink
	// Publish is called once for each committed batch of effects, in order, from the engine's loop: it must not block, and
	// leaves the effects as they are. It knows nothing of what was committed before the start; Reader does.
	Publish(effects []correlate.Effect)
}

// Server is a sink that answers requests.
type Server interface {
	Sink
	// Routes are the HTTP handlers that the sink serves on the web listener, by ServeMux pattern.
	Routes() map[string]http.Handler
}

// Routes are those of any sink, nil for one that serves none.
func Routes(s Sink) map[string]http.Handler {
	if server, ok := s.(Server); ok {
		return server.Routes()
	}
	return nil
}

// ErrNotFound is what Reader.Change returns for an id that nobody reported.
var ErrNotFound = correlate.ErrNotFound

// Reader is the read side of the daemon: safe for concurrent use, consistent per call.
type Reader interface {
	Changes(ctx context.Context, q ChangeQuery) ([]correlate.ChangeRecord, error)
	// Change returns ErrNotFound for an id nobody reported. The revisions are oldest first.
	Change(ctx context.Context, id string) (correlate.ChangeRecord, []correlate.Verdict, error)
	// Series is what was measured around a change, as it was known with a revision of its verdict; revision 0 is the newest, and
	// of a change that is observed, what is known now. It is nil when there is nothing to draw: measurements are forgotten, and
	// series weren't kept from the beginning.
	Series(ctx context.Context, id string, revision int) (*correlate.Series, error)
	Incidents(ctx context.Context, q IncidentQuery) ([]correlate.IncidentRecord, error)
	Regressions(ctx context.Context, q RegressionQuery) ([]correlate.Regression, error)
	// Rollbacks are decisions on whether to ask for a rollback, newest first.
	Rollbacks(ctx context.Context, q RollbackQuery) ([]correlate.Rollback, error)
	// RollbackMode is what is done about a change that should be taken back.
	RollbackMode(c correlate.ChangeRecord) correlate.RollbackMode
	// KillSwitch says whether all requests are stopped, whoever or whatever stopped them.
	KillSwitch(ctx context.Context) (correlate.KillSwitch, error)
	DORA(ctx context.Context, q dora.Query) (dora.Report, error)
	// Names are all values that a split of DORA numbers has had, sorted; false while that isn't known of all.
	Names(ctx context.Context, by dora.GroupBy) ([]string, bool, error)
	// Counted is the changes that a DORA report's total counts for one of its numbers, newest first.
	Counted(ctx context.Context, q dora.Query, what dora.Counted) ([]correlate.ChangeRecord, error)
	// Quality says how far what DORA numbers are counted from is complete.
	Quality(ctx context.Context, q quality.Query) (quality.Report, error)
	// DORARevision grows whenever a change, a verdict or an incident was committed that DORA numbers are counted from. As
	// long as it is the same, only the passing of time moves them. It begins anew with each start of the daemon.
	DORARevision() uint64
	// ChangeRevisions are the newest states that the record of a change had until an instant (zero: to this day), at most
	// as many as the limit says, oldest first; none for an id nobody reported.
	ChangeRevisions(ctx context.Context, id string, until time.Time, limit int) ([]correlate.ChangeRevision, error)
	// Restatements compares the DORA numbers that were published with those of now.
	Restatements(ctx context.Context, q dora.RestateQuery) (dora.Restatements, error)
	// Held returns the deliveries in quarantine, newest first. Limit 0 is 100; at most 1,000.
	Held(ctx context.Context, limit int) ([]correlate.Held, error)
	// Outlook is how the judging of a change stands; nil for one that isn't observed, and while that can't be told.
	Outlook(ctx context.Context, id string) *correlate.Outlook
	// HeardIn are the environments in which a service was heard of late, sorted; nil while that can't be told.
	HeardIn(ctx context.Context, service string) []string
	// Heard are the places of which there is telemetry in memory, sorted; nil while that can't be told.
	Heard(ctx context.Context) []correlate.Place
	Status() Status
}

// ChangeQuery selects changes, newest first. Zero fields don't restrict.
type ChangeQuery struct {
	Service, Environment, Version string
	Verdict                       correlate.Outcome
	Phase                         correlate.Phase
	From, To                      time.Time // by completion (or start, while unfinished): From <= t < To
	Limit                         int       // 0: 100; at most 1,000
	Before                        string    // a change id: only older ones, for paging
	// AsOf asks for the records as they stood then; zero: as they are. Before the history of records begins that is a
	// *correlate.HistoryError, here and in every other query but
	// DORA: there it goes by the times of the facts.
	AsOf time.Time
	// Namesakes asks also for services that have the name in a namespace, see correlate.GoesBy.
	Namesakes bool
}

// IncidentQuery selects incidents, newest first.
type IncidentQuery struct {
	Service, Environment string
	From, To             time.Time
	Open                 bool // only those not resolved
	Limit                int
	AsOf                 time.Time // as in ChangeQuery
	Namesakes            bool      // as in ChangeQuery
}

// RegressionQuery selects regressions, newest first.
type RegressionQuery struct {
	Service, Environment string
	ChangeID             string // only those with this change among the suspects
	From, To             time.Time
	Limit                int
}

// RollbackQuery selects decisions on rollbacks by when they were made, newest first. Zero fields don't restrict.
type RollbackQuery struct {
	ChangeID, Service, Environment string
	Result                         correlate.RollbackResult
	From, To                       time.Time
	Limit                          int // 0: 100; at most 1,000
}

// Status is the daemon's health at one instant.
type Status struct {
	Ready          bool
	NotReady       string // why, when it isn't
	Version        string
	Now, Watermark time.Time // Watermark is zero before the first telemetry
	TelemetryIdle  bool
	OpenWindows    int
	Series         int // tracked measurement series
	// Placebos counts the pseudo-changes that were judged since the start, FalseAlarms those called regressed.
	Placebos, FalseAlarms int64
	Counts                []correlate.CountValue
	LedgerBytes           int64
	LedgerCommits         int64
	LedgerFailures        int64
	LedgerSeconds         float64 // total time spent in commits
	LastCommit            time.Time
	Checkpoints           int64
	QueuedInputs          int
	// Unapplied is how many facts are acknowledged and not applied yet, and OldestUnapplied when the first of them was
	// received; zero without any.
	Unapplied       int64
	OldestUnapplied time.Time
	Outbox          []Queue // of the sinks that send, by name
	Limits          Limits
	Archive         Archive
}

// Archive is what is kept on disk of the measurements of the last days, to judge changes from that are reported late. The
// zero value is that nothing is to be kept.
type Archive struct {
	Bytes, Limit int64
	From, To     time.Time // what is there without a hole, up to the newest; zero when nothing is
	Failing      bool      // nothing is added now, because the disk is full or fails
	Judged       int64     // how often a change was judged from it since the start
}

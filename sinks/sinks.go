// Package sinks answers: what is a sink, and what may it know?
//
// A sink tells somebody outside what Shipwake found. It is told of effects after they are committed, never before, and
// reads the record through Reader. It must not block: Publish is called from the engine's loop. One that sends messages
// is an Outgoing: its messages are committed with the effects and sent from there.
package sinks

import (
	"context"
	"net/http"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
)

// Sink tells the outside. Publish is called once for each committed batch of effects, in order, from one goroutine.
type Sink interface {
	Name() string
	Publish(effects []correlate.Effect)
	// Routes are the HTTP handlers that the sink serves on the web listener, by ServeMux pattern; nil when none.
	Routes() map[string]http.Handler
	Close() error
}

// Factory makes a sink. Config is the sink's part of the configuration, nil when it has none.
type Factory struct {
	Name string
	New  func(Reader, map[string]any) (Sink, error)
	// Check names what is wrong with a configuration without making the sink; nil when New finds it soon enough.
	Check func(map[string]any) error
}

// ErrNotFound is what Reader.Change returns for an id that nobody reported.
var ErrNotFound = correlate.ErrNotFound

// Reader is the read side of the daemon: safe for concurrent use, consistent per call.
type Reader interface {
	Changes(ctx context.Context, q ChangeQuery) ([]correlate.ChangeRecord, error)
	// Change returns ErrNotFound for an id nobody reported. The revisions are oldest first.
	Change(ctx context.Context, id string) (correlate.ChangeRecord, []correlate.Verdict, error)
	Incidents(ctx context.Context, q IncidentQuery) ([]correlate.IncidentRecord, error)
	Regressions(ctx context.Context, q RegressionQuery) ([]correlate.Regression, error)
	DORA(ctx context.Context, q dora.Query) (dora.Report, error)
	// ChangeRevisions are the newest states that the record of a change had until an instant (zero: to this day), at most
	// as many as the limit says, oldest first; none for an id nobody reported.
	ChangeRevisions(ctx context.Context, id string, until time.Time, limit int) ([]correlate.ChangeRevision, error)
	// Restatements compares the DORA numbers that were published with those of now.
	Restatements(ctx context.Context, q dora.RestateQuery) (dora.Restatements, error)
	// Held returns the deliveries in quarantine, newest first. Limit 0 is 100; at most 1,000.
	Held(ctx context.Context, limit int) ([]correlate.Held, error)
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
	// *correlate.HistoryError, here and in every other query.
	AsOf time.Time
}

// IncidentQuery selects incidents, newest first.
type IncidentQuery struct {
	Service, Environment string
	From, To             time.Time
	Open                 bool // only those not resolved
	Limit                int
	AsOf                 time.Time // as in ChangeQuery
}

// RegressionQuery selects regressions, newest first.
type RegressionQuery struct {
	Service, Environment string
	ChangeID             string // only those with this change among the suspects
	From, To             time.Time
	Limit                int
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
	Outbox                []Queue // of the sinks that send, by name
	Limits                Limits
}

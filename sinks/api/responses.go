package api

import (
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/correlate/words"
)

// Error is every answer that isn't a 200.
type Error struct {
	Error     string `json:"error"`
	Parameter string `json:"parameter,omitempty"` // the parameter that is wrong
}

// Changes is the answer of /api/v1/changes, newest first.
type Changes struct {
	Changes []correlate.ChangeRecord `json:"changes"`
	// Next is the path of the next page; absent on the last one.
	Next string `json:"next,omitempty"`
}

// Change is the answer of /api/v1/changes/{id}.
type Change struct {
	Change      correlate.ChangeRecord `json:"change"`
	Verdicts    []correlate.Verdict    `json:"verdicts"`    // every revision, oldest first
	Regressions []correlate.Regression `json:"regressions"` // those that this change is suspected of, newest first
	Revisions   []Revision             `json:"revisions"`   // how the record came to be what it is, oldest first
	// Outlook is how judging stands, while the change is observed; absent otherwise.
	Outlook *correlate.Outlook `json:"outlook,omitempty"`
	// HeardIn are the environments in which its service was heard of late; only of a change without telemetry, and empty when it was not.
	HeardIn []string `json:"heard_in,omitzero"`
	// Explanation says all of this in words.
	Explanation Explanation `json:"explanation"`
}

// Explanation is what the terminal says of a change: its headline, and the lines below it.
type Explanation struct {
	Headline string       `json:"headline"`
	Lines    []words.Line `json:"lines"`
}

// Revision is one step in the history of a record.
type Revision struct {
	Revision   int                     `json:"revision"` // from 1
	RecordedAt time.Time               `json:"recorded_at"`
	Cause      correlate.Cause         `json:"cause"`
	Changed    []correlate.FieldChange `json:"changed"` // by name; empty for the first
}

// Incidents is the answer of /api/v1/incidents, newest first.
type Incidents struct {
	Incidents []Incident `json:"incidents"`
}

// Incident is an incident, and why no change is held responsible for it.
type Incident struct {
	correlate.IncidentRecord
	Unlinked string `json:"unlinked,omitempty"` // absent when a change is held responsible
}

// Regressions is the answer of /api/v1/regressions, newest first.
type Regressions struct {
	Regressions []correlate.Regression `json:"regressions"`
}

// DORA is the answer of /api/v1/dora.
type DORA = dora.Report

// Restatements is the answer of /api/v1/dora/restatements.
type Restatements = dora.Restatements

// Status is the answer of /api/v1/status.
type Status struct {
	Ready         bool       `json:"ready"`
	NotReady      string     `json:"not_ready,omitempty"` // why it isn't
	Version       string     `json:"version"`
	Now           time.Time  `json:"now"`
	Watermark     *time.Time `json:"watermark"`             // null before the first telemetry
	WatermarkLag  *float64   `json:"watermark_lag_seconds"` // null before the first telemetry
	TelemetryIdle bool       `json:"telemetry_idle"`
	OpenWindows   int        `json:"open_windows"`
	TrackedSeries int        `json:"tracked_series"`
	QueuedInputs  int        `json:"queued_inputs"`
	Unapplied     Unapplied  `json:"unapplied_facts"`
	Ledger        Ledger     `json:"ledger"`
	Outbox        []Queue    `json:"outbox"`
	Counts        []Count    `json:"counts"`
}

// Unapplied is the facts that are acknowledged and not applied yet.
type Unapplied struct {
	Count  int64      `json:"count"`
	Oldest *time.Time `json:"oldest"` // when the first of them was received; null without any
}

// Queue is one queue of messages to somebody.
type Queue struct {
	Name    string     `json:"name"`
	Waiting int64      `json:"waiting"`
	Parked  int64      `json:"parked"` // set aside, because the receiver didn't take them
	Oldest  *time.Time `json:"oldest"` // when the oldest that waits was queued; null when none waits
}

// Ledger is the health of the ledger.
type Ledger struct {
	Bytes         int64      `json:"bytes"`
	Commits       int64      `json:"commits"`
	Failures      int64      `json:"failures"`
	CommitSeconds float64    `json:"commit_seconds"` // total time spent in commits
	LastCommit    *time.Time `json:"last_commit"`    // null before the first
	Checkpoints   int64      `json:"checkpoints"`
}

// Count is one counter of what came in.
type Count struct {
	What   string `json:"what"`
	Source string `json:"source"`
	Result string `json:"result"`
	Value  int64  `json:"value"`
}

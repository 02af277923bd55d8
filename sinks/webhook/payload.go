package webhook

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
)

// Payload is the body of a message: one revision of the verdict on one change. README.md shows one.
type Payload struct {
	// Type is verdict.regressed, verdict.healthy or verdict.inconclusive.
	Type string `json:"type"`
	// Timestamp is when it was decided, in event time.
	Timestamp time.Time `json:"timestamp"`
	Data      Data      `json:"data"`
}

// Data is what a message is about.
type Data struct {
	Change Change `json:"change"`
	// Verdict has at most 20 pieces of evidence. A higher revision replaces a lower one, whichever arrives first.
	Verdict correlate.Verdict `json:"verdict"`
	Links   Links             `json:"links"`
}

// Change is what is known of the change when the verdict is decided. What is unknown is absent.
type Change struct {
	ID              string            `json:"id"`
	Kind            correlate.Kind    `json:"kind,omitempty"`
	Status          correlate.Status  `json:"status,omitempty"`
	Service         string            `json:"service"`
	Environment     string            `json:"environment"`
	Version         string            `json:"version,omitempty"`
	PreviousVersion string            `json:"previous_version,omitempty"`
	Commit          string            `json:"commit,omitempty"`
	StartedAt       time.Time         `json:"started_at,omitzero"`
	FinishedAt      time.Time         `json:"finished_at,omitzero"`
	Actor           string            `json:"actor,omitempty"`
	Team            string            `json:"team,omitempty"`
	Source          string            `json:"source,omitempty"` // who reported it; "telemetry" when a new version was seen
	Labels          map[string]string `json:"labels,omitempty"`
	Rollback        bool              `json:"rollback,omitempty"`
	RolledBackBy    string            `json:"rolled_back_by,omitempty"`
	Incidents       []string          `json:"incidents,omitempty"`
}

// Links lead on.
type Links struct {
	Page   string `json:"page,omitempty"`   // the page of the change, for people; only with public_url
	Change string `json:"change,omitempty"` // everything that Shipwake knows of the change, as JSON; only with public_url
	Source string `json:"source,omitempty"` // the change at its source
}

// What a message repeats at most of lists that have no end.
const (
	mostEvidence  = 20
	mostIncidents = 20
	mostLabels    = 50
)

func payload(d sinks.Decision, publicURL string) ([]byte, error) {
	v := d.Verdict
	v.Evidence = v.Evidence[:min(len(v.Evidence), mostEvidence)]
	body, err := json.Marshal(Payload{
		Type: "verdict." + string(v.Outcome), Timestamp: v.DecidedAt,
		Data: Data{Change: changeOf(v, d.Record), Verdict: v, Links: links(v.ChangeID, d.Record.URL, publicURL)},
	})
	if err != nil {
		return nil, fmt.Errorf("the message of revision %d of %s: %w", v.Revision, v.ChangeID, err)
	}
	return body, nil
}

func changeOf(v correlate.Verdict, c correlate.ChangeRecord) Change {
	told := Change{
		ID: v.ChangeID, Kind: c.Kind, Status: c.Status, Service: v.Service, Environment: v.Environment, Version: v.Version,
		PreviousVersion: c.PreviousVersion, Commit: c.Commit, StartedAt: c.StartedAt, FinishedAt: c.FinishedAt,
		Actor: c.Actor, Team: c.Team, Source: c.Source, Rollback: c.Rollback, RolledBackBy: c.RolledBackBy,
		Incidents: c.Incidents[:min(len(c.Incidents), mostIncidents)],
	}
	if len(c.Labels) <= mostLabels {
		told.Labels = c.Labels
	}
	return told
}

func links(id, source, publicURL string) Links {
	return Links{Source: source, Change: sinks.ChangeAPI(publicURL, id), Page: sinks.ChangePage(publicURL, id)}
}

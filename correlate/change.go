package correlate

import (
	"fmt"
	"time"
)

// Kind says what sort of change reached production.
type Kind string

// The kinds of change.
const (
	KindDeployment     Kind = "deployment"
	KindRollback       Kind = "rollback"
	KindFeatureFlag    Kind = "feature_flag"
	KindConfig         Kind = "config"
	KindInfrastructure Kind = "infrastructure"
	KindOther          Kind = "other"
)

// Kinds lists every Kind, in the order the documentation uses.
func Kinds() []Kind {
	return []Kind{KindDeployment, KindRollback, KindFeatureFlag, KindConfig, KindInfrastructure, KindOther}
}

// Status says how far a change has come.
type Status string

// The statuses of a change. A cancelled change is not a failed one.
const (
	StatusStarted   Status = "started"
	StatusSucceeded Status = "succeeded"
	StatusFailed    Status = "failed"
	StatusCancelled Status = "cancelled"
)

// Statuses lists every Status.
func Statuses() []Status {
	return []Status{StatusStarted, StatusSucceeded, StatusFailed, StatusCancelled}
}

// DefaultEnvironment is where a change or a measurement happened when nothing says otherwise.
const DefaultEnvironment = "production"

// Commit is one commit that a change carries to production.
type Commit struct {
	SHA        string    `json:"sha"`
	AuthoredAt time.Time `json:"authored_at,omitzero"`
}

// Change is one change that reaches an environment: a deployment, a rollback, a flag flip, a configuration or
// infrastructure change. Its JSON form is the generic wire format. A zero time means unknown.
type Change struct {
	ID              string            `json:"id"`
	Kind            Kind              `json:"kind,omitempty"`
	Status          Status            `json:"status,omitempty"`
	Service         string            `json:"service"`
	Environment     string            `json:"environment,omitempty"`
	Version         string            `json:"version,omitempty"`
	PreviousVersion string            `json:"previous_version,omitempty"`
	Commit          string            `json:"commit,omitempty"`
	Commits         []Commit          `json:"commits,omitempty"`
	StartedAt       time.Time         `json:"started_at,omitzero"`
	FinishedAt      time.Time         `json:"finished_at,omitzero"`
	Instances       []string          `json:"instances,omitempty"`
	Actor           string            `json:"actor,omitempty"`
	Team            string            `json:"team,omitempty"`
	URL             string            `json:"url,omitempty"`
	Labels          map[string]string `json:"labels,omitempty"`
	// Source is the configured source that reported the change; "telemetry" when a new service.version was seen.
	Source string `json:"source,omitempty"`
}

// Start is when the change began to reach users: its start, or its finish when the start is unknown.
func (c Change) Start() time.Time {
	if c.StartedAt.IsZero() {
		return c.FinishedAt
	}
	return c.StartedAt
}

// WithDefaults fills in what the generic format says is implied.
func (c Change) WithDefaults() Change {
	if c.Kind == "" {
		c.Kind = KindDeployment
	}
	if c.Status == "" {
		c.Status = StatusSucceeded
	}
	if c.Environment == "" {
		c.Environment = DefaultEnvironment
	}
	return c
}

// Validate returns a *FieldError that names the first field that is missing or wrong, and what would be right.
func (c Change) Validate() error {
	switch {
	case c.ID == "":
		return &FieldError{"id", "required: a string that stays the same when the change is reported again"}
	case c.Service == "":
		return &FieldError{"service", "required: the service.name that the change reaches"}
	case c.StartedAt.IsZero() && c.FinishedAt.IsZero():
		return &FieldError{"started_at", "one of started_at and finished_at is required, as an RFC 3339 time"}
	case !c.StartedAt.IsZero() && !c.FinishedAt.IsZero() && c.FinishedAt.Before(c.StartedAt):
		return &FieldError{"finished_at", "must not lie before started_at"}
	case c.Kind != "" && !known(c.Kind, Kinds()):
		return &FieldError{"kind", fmt.Sprintf("%q is unknown; use one of %v", clip(string(c.Kind)), Kinds())}
	case c.Status != "" && !known(c.Status, Statuses()):
		return &FieldError{"status", fmt.Sprintf("%q is unknown; use one of %v", clip(string(c.Status)), Statuses())}
	}
	return nil
}

// Merge folds a later report of the same change into an earlier one: what the later report says wins, what it is
// silent about stays, the earliest known start is kept, and a finished change does not become unfinished because a
// "started" arrived late.
func (c Change) Merge(later Change) Change {
	merged := c
	if !(later.Status == StatusStarted && c.Status != StatusStarted && c.Status != "") {
		merged.Status = or(later.Status, c.Status)
	}
	if merged.Kind == "" || (later.Kind != "" && later.Kind != KindDeployment) {
		merged.Kind = later.Kind
	}
	merged.Service = or(later.Service, c.Service)
	merged.Environment = or(later.Environment, c.Environment)
	merged.Version = or(later.Version, c.Version)
	merged.PreviousVersion = or(later.PreviousVersion, c.PreviousVersion)
	merged.Commit = or(later.Commit, c.Commit)
	merged.Actor = or(later.Actor, c.Actor)
	merged.Team = or(later.Team, c.Team)
	merged.URL = or(later.URL, c.URL)
	merged.Source = or(c.Source, later.Source)
	if len(later.Commits) > 0 {
		merged.Commits = later.Commits
	}
	if len(later.Instances) > 0 {
		merged.Instances = later.Instances
	}
	if !later.StartedAt.IsZero() && (c.StartedAt.IsZero() || later.StartedAt.Before(c.StartedAt)) {
		merged.StartedAt = later.StartedAt
	}
	if later.FinishedAt.After(c.FinishedAt) {
		merged.FinishedAt = later.FinishedAt
	}
	if len(later.Labels) > 0 {
		merged.Labels = make(map[string]string, len(c.Labels)+len(later.Labels))
		for k, v := range c.Labels {
			merged.Labels[k] = v
		}
		for k, v := range later.Labels {
			merged.Labels[k] = v
		}
	}
	return merged
}

// FieldError says which field of a fact is wrong and what would be right. Field is relative to the fact.
type FieldError struct{ Field, Want string }

func (e *FieldError) Error() string { return e.Field + ": " + e.Want }

func or[T ~string](a, b T) T {
	if a != "" {
		return a
	}
	return b
}

func known[T comparable](v T, all []T) bool {
	for _, a := range all {
		if a == v {
			return true
		}
	}
	return false
}

// clip bounds text from outside before it is quoted in an error.
func clip(s string) string {
	if len(s) > 64 {
		return s[:64] + "…"
	}
	return s
}

package correlate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
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
	ID              string `json:"id"`
	Kind            Kind   `json:"kind,omitempty"`
	Status          Status `json:"status,omitempty"`
	Service         string `json:"service"`
	Environment     string `json:"environment,omitempty"`
	Version         string `json:"version,omitempty"`
	PreviousVersion string `json:"previous_version,omitempty"`
	Commit          string `json:"commit,omitempty"`
	// Digest is that of the image or artifact, as sha256:…: of two changes with one version, another digest is another one.
	Digest  string   `json:"digest,omitempty"`
	Commits []Commit `json:"commits,omitempty"`
	// Size is nil while nobody has told it.
	Size       *Size     `json:"size,omitempty"`
	StartedAt  time.Time `json:"started_at,omitzero"`
	FinishedAt time.Time `json:"finished_at,omitzero"`
	// UpdatedAt is when its sender last changed this report. It says which of two reports that contradict each other is
	// the later one, and that what that one tells is right; see Revise. Without it, the newest time that a report tells
	// says which is the later one.
	UpdatedAt time.Time `json:"updated_at,omitzero"`
	Instances []string  `json:"instances,omitempty"`
	// Zones are those that the change has reached, where it doesn't reach all at once: the others are what it is compared
	// with. None means that nothing is known of zones.
	Zones  []ZoneStep        `json:"zones,omitempty"`
	Actor  string            `json:"actor,omitempty"`
	Team   string            `json:"team,omitempty"`
	URL    string            `json:"url,omitempty"`
	Labels map[string]string `json:"labels,omitempty"`
	// Source is the configured source that reported the change; "telemetry" when a new service.version was seen.
	Source string `json:"source,omitempty"`
	// Implied are the words that the sender of a report with UpdatedAt left out and the format implies (kind, status,
	// environment): they correct nothing.
	Implied []string `json:"implied,omitempty"`
}

// Start is when the change began to reach users: its start, or its finish when the start is unknown.
func (c Change) Start() time.Time {
	if c.StartedAt.IsZero() {
		return c.FinishedAt
	}
	return c.StartedAt
}

// WithDefaults fills in what the generic format says is implied. A change that has only started has no finish: a time
// given as such is a plan.
func (c Change) WithDefaults() Change {
	implied := slices.Clone(c.Implied)
	imply(&c.Kind, KindDeployment, impliedKind, &implied)
	imply(&c.Status, StatusSucceeded, impliedStatus, &implied)
	imply(&c.Environment, DefaultEnvironment, impliedEnvironment, &implied)
	if !c.UpdatedAt.IsZero() {
		c.Implied = implied
	}
	if c.Status == StatusStarted {
		c.StartedAt, c.FinishedAt = c.Start(), time.Time{}
	}
	return c
}

// Validate returns a *FieldError that names the first field that is missing or wrong, and what would be right.
func (c Change) Validate() error {
	switch {
	case strings.TrimSpace(c.ID) == "":
		return &FieldError{"id", "required: a string that stays the same when the change is reported again"}
	case strings.TrimSpace(c.Service) == "":
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
	if err := validSize(c.Size); err != nil {
		return err
	}
	return validZones(c.Zones)
}

// Merge folds another report of the same change into this one. Where the two contradict each other in words, later wins,
// so that a mistake can be corrected; a word that the format implies when nothing is said (deployment, production) takes
// nothing back. Apart from that neither the order of the reports nor their grouping or repetition shows in the result:
//
//   - Status and FinishedAt are those of the report with the latest finish, so that a change doesn't become unfinished
//     because a "started" arrived late; of two reports with one finish, the status that stands later in Statuses wins.
//   - StartedAt is the earliest time that any report tells, be it of the start or of the finish. A start that one
//     clock puts after the finish told by another is thus moved to the finish, and no change ends before it began.
func (c Change) Merge(later Change) Change {
	merged := c
	merged.Kind = firm(later.Kind, c.Kind, KindDeployment)
	merged.Service = or(later.Service, c.Service)
	merged.Environment = firm(later.Environment, c.Environment, DefaultEnvironment)
	merged.Version = or(later.Version, c.Version)
	merged.PreviousVersion = or(later.PreviousVersion, c.PreviousVersion)
	merged.Commit = or(later.Commit, c.Commit)
	merged.Digest = or(later.Digest, c.Digest)
	merged.Actor = or(later.Actor, c.Actor)
	merged.Team = or(later.Team, c.Team)
	merged.URL = or(later.URL, c.URL)
	merged.Source = or(c.Source, later.Source)
	if len(later.Commits) > 0 {
		merged.Commits = later.Commits
	}
	if later.Size != nil {
		merged.Size = later.Size
	}
	if len(later.Instances) > 0 {
		merged.Instances = later.Instances
	}
	merged.Zones = mergedZones(c, later)
	if c.progress(later) < 0 {
		merged.Status, merged.FinishedAt = later.Status, later.FinishedAt
	}
	merged.StartedAt = mergedStart(c, later, merged.FinishedAt)
	merged.UpdatedAt = latest(c.UpdatedAt, later.UpdatedAt)
	merged.Labels = mergedLabels(c.Labels, later.Labels)
	merged.Implied = inBoth(c.Implied, later.Implied)
	return merged
}

// progress orders reports by how far they say the change has come.
func (c Change) progress(o Change) int {
	return cmp.Or(c.FinishedAt.Compare(o.FinishedAt),
		cmp.Compare(slices.Index(Statuses(), c.Status), slices.Index(Statuses(), o.Status)))
}

// mergedStart is the earliest time told. It stays unknown while the only time that anybody told is the finish.
func mergedStart(a, b Change, finished time.Time) time.Time {
	start := earliest(a.Start(), b.Start())
	if a.StartedAt.IsZero() && b.StartedAt.IsZero() && !start.Before(finished) {
		return time.Time{}
	}
	return start
}

func mergedLabels(labels, later map[string]string) map[string]string {
	if len(later) == 0 {
		return labels
	}
	merged := make(map[string]string, len(labels)+len(later))
	maps.Copy(merged, labels)
	maps.Copy(merged, later)
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

// firm is what later says, unless that is nothing or only what the format implies.
func firm[T ~string](later, earlier, implied T) T {
	if later == "" || (later == implied && earlier != "") {
		return earlier
	}
	return later
}

// earliest is the first of two times that is known.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

func known[T comparable](v T, all []T) bool { return slices.Contains(all, v) }

// clip bounds text from outside before it is quoted in an error.
func clip(s string) string {
	if len(s) > 64 {
		return s[:64] + "…"
	}
	return s
}

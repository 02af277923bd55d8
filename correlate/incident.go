package correlate

import (
	"slices"
	"strings"
	"time"
)

// Incident is trouble that people or an alerting system noticed. Its JSON form is the generic wire format.
// A zero time means unknown; an incident without ResolvedAt is open. Where only the end is known, OpenedAt is the end as
// well, and the incident has no known duration.
type Incident struct {
	ID      string `json:"id"`
	Service string `json:"service,omitempty"`
	// ServiceGuessed: Service is a guess, such as the name of a scrape job. No change of it is held responsible by inference.
	ServiceGuessed bool      `json:"service_guessed,omitempty"`
	Environment    string    `json:"environment,omitempty"`
	Severity       string    `json:"severity,omitempty"`
	Title          string    `json:"title,omitempty"`
	URL            string    `json:"url,omitempty"`
	OpenedAt       time.Time `json:"opened_at"`
	AcknowledgedAt time.Time `json:"acknowledged_at,omitzero"`
	ResolvedAt     time.Time `json:"resolved_at,omitzero"`
	// UpdatedAt is when its sender last changed this report; see Change.UpdatedAt.
	UpdatedAt time.Time `json:"updated_at,omitzero"`
	// CausedBy is the id of the change that caused it, when the reporter said so; it wins over inference.
	// CausedByNone says that no change did.
	CausedBy string `json:"caused_by,omitempty"`
	// DedupKey is what its source tells one alert from another by, whenever it fires. Incidents of one source with the same
	// one are one incident, while it lasts.
	DedupKey string `json:"dedup_key,omitempty"`
	Source   string `json:"source,omitempty"`
	// Implied is as in Change.
	Implied []string `json:"implied,omitempty"`
}

// CausedByNone is the CausedBy of an incident that no change caused.
const CausedByNone = "none"

// WithDefaults fills in what the generic format says is implied.
func (i Incident) WithDefaults() Incident {
	implied := slices.Clone(i.Implied)
	imply(&i.Environment, DefaultEnvironment, impliedEnvironment, &implied)
	if !i.UpdatedAt.IsZero() {
		i.Implied = implied
	}
	return i
}

// Lasted is how long the incident took, as far as that is known: it is not while the incident is open, nor when only its
// end was told. Nobody resolves trouble at the instant it begins.
func (i Incident) Lasted() (d time.Duration, known bool) {
	if i.ResolvedAt.After(i.OpenedAt) && !i.OpenedAt.IsZero() {
		return i.ResolvedAt.Sub(i.OpenedAt), true
	}
	return 0, false
}

// Validate returns a *FieldError that names the first field that is missing or wrong.
func (i Incident) Validate() error {
	switch {
	case strings.TrimSpace(i.ID) == "":
		return &FieldError{"id", "required: a string that stays the same when the incident is reported again"}
	case i.OpenedAt.IsZero():
		return &FieldError{"opened_at", "required: an RFC 3339 time"}
	case !i.ResolvedAt.IsZero() && i.ResolvedAt.Before(i.OpenedAt):
		return &FieldError{"resolved_at", "must not lie before opened_at"}
	}
	return nil
}

// Merge folds another report of the same incident into this one. Where the two contradict each other in words, later
// wins, so that a cause or a service can be corrected; production, which the format implies, takes nothing back. Apart
// from that neither the order of the reports nor their grouping or repetition shows: the earliest opening and
// acknowledgement and the latest resolution are kept, and a report that is silent about the resolution does not reopen
// the incident.
func (i Incident) Merge(later Incident) Incident {
	merged := i
	merged.Service, merged.ServiceGuessed = mergedService(i, later)
	merged.Environment = firm(later.Environment, i.Environment, DefaultEnvironment)
	merged.Severity = or(later.Severity, i.Severity)
	merged.Title = or(later.Title, i.Title)
	merged.URL = or(later.URL, i.URL)
	merged.CausedBy = or(later.CausedBy, i.CausedBy)
	merged.DedupKey = or(later.DedupKey, i.DedupKey)
	merged.Source = or(i.Source, later.Source)
	merged.OpenedAt = earliest(i.OpenedAt, later.OpenedAt)
	merged.AcknowledgedAt = earliest(i.AcknowledgedAt, later.AcknowledgedAt)
	merged.UpdatedAt = latest(i.UpdatedAt, later.UpdatedAt)
	merged.ResolvedAt = latest(i.ResolvedAt, later.ResolvedAt)
	merged.Implied = inBoth(i.Implied, later.Implied)
	return merged
}

// mergedService is the service that the later report names; one that is known wins over a guess.
func mergedService(i, later Incident) (service string, guessed bool) {
	if later.Service == "" || later.ServiceGuessed && i.Service != "" && !i.ServiceGuessed {
		return i.Service, i.ServiceGuessed
	}
	return later.Service, later.ServiceGuessed
}

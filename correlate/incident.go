package correlate

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Incident is trouble that people or an alerting system noticed. Its JSON form is the generic wire format.
// A zero time means unknown; an incident without ResolvedAt is open. Where only the end is known, OpenedAt is the end as
// well, and the incident has no known duration.
type Incident struct {
	ID string `json:"id"`
	// Service is what it is about. Of several it is the one that was named first, and Services are all of them, each once, in
	// the order in which they were named; see Of.
	Service  string   `json:"service,omitempty"`
	Services []string `json:"services,omitempty"`
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

// MaxServices bounds the services of one incident.
const MaxServices = 100

// Of is the incident about some services, each once, in their order. Empty names are none.
func (i Incident) Of(services ...string) Incident {
	i.Service, i.Services = "", nil
	var all []string
	for _, service := range services {
		if service != "" && !slices.Contains(all, service) {
			all = append(all, service)
		}
	}
	if len(all) > 0 {
		i.Service = all[0]
	}
	if len(all) > 1 {
		i.Services = all
	}
	return i
}

// About are the services that it is about, none where nobody said any.
func (i *Incident) About() []string {
	switch {
	case len(i.Services) > 0:
		return i.Services
	case i.Service != "":
		return []string{i.Service}
	}
	return nil
}

// IsAbout tells whether a service is one of those that it is about.
func (i *Incident) IsAbout(service string) bool {
	return i.Service == service || slices.Contains(i.Services, service)
}

// WithDefaults fills in what the generic format says is implied, and puts the services together as Of does.
func (i Incident) WithDefaults() Incident {
	if len(i.Services) > 0 {
		i = i.Of(append([]string{i.Service}, i.Services...)...)
	}
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
	case len(i.Services) > MaxServices:
		return &FieldError{"services", fmt.Sprintf("must not be more than %d services", MaxServices)}
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
	if later.namesBetter(i) {
		merged.Service, merged.Services, merged.ServiceGuessed = later.Service, later.Services, later.ServiceGuessed
	}
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

// namesBetter: the services of a later report stand instead of those of an earlier one. Known ones win over a guess.
func (i Incident) namesBetter(earlier Incident) bool {
	return i.Service != "" && (!i.ServiceGuessed || earlier.Service == "" || earlier.ServiceGuessed)
}

package correlate

import (
	"errors"
	"time"
)

// Fact is one thing a source told us: exactly one of its fields is set. Its JSON form is one line of facts.jsonl.
type Fact struct {
	Change   *Change   `json:"change,omitempty"`
	Incident *Incident `json:"incident,omitempty"`
}

// EventTime is when the fact happened, as its sender says: the newest time it carries.
func (f Fact) EventTime() time.Time {
	switch {
	case f.Change != nil:
		newest := latest(f.Change.StartedAt, f.Change.FinishedAt, f.Change.UpdatedAt)
		for _, z := range f.Change.Zones {
			newest = latest(newest, z.ReachedAt)
		}
		return newest
	case f.Incident != nil:
		return latest(f.Incident.OpenedAt, f.Incident.AcknowledgedAt, f.Incident.ResolvedAt, f.Incident.UpdatedAt)
	}
	return time.Time{}
}

// Validate checks whichever fact is set. The field of a *FieldError is prefixed with "change." or "incident.".
func (f Fact) Validate() error {
	var err error
	var prefix string
	switch {
	case f.Change != nil && f.Incident == nil:
		err, prefix = f.Change.Validate(), "change."
	case f.Incident != nil && f.Change == nil:
		err, prefix = f.Incident.Validate(), "incident."
	default:
		return &FieldError{"", `exactly one of "change" and "incident" is required`}
	}
	var field *FieldError
	if errors.As(err, &field) {
		return &FieldError{prefix + field.Field, field.Want}
	}
	return err
}

// WithDefaults fills in what the generic format says is implied. The fact is copied, not changed.
func (f Fact) WithDefaults() Fact {
	if f.Change != nil {
		c := f.Change.WithDefaults()
		return Fact{Change: &c}
	}
	if f.Incident != nil {
		i := f.Incident.WithDefaults()
		return Fact{Incident: &i}
	}
	return f
}

// Receipt says what became of the deliveries of one commit.
type Receipt struct {
	Accepted, Duplicate, Quarantined int
}

// Why a commit was refused. ErrUnavailable is worth another try later; ErrFenced is final for the caller, whose
// stream now belongs to somebody else.
var (
	ErrUnavailable = errors.New("the ledger can't take facts now")
	ErrFenced      = errors.New("another reader has moved this stream's cursor")
)

func latest(times ...time.Time) time.Time {
	var newest time.Time
	for _, t := range times {
		if t.After(newest) {
			newest = t
		}
	}
	return newest
}

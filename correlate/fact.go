package correlate

import (
	"errors"
	"time"
)

// Fact is one thing a source told us: exactly one of its fields is set. Its JSON form is one line of facts.jsonl.
type Fact struct {
	Change   *Change   `json:"change,omitempty"`
	Incident *Incident `json:"incident,omitempty"`
	Check    *Check    `json:"check,omitempty"`
	Note     *Note     `json:"note,omitempty"`
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
	case f.Check != nil:
		return f.Check.At
	case f.Note != nil:
		return f.Note.At
	}
	return time.Time{}
}

// Kind is the name of the field that is set, "" when it isn't exactly one.
func (f Fact) Kind() (kind string) {
	for _, of := range []struct {
		name string
		set  bool
	}{{"change", f.Change != nil}, {"incident", f.Incident != nil}, {"check", f.Check != nil}, {"note", f.Note != nil}} {
		switch {
		case of.set && kind != "":
			return ""
		case of.set:
			kind = of.name
		}
	}
	return kind
}

// Validate checks whichever fact is set. The field of a *FieldError is prefixed with its Kind and a dot.
func (f Fact) Validate() error {
	var err error
	switch f.Kind() {
	case "change":
		err = f.Change.Validate()
	case "incident":
		err = f.Incident.Validate()
	case "check":
		err = f.Check.Validate()
	case "note":
		err = f.Note.Validate()
	default:
		return &FieldError{"", `exactly one of "change", "incident", "check" and "note" is required`}
	}
	var field *FieldError
	if errors.As(err, &field) {
		return &FieldError{f.Kind() + "." + field.Field, field.Want}
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
	if f.Check != nil {
		c := f.Check.WithDefaults()
		return Fact{Check: &c}
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

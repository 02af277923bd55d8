package correlate

import (
	"errors"
	"fmt"
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

// Delivery is what one sender handed over in one go: the bytes as they came and the facts read from them.
// A delivery that was authentic but could not be mapped has no facts and a Problem; it is kept, so that it can be
// parsed again after an upgrade.
type Delivery struct {
	Source      string // the name under which the source is configured, e.g. "github"
	ID          string // the sender's delivery id; the same id from the same source is the same delivery
	ReceivedAt  time.Time
	ContentType string
	Event       string // the sender's own name of the event, e.g. "deployment_status"
	Raw         []byte
	Facts       []Fact
	Problem     string // why there are no facts; "" when there are
}

// MaxAhead is how far after its receipt a fact may be dated, since clocks differ.
const MaxAhead = 5 * time.Minute

// HoldFuture returns the delivery as it is or, when one of its facts is dated more than MaxAhead after its receipt,
// without facts and with a Problem: it is kept, and not applied. Such a fact would pass for the newest report of its
// change until that time has come.
func (d Delivery) HoldFuture() Delivery {
	for i, f := range d.Facts {
		if f.EventTime().Sub(d.ReceivedAt) > MaxAhead {
			d.Problem = fmt.Sprintf("future: fact %d of %d is dated more than %s after it was received; is the sender's clock right?",
				i+1, len(d.Facts), MaxAhead)
			d.Facts = nil
			break
		}
	}
	return d
}

// Position moves a partition's offset in the same transaction as the facts that were read from it: the ledger must
// hold Expect, and holds Next afterwards.
type Position struct {
	Stream       string // e.g. "kafka/deploys/3"
	Expect, Next int64
}

// Receipt says what became of the deliveries of one commit.
type Receipt struct {
	Accepted, Duplicate, Quarantined int
}

// Why a commit was refused. ErrUnavailable is worth another try later; ErrFenced is final for the caller, whose
// partition now belongs to somebody else.
var (
	ErrUnavailable = errors.New("the ledger can't take facts now")
	ErrFenced      = errors.New("another reader has moved this partition's offset")
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

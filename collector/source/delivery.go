package source

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/shipwake/shipwake/correlate"
)

// MaxFacts bounds the facts of one message, so that a small body can't become a large heap.
const MaxFacts = 10_000

// BodyID is the delivery id for a sender that has none: the same bytes are the same delivery.
func BodyID(body []byte) string {
	sum := sha256.Sum256(body)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// NewDelivery is a delivery of the whole request, without facts. An empty id becomes BodyID.
func NewDelivery(req Request, id, event string) correlate.Delivery {
	if id == "" {
		id = BodyID(req.Body)
	}
	return correlate.Delivery{
		ID:          Clip(id, maxText),
		ReceivedAt:  req.ReceivedAt,
		ContentType: Clip(req.Header.Get("Content-Type"), maxText),
		Event:       Clip(event, maxText),
		Raw:         req.Body,
	}
}

// Unmapped is a delivery that is kept although it says nothing of a change or an incident.
func Unmapped(d correlate.Delivery, why string) correlate.Delivery {
	d.Facts = nil
	d.Problem = "unmapped: " + why
	return d
}

// Stamp says under which name the source that parsed the deliveries is configured, and holds those back that are dated
// in the future. Receivers call it before they send deliveries on.
func Stamp(deliveries []correlate.Delivery, name string) {
	for i := range deliveries {
		deliveries[i] = deliveries[i].HoldFuture()
		deliveries[i].Source = name
		sign(deliveries[i].Facts, name)
	}
}

// sign says in each fact where it comes from.
func sign(facts []correlate.Fact, name string) {
	for _, f := range facts {
		if f.Change != nil {
			f.Change.Source = name
		}
		if f.Incident != nil {
			f.Incident.Source = name
		}
	}
}

// AddFact completes a fact, validates it and adds it to the delivery. The error is a *ParseError below the value that
// the fact was read from.
func AddFact(d *correlate.Delivery, f correlate.Fact, from JSON) error {
	r := Reading{Facts: d.Facts}
	err := r.Add(f, from)
	d.Facts = r.Facts
	return err
}

// Add completes a fact, validates it and adds it to the reading. The error is a *ParseError below the value that the fact
// was read from.
func (r *Reading) Add(f correlate.Fact, from JSON) error {
	f = f.WithDefaults()
	if err := f.Validate(); err != nil {
		return factError(f, err, from)
	}
	if len(r.Facts) == MaxFacts {
		return &ParseError{Path: from.Path(), Want: fmt.Sprintf("a message may hold at most %d facts; send several", MaxFacts)}
	}
	r.Facts = append(r.Facts, f)
	return nil
}

// factError places the field of a *correlate.FieldError below a value, without the "change." or "incident." that
// Fact.Validate puts before it.
func factError(f correlate.Fact, err error, from JSON) error {
	bare := err
	if f.Change != nil {
		bare = f.Change.Validate()
	} else if f.Incident != nil {
		bare = f.Incident.Validate()
	}
	var field *correlate.FieldError
	if !errors.As(bare, &field) {
		return &ParseError{Path: from.Path(), Want: err.Error()}
	}
	return &ParseError{Path: joinPath(from.Path(), field.Field), Want: field.Want}
}

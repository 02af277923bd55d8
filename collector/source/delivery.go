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
func Unmapped(d correlate.Delivery, why string, args ...any) correlate.Delivery {
	d.Facts = nil
	d.Problem = "unmapped: " + fmt.Sprintf(why, args...)
	return d
}

// Stamp says under which name the source that parsed the deliveries is configured. Receivers call it before they send
// deliveries on.
func Stamp(deliveries []correlate.Delivery, name string) {
	for i := range deliveries {
		deliveries[i].Source = name
		for _, f := range deliveries[i].Facts {
			if f.Change != nil {
				f.Change.Source = name
			}
			if f.Incident != nil {
				f.Incident.Source = name
			}
		}
	}
}

// AddFact completes a fact, validates it and adds it to the delivery. The error is a *ParseError below path, the
// place where the fact's fields are in the body.
func AddFact(d *correlate.Delivery, f correlate.Fact, path string) error {
	f = f.WithDefaults()
	if err := f.Validate(); err != nil {
		return factError(f, err, path)
	}
	if len(d.Facts) == MaxFacts {
		return &ParseError{Path: path, Want: fmt.Sprintf("a message may hold at most %d facts; send several", MaxFacts)}
	}
	d.Facts = append(d.Facts, f)
	return nil
}

// factError places the field of a *correlate.FieldError below path, without the "change." or "incident." that
// Fact.Validate puts before it.
func factError(f correlate.Fact, err error, path string) error {
	bare := err
	if f.Change != nil {
		bare = f.Change.Validate()
	} else if f.Incident != nil {
		bare = f.Incident.Validate()
	}
	var field *correlate.FieldError
	if !errors.As(bare, &field) {
		return &ParseError{Path: path, Want: err.Error()}
	}
	return &ParseError{Path: joinPath(path, field.Field), Want: field.Want}
}

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
	if !errors.As(bare, &field) || field.Field == "" {
		return &ParseError{Path: from.Path(), Want: err.Error()}
	}
	return &ParseError{Path: joinPath(from.Path(), field.Field), Want: field.Want}
}

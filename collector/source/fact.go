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
		if f.Check != nil {
			f.Check.Source = name
		}
	}
}

// Add completes a fact, validates it and adds it to the reading. The error is a *ParseError below the value that the fact
// was read from.
func (r *Reading) Add(f correlate.Fact, from JSON) error {
	return r.AddAt(f, func(field string) string {
		if field == "" {
			return from.Path()
		}
		return joinPath(from.Path(), field)
	})
}

// AddAt is Add for a fact whose fields lie apart: place is where a field was read from, and of "" where the fact was.
func (r *Reading) AddAt(f correlate.Fact, place func(field string) string) error {
	f = f.WithDefaults()
	if err := f.Validate(); err != nil {
		return factError(f, err, place)
	}
	if len(r.Facts) == MaxFacts {
		return &ParseError{Path: place(""), Want: fmt.Sprintf("a message may hold at most %d facts; send several", MaxFacts)}
	}
	r.Facts = append(r.Facts, f)
	return nil
}

// factError places the field of a *correlate.FieldError, without the "change.", "incident." or "check." that Fact.Validate puts
// before it.
func factError(f correlate.Fact, err error, place func(string) string) error {
	bare := err
	if f.Change != nil {
		bare = f.Change.Validate()
	} else if f.Incident != nil {
		bare = f.Incident.Validate()
	} else if f.Check != nil {
		bare = f.Check.Validate()
	}
	var field *correlate.FieldError
	if !errors.As(bare, &field) || field.Field == "" {
		return &ParseError{Path: place(""), Want: err.Error()}
	}
	return &ParseError{Path: place(field.Field), Want: field.Want}
}

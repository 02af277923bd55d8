package sinks

import (
	"context"
	"errors"

	"github.com/shipwake/shipwake/correlate"
)

// Noter takes what people say of changes and incidents. It is safe for concurrent use.
type Noter interface {
	// Note keeps a note, as the delivery of a fact, and returns it as it was kept: At is now when it says nothing, and
	// Revision that of the verdict that stands. By is the caller's to fill in, with the name under which the request was
	// authenticated. It returns when the note is synced to disk, and applied if that doesn't take long.
	//
	// The error is a *correlate.FieldError for what is wrong with the note, ErrNotFound when nobody reported what it is about,
	// and one that wraps correlate.ErrUnavailable while the ledger takes nothing.
	Note(ctx context.Context, n correlate.Note) (correlate.Note, error)
}

// ErrNoNotes says that whoever reads can't take notes.
var ErrNoNotes = errors.New("notes are not taken here")

// Say keeps a note by a Reader that is a Noter; others return ErrNoNotes.
func Say(ctx context.Context, r Reader, n correlate.Note) (correlate.Note, error) {
	if noter, takes := r.(Noter); takes {
		return noter.Note(ctx, n)
	}
	return n, ErrNoNotes
}

package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora/quality"
	"github.com/shipwake/shipwake/internal/access"
	"github.com/shipwake/shipwake/sinks"
)

const notesPath = "/api/v1/notes"

// mostNote bounds the body of a note, in bytes.
const mostNote = 16 << 10

// Said is the body of a note: what a person says, but for who it is. The fields are those of correlate.Note.
type Said struct {
	Kind      correlate.NoteKind `json:"kind"`
	Change    string             `json:"change,omitempty"`
	Incident  string             `json:"incident,omitempty"`
	Revision  int                `json:"revision,omitempty"`
	CausedBy  string             `json:"caused_by,omitempty"`
	Label     string             `json:"label,omitempty"`
	Value     string             `json:"value,omitempty"`
	Reason    string             `json:"reason,omitempty"`
	Withdrawn bool               `json:"withdrawn,omitempty"`
	At        time.Time          `json:"at,omitzero"`
}

// Noted is the answer to a note: the note as it was kept.
type Noted struct {
	Note correlate.Note `json:"note"`
}

// note takes what the asker says of a change or an incident. By whom is who was authenticated.
func (s *sink) note(w http.ResponseWriter, r *http.Request) {
	body, wrong := readNote(http.MaxBytesReader(w, r.Body, mostNote))
	if wrong != nil {
		reply(w, http.StatusBadRequest, *wrong)
		return
	}
	n, err := sinks.Say(r.Context(), s.reader, correlate.Note{
		Kind: body.Kind, Change: body.Change, Incident: body.Incident, Revision: body.Revision, CausedBy: body.CausedBy, Label: body.Label,
		Value: body.Value, Reason: body.Reason, Withdrawn: body.Withdrawn, At: body.At, By: access.Of(r.Context()).Name,
	})
	var field *correlate.FieldError
	switch {
	case err == nil:
		reply(w, http.StatusCreated, Noted{n})
	case errors.As(err, &field):
		reply(w, http.StatusBadRequest, Error{field.Want, field.Field})
	case errors.Is(err, sinks.ErrNotFound) && body.Incident != "":
		reply(w, http.StatusNotFound, Error{"nobody reported an incident with this id; /api/v1/incidents lists those that are known", "incident"})
	case errors.Is(err, sinks.ErrNotFound):
		reply(w, http.StatusNotFound, Error{"nobody reported a change with this id; /api/v1/changes lists those that are known", "change"})
	case r.Context().Err() != nil:
		return // the asker has gone
	default:
		reply(w, http.StatusServiceUnavailable, Error{Error: "the note can't be kept now; try again"})
	}
}

// Accuracy is the answer of /api/v1/accuracy.
type Accuracy = quality.Accuracy

// accuracy says what people say of the verdicts of a window.
func (s *sink) accuracy(ctx context.Context, p *parameters) (any, error) {
	q := sinks.ChangeQuery{Service: p.text("service"), Namesakes: true, Environment: p.text("environment")}
	var now time.Time
	q.AsOf, now = p.asOf(s.reader.Status().Now)
	q.From, q.To = p.span(now)
	if err := s.checkNames(ctx, p, true); err != nil {
		return nil, err
	}
	if p.err != nil {
		return nil, p.err
	}
	return sinks.Accuracy(ctx, s.reader, q)
}

// noteKeys are the keys of the body.
var noteKeys = []string{"kind", "change", "incident", "revision", "caused_by", "label", "value", "reason", "withdrawn", "at"}

// readNote reads the body of a note, or says what is wrong with it.
func readNote(from io.Reader) (body Said, wrong *Error) {
	text, err := io.ReadAll(from)
	if err != nil {
		return body, &Error{Error: fmt.Sprintf("the body can't be read, or is longer than %d bytes", mostNote)}
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(text, &keys); err != nil {
		return body, &Error{Error: `must be a JSON object, such as {"kind": "overrule", "change": "…", "reason": "…"}`}
	}
	for key := range keys {
		switch {
		case key == "by":
			return body, &Error{"is the name under which the request was authenticated: leave it out", key}
		case !slices.Contains(noteKeys, key):
			return body, &Error{fmt.Sprintf("unknown key; known are %v", noteKeys), clip(key)}
		}
	}
	var wrongType *json.UnmarshalTypeError
	switch err := json.Unmarshal(text, &body); {
	case err == nil:
		return body, nil
	case errors.As(err, &wrongType):
		return body, &Error{fmt.Sprintf("must not be a %s", wrongType.Value), wrongType.Field}
	}
	return body, &Error{"must be an RFC 3339 time", "at"}
}

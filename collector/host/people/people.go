// Package people answers: how is what people say taken in?
//
// A note becomes a delivery with one fact, and goes the way of every other: into the log first, then to the engine.
package people

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/sinks"
)

// Source is the source of what people say by the API and the pages. Each note is a delivery: the fact as JSON.
const Source = "people"

// digest names what reads these deliveries. It changes whenever something else is read from them.
const digest = "people/1"

// Taker implements sinks.Noter.
type Taker struct {
	Ledger ledger.Ledger
	Intake source.Intake
	Now    func() time.Time
}

var _ sinks.Noter = Taker{}

// project reads a delivery of Source.
func project(raw correlate.Raw) correlate.Projection {
	p := correlate.Projection{Digest: digest}
	var f correlate.Fact
	err := json.Unmarshal(raw.Body, &f)
	if err == nil {
		err = f.Validate()
	}
	if err != nil {
		p.Problem = "unmapped: " + err.Error()
		return p
	}
	p.Facts = []correlate.Fact{f}
	return p
}

// Register has the deliveries read that are notes.
func Register(i source.Intake) {
	i.Register(Source, source.Projector{Digest: digest, Project: project})
}

// Note implements sinks.Noter.
func (t Taker) Note(ctx context.Context, n correlate.Note) (correlate.Note, error) {
	now := t.Now().UTC()
	switch {
	case n.At.IsZero():
		n.At = now.Truncate(time.Millisecond)
	case n.At.After(now):
		return n, &correlate.FieldError{Field: "at", Want: "must not lie in the future; the clock here says " + now.Format(time.RFC3339)}
	}
	n = n.UTC()
	if err := n.Validate(); err != nil {
		return n, err
	}
	if err := t.known(ctx, &n); err != nil {
		return n, err
	}
	body, err := json.Marshal(correlate.Fact{Note: &n})
	if err != nil {
		return n, err
	}
	raw := correlate.Raw{
		Source: Source, ID: source.BodyID(body), ReceivedAt: now, Body: body,
		Header: map[string]string{"Content-Type": "application/json"},
	}
	if _, err := t.Intake.Commit(ctx, []correlate.Entry{{Raw: raw, Projection: project(raw)}}, nil); err != nil {
		return n, err
	}
	return n, t.applied(ctx, n)
}

// known checks that somebody reported what a note is about and names, and fills in the verdict that it is about.
func (t Taker) known(ctx context.Context, n *correlate.Note) error {
	if n.Incident != "" {
		if found, err := t.notesOf(ctx, *n); err != nil || found == nil {
			return errors.Join(err, missing(found == nil && err == nil, "incident", n.Incident))
		}
	} else {
		c, _, err := t.Ledger.Change(ctx, n.Change)
		if err != nil {
			return err
		}
		if n.Kind != correlate.NoteLabel && n.Revision == 0 && c.Verdict != nil {
			n.Revision = c.Verdict.Revision
		}
		if n.Kind == correlate.NoteAcknowledge && c.Verdict == nil && !n.Withdrawn {
			return &correlate.FieldError{Field: "change", Want: "there is no verdict on it yet to acknowledge"}
		}
	}
	if n.CausedBy == "" || n.CausedBy == correlate.CausedByNone {
		return nil
	}
	_, _, err := t.Ledger.Change(ctx, n.CausedBy)
	if errors.Is(err, ledger.ErrNotFound) {
		return &correlate.FieldError{Field: "caused_by", Want: "nobody reported a change with this id"}
	}
	return err
}

func missing(is bool, what, id string) error {
	if !is {
		return nil
	}
	return fmt.Errorf("%s %q: %w", what, id, sinks.ErrNotFound)
}

// notesOf are the notes in the record of what a note is about, nil when nobody reported it.
func (t Taker) notesOf(ctx context.Context, n correlate.Note) (notes *[]correlate.Note, err error) {
	if n.Incident == "" {
		c, _, err := t.Ledger.Change(ctx, n.Change)
		return &c.Notes, err
	}
	found, err := t.Ledger.Recall(ctx, ledger.Recollection{Incidents: []string{n.Incident}})
	if err != nil || len(found.Incidents) == 0 {
		return nil, err
	}
	return &found.Incidents[0].Notes, nil
}

const (
	// appliedWithin is how long who says something waits until it shows: applying facts takes a twentieth of a second,
	// unless a history is being taken in.
	appliedWithin = 2 * time.Second
	appliedEvery  = 20 * time.Millisecond
)

// applied waits until a note shows in the record that it is about, but not for long: it is kept, whatever comes.
func (t Taker) applied(ctx context.Context, n correlate.Note) error {
	ctx, cancel := context.WithTimeout(ctx, appliedWithin)
	defer cancel()
	look := time.NewTicker(appliedEvery)
	defer look.Stop()
	for {
		notes, err := t.notesOf(ctx, n)
		if err == nil && notes != nil && slices.Contains(*notes, n) {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		}
	}
}

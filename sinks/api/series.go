package api

import (
	"context"
	"strconv"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
)

// ChangeSeries answers what was measured around a change.
type ChangeSeries struct {
	ChangeID string            `json:"change_id"`
	Series   *correlate.Series `json:"series"`
}

// series answers with what was measured around a change as of now, an instant, or a revision of its verdict.
func (s *sink) series(ctx context.Context, p *parameters) (any, error) {
	asOf, _ := p.asOf(s.reader.Status().Now)
	revision := p.revision()
	if p.err == nil && revision > 0 && !asOf.IsZero() {
		p.wrong("revision", "as_of says already which one: give one of the two")
	}
	if p.err != nil {
		return nil, p.err
	}
	if _, _, err := s.reader.Change(ctx, p.id); err != nil {
		return nil, err
	}
	answer := ChangeSeries{ChangeID: p.id}
	if !asOf.IsZero() {
		then, err := s.reader.ChangeRevisions(ctx, p.id, asOf, 1)
		if err != nil {
			return nil, err
		}
		if len(then) == 0 {
			return nil, sinks.ErrNotFound
		}
		v := then[len(then)-1].Record.Verdict
		if v == nil {
			return answer, nil
		}
		revision = v.Revision
	}
	var err error
	answer.Series, err = s.reader.Series(ctx, p.id, revision)
	return answer, err
}

// revision is that of a verdict, 0 when it isn't given.
func (p *parameters) revision() int {
	if !p.query.Has("revision") {
		return 0
	}
	n, err := strconv.Atoi(p.query.Get("revision"))
	if err != nil || n < 1 {
		p.wrong("revision", "%q is not the number of a revision: they are counted from 1", clip(p.query.Get("revision")))
		return 0
	}
	return n
}

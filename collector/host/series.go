package host

import (
	"context"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/engine"
)

// Series implements sinks.Reader. What is known now of a change that is observed is of the loop; while that is busy for long it
// is what was kept last.
func (r reader) Series(ctx context.Context, id string, revision int) (s *correlate.Series, err error) {
	if revision == 0 && r.h.ask(ctx, func(l *loop) { s = engine.Series(l.engine, id) }) && s != nil {
		return s, nil
	}
	kept, err := r.h.ledger.Series(ctx, id)
	if err != nil || len(kept) == 0 {
		return nil, err
	}
	if revision == 0 {
		return &kept[len(kept)-1], nil
	}
	for _, k := range slices.Backward(kept) {
		if k.Revision <= revision {
			return &k, nil
		}
	}
	return r.seriesBefore(ctx, id, revision, kept[0])
}

// seriesBefore is the series of a revision with which none is kept any more: a later one, as far as it had come by then.
func (r reader) seriesBefore(ctx context.Context, id string, revision int, later correlate.Series) (*correlate.Series, error) {
	_, verdicts, err := r.h.ledger.Change(ctx, id)
	for _, v := range verdicts {
		if v.Revision == revision {
			cut := later.Until(v.DecidedAt)
			cut.Revision = revision
			return &cut, nil
		}
	}
	return nil, err
}

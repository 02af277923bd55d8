package api

import (
	"context"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/sinks"
)

// mostRevisions is how many of the newest revisions of a record are shown.
const mostRevisions = 200

// change answers with one change. As of an instant of the past it leaves the regressions out: of them no history is kept.
func (s *sink) change(ctx context.Context, p *parameters) (any, error) {
	asOf, _ := p.asOf(s.reader.Status().Now)
	if p.err != nil {
		return nil, p.err
	}
	record, verdicts, err := s.reader.Change(ctx, p.id)
	if err != nil {
		return nil, err
	}
	revisions, err := s.reader.ChangeRevisions(ctx, p.id, asOf, mostRevisions+1)
	if err != nil {
		return nil, err
	}
	if !asOf.IsZero() {
		return s.changeAsOf(ctx, verdicts, revisions, asOf)
	}
	regressions, err := s.reader.Regressions(ctx, sinks.RegressionQuery{ChangeID: p.id})
	if err != nil {
		return nil, err
	}
	answer := Change{
		Change: record, Verdicts: list(verdicts), Regressions: list(regressions), Revisions: steps(revisions),
	}
	if record.Phase == correlate.PhaseObserving {
		answer.Outlook = s.reader.Outlook(ctx, p.id)
	}
	if v := record.Verdict; v != nil && v.Reason == correlate.ReasonNoTelemetry {
		answer.HeardIn = s.reader.HeardIn(ctx, record.Service)
	}
	answer.Explanation = inWords(answer)
	return answer, nil
}

// InWords explains a change.
func (c Change) InWords() words.Explanation {
	return words.Explain(c.Change, c.Regressions).Heard(c.HeardIn).Ahead(c.Outlook)
}

func inWords(c Change) Explanation {
	e := c.InWords()
	return Explanation{e.Headline(), e.Lines()}
}

// changeAsOf answers from the revisions until an instant.
func (s *sink) changeAsOf(ctx context.Context, verdicts []correlate.Verdict, revisions []correlate.ChangeRevision, asOf time.Time) (any, error) {
	if len(revisions) == 0 { // nobody had told of it, or that isn't known
		if _, err := s.reader.Changes(ctx, sinks.ChangeQuery{AsOf: asOf, Limit: 1}); err != nil {
			return nil, err
		}
		return nil, sinks.ErrNotFound
	}
	then := revisions[len(revisions)-1].Record
	known := slices.DeleteFunc(slices.Clone(verdicts), func(v correlate.Verdict) bool {
		return then.Verdict == nil || v.Revision > then.Verdict.Revision
	})
	answer := Change{Change: then, Verdicts: list(known), Regressions: []correlate.Regression{}, Revisions: steps(revisions)}
	answer.Explanation = inWords(answer)
	return answer, nil
}

// steps says what each revision changed.
func steps(revisions []correlate.ChangeRevision) []Revision {
	all := []Revision{}
	for i, r := range revisions {
		if len(revisions)-i > mostRevisions { // it is there to be compared with
			continue
		}
		step := Revision{Revision: r.Revision, RecordedAt: r.RecordedAt, Cause: r.Cause, Changed: []correlate.FieldChange{}}
		if i > 0 {
			step.Changed = list(correlate.ChangeFields(revisions[i-1].Record, r.Record))
		}
		all = append(all, step)
	}
	return all
}

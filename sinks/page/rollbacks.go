package page

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/sinks"
)

// rollbacksBody is the list of decisions on rollbacks.
type rollbacksBody struct {
	KillSwitch correlate.KillSwitch
	Rows       []rollbackRow
	Service    string
	Change     string
	Result     correlate.RollbackResult
	Results    []correlate.RollbackResult
}

type rollbackRow struct {
	Rollback correlate.Rollback
	Word     string // how it stands
	Says     string
	Verdict  *mark // of the change that took it back
}

func (s *sink) rollbacks(ctx context.Context, r *http.Request) (view, error) {
	q := r.URL.Query()
	body := rollbacksBody{
		Service: q.Get("service"), Change: q.Get("change"), Result: correlate.RollbackResult(q.Get("result")),
		Results: append([]correlate.RollbackResult{""}, correlate.RollbackResults()...),
	}
	found, err := s.reader.Rollbacks(ctx, sinks.RollbackQuery{Service: body.Service, ChangeID: body.Change, Result: body.Result, Limit: mostRows})
	if err != nil {
		return view{}, err
	}
	if body.KillSwitch, err = s.reader.KillSwitch(ctx); err != nil {
		return view{}, err
	}
	for _, is := range found {
		row, err := s.rollbackRow(ctx, is)
		if err != nil {
			return view{}, err
		}
		body.Rows = append(body.Rows, row)
	}
	return view{Template: "rollbacks", Title: "Rollbacks", Nav: "rollbacks", Live: "/events/", Body: body}, nil
}

func (s *sink) rollbackRow(ctx context.Context, is correlate.Rollback) (rollbackRow, error) {
	row := rollbackRow{Rollback: is, Word: words.Plain(string(is.State())), Says: capital(words.Rollback(is))}
	if is.DoneBy == "" {
		return row, nil
	}
	by, _, err := s.reader.Change(ctx, is.DoneBy)
	if err == nil {
		m := markOf(by)
		row.Verdict = &m
	}
	if errors.Is(err, sinks.ErrNotFound) {
		err = nil
	}
	return row, err
}

// mostDecisions is how many of the decisions on a change are looked through for the one that says most.
const mostDecisions = 100

// rollback is the decision on a change that says most: the request, what would have been one, or the newest refusal. Of the past
// it is what had been decided by then, and what had become of it.
func (s *sink) rollback(ctx context.Context, c correlate.ChangeRecord, at time.Time) (*correlate.Rollback, error) {
	found, err := s.reader.Rollbacks(ctx, sinks.RollbackQuery{ChangeID: c.ID, To: at, Limit: mostDecisions})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	says := found[0]
	for _, result := range []correlate.RollbackResult{correlate.RollbackWould, correlate.RollbackRequested} {
		for _, is := range found {
			if is.Result == result {
				says = is
			}
		}
	}
	if !at.IsZero() {
		says.AcknowledgedAt, says.DoneAt, says.WithdrawnAt, says.UnansweredAt = known(says.AcknowledgedAt, at), known(says.DoneAt, at), known(says.WithdrawnAt, at), known(says.UnansweredAt, at)
		if says.DoneAt.IsZero() {
			says.DoneBy = ""
		}
	}
	return &says, nil
}

// known is an instant that had come by another one, else zero.
func known(t, by time.Time) time.Time {
	if t.After(by) {
		return time.Time{}
	}
	return t
}

// capital begins with a capital letter and ends with a stop.
func capital(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + strings.TrimSuffix(text[size:], ".") + "."
}

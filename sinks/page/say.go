package page

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/access"
	"github.com/shipwake/shipwake/sinks"
)

// say keeps what a form says of a change or an incident, and leads back to the page that it is on.
func (s *sink) say(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, mostForm)
	if err := r.ParseForm(); err != nil {
		s.refuse(w, r, &problem{http.StatusBadRequest, "The form can't be read", "Load the page again."})
		return
	}
	form := r.PostForm
	_, err := sinks.Say(r.Context(), s.reader, correlate.Note{
		Kind: correlate.NoteKind(form.Get("kind")), Change: form.Get("change"), Incident: form.Get("incident"), CausedBy: form.Get("caused_by"),
		Label: form.Get("label"), Value: form.Get("value"), Reason: form.Get("reason"), Withdrawn: form.Get("withdrawn") == "true",
		By: access.Of(r.Context()).Name,
	})
	var field *correlate.FieldError
	switch {
	case err == nil:
		back := changePath(form.Get("on"))
		if form.Get("on") == "" {
			back = "/incidents"
		}
		headers(w)
		http.Redirect(w, r, back, http.StatusSeeOther)
	case errors.As(err, &field):
		s.refuse(w, r, &problem{http.StatusBadRequest, "That can't be said: " + field.Error(), "Go back and correct it."})
	default:
		s.refuse(w, r, explain(err))
	}
}

// mostForm bounds a form, in bytes.
const mostForm = 64 << 10

// refuse answers with the page of a problem.
func (s *sink) refuse(w http.ResponseWriter, r *http.Request, p *problem) {
	s.page(func(_ context.Context, _ *http.Request) (view, error) { return view{}, p }).ServeHTTP(w, r)
}

// saying is what people said of a change, and what may be said of it now.
type saying struct {
	Of           correlate.ChangeRecord
	Acknowledged *correlate.Note // nil when nobody saw the verdict
	Overruled    *correlate.Note
	Confirmed    *correlate.Note
	Pinned       []correlate.Note
	History      []correlate.Note // all that was said, the newest first
	Judged       bool             // it was judged regressed, or an incident is held against it
	Open         bool             // something may be said: the page shows what is known now
}

// Shown: something was said, or may be.
func (s saying) Shown(may bool) bool { return may || len(s.History) > 0 }

func newSaying(c correlate.ChangeRecord, open bool) saying {
	s := saying{
		Of: c, Acknowledged: c.Acknowledged(), Overruled: c.Overruled(), Confirmed: c.Confirmed(), Pinned: c.Pinned(),
		Judged: c.Verdict != nil && c.Verdict.Outcome == correlate.Regressed || len(c.Incidents) > 0, Open: open,
	}
	s.History = slices.Clone(c.Notes)
	slices.Reverse(s.History)
	return s
}

package gate

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/gate"
)

// flaggerHook is what Flagger posts to each of its webhooks (docs.flagger.app/usage/webhooks, read for 1.30 to 1.40). It
// takes 200, 201 and 202 for yes and anything else for no, and writes the body of a no into the events of the canary.
type flaggerHook struct {
	Name      string            `json:"name"`
	Namespace string            `json:"namespace"`
	Checksum  string            `json:"checksum"` // of what is rolled out
	Metadata  map[string]string `json:"metadata"`
}

// passes says whether an answer is a yes to the hook.
type passes func(found) bool

// passOnProceed is for the hooks that go on with a yes: confirm-rollout, confirm-traffic-increase, confirm-promotion.
func passOnProceed(f found) bool { return f.Decision == gate.Proceed }

// passOnRegressed is for the hook rollback, which takes the canary back with a yes: only for a change that was judged regressed
// and whose fault lasts.
func passOnRegressed(f found) bool {
	return f.Decision == gate.Stop && f.Why == gate.Regressed && f.change.Verdict.RecoveredAt == nil && f.change.RecoveredAt.IsZero()
}

// mostDays is how many days ago the canary may have begun that a hook is about: its change is named after the day.
const mostDays = 7

// flagger answers one kind of Flagger's webhooks. Holds says why a yes isn't given after all; nil: it always is.
func (s *sink) flagger(stage gate.Stage, pass passes, holds func(context.Context, found) (string, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var hook flaggerHook
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, mostBody)).Decode(&hook); err != nil || hook.Name == "" {
			http.Error(w, "shipwake: the body must be the JSON that Flagger posts, with the name of the canary", http.StatusBadRequest)
			return
		}
		f, err := s.askFlagger(r, stage, hook)
		var held string // the reason of a yes that isn't given
		if err == nil && pass(f) && holds != nil {
			held, err = holds(r.Context(), f)
		}
		switch {
		case err != nil:
			http.Error(w, "shipwake: the record can't be read now", http.StatusServiceUnavailable)
		case held != "":
			http.Error(w, s.said(f, hook)+"; "+held, http.StatusForbidden)
		case pass(f):
			fmt.Fprintln(w, s.said(f, hook))
		default:
			http.Error(w, s.said(f, hook), http.StatusForbidden)
		}
	})
}

func (s *sink) said(f found, hook flaggerHook) string {
	q := question{service: hook.service(), version: hook.Metadata["version"], environment: hook.environment()}
	a := s.answer(q, f)
	text := "shipwake: " + string(a.Decision) + ": " + a.Message
	if f.change == nil && f.Why == gate.Unreported {
		text += "; Flagger tells it by a webhook of the type event, see docs/gate.md"
	}
	return text
}

func (h flaggerHook) service() string { return or(h.Metadata["service"], h.Name) }

func (h flaggerHook) environment() string {
	return or(h.Metadata["environment"], correlate.DefaultEnvironment)
}

// askFlagger asks about the change that the source flagger names after the canary, its checksum and the day on which it
// began; or about the version that the metadata of the hook tell.
func (s *sink) askFlagger(r *http.Request, stage gate.Stage, hook flaggerHook) (f found, err error) {
	q := question{stage: stage, undecided: s.cfg.OnUndecided, service: hook.service(), version: hook.Metadata["version"], environment: hook.environment()}
	if q.version != "" || stage == gate.Start {
		return s.ask(r.Context(), q)
	}
	now := s.reader.Status().Now
	for day := range mostDays {
		q.id = fmt.Sprintf("flagger-%s/%s-%s-%s", hook.Namespace, hook.Name, hook.Checksum, now.AddDate(0, 0, -day).Format(time.DateOnly))
		if f, err = s.ask(r.Context(), q); err != nil || f.change != nil {
			return f, err
		}
	}
	return f, nil
}

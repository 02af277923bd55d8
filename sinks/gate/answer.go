package gate

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/gate"
	"github.com/shipwake/shipwake/correlate/words"
)

// Answer is what is answered, always with 200.
type Answer struct {
	Decision gate.Decision `json:"decision"`
	Reason   gate.Why      `json:"reason"`
	Message  string        `json:"message"` // the reason in words
	Change   string        `json:"change,omitempty"`
	Verdict  *Verdict      `json:"verdict"` // null while there is none
	Rules    []Rule        `json:"rules"`
	Open     []string      `json:"open,omitempty"` // regressions and incidents that are open on the service
	// Until is when the waiting ends; null when it doesn't by itself, or when nothing is waited for.
	Until *time.Time `json:"until"`
	// RetryAfter is in how many seconds to ask again; 0 when there is no need to.
	RetryAfter int    `json:"retry_after_s"`
	Page       string `json:"page,omitempty"` // everything that is known of the change
}

// Verdict is that of the change, in short.
type Verdict struct {
	Outcome correlate.Outcome `json:"outcome"`
	Reason  correlate.Reason  `json:"reason"`
	Grade   correlate.Grade   `json:"grade,omitempty"`
	Final   bool              `json:"final"`
}

// Rule is one thing that was asked of the change.
type Rule struct {
	Name    string       `json:"name"`
	Outcome gate.Outcome `json:"outcome"`
}

// Error is the body of everything but a 200.
type Error struct {
	Error     string `json:"error"`
	Parameter string `json:"parameter,omitempty"`
}

// answer says what was found.
func (s *sink) answer(q question, f found) Answer {
	a := Answer{
		Decision: f.Decision, Reason: f.Why, Message: words.Gate(f.Answer, f.change, q.subject(f.Answer)), Rules: []Rule{}, Open: f.Open,
		RetryAfter: int(f.RetryAfter.Round(time.Second) / time.Second),
	}
	if !f.Until.IsZero() {
		a.Until = &f.Until
	}
	for _, r := range f.Rules {
		a.Rules = append(a.Rules, Rule(r))
	}
	if c := f.change; c != nil {
		a.Change = c.ID
		a.Page = strings.TrimSuffix(s.cfg.PublicURL, "/") + "/changes/" + url.PathEscape(c.ID)
		if v := c.Verdict; v != nil {
			a.Verdict = &Verdict{v.Outcome, v.Reason, v.Grade, v.Final}
		}
	}
	return a
}

// subject names what an answer is about, for when nobody has reported it: the change, or the same release where it has to
// be healthy before.
func (q question) subject(a gate.Answer) string {
	place := q.environment
	if a.Why != gate.Repair {
		place = or(q.after, place)
	}
	switch {
	case q.version != "":
		return q.service + " " + q.version + " in " + place
	case q.after != "":
		return q.id + " in " + place
	}
	return q.id
}

// serve answers the question itself.
func (s *sink) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, HEAD, POST")
		reply(w, http.StatusMethodNotAllowed, Error{Error: "use GET with a query, or POST with a JSON object"})
		return
	}
	values, err := read(w, r)
	if err != nil {
		refuse(w, err)
		return
	}
	q, err := s.parse(values)
	if err != nil {
		refuse(w, err)
		return
	}
	f, err := s.ask(r.Context(), q)
	switch {
	case err == nil:
		reply(w, http.StatusOK, s.answer(q, f))
	case r.Context().Err() == nil: // else the asker has gone
		refuse(w, err)
	}
}

// refuse says which parameter is wrong; anything else is that the record can't be read.
func refuse(w http.ResponseWriter, err error) {
	var asked *wrong
	if errors.As(err, &asked) {
		reply(w, http.StatusBadRequest, Error{asked.want, asked.parameter})
		return
	}
	w.Header().Set("Retry-After", "5")
	reply(w, http.StatusServiceUnavailable, Error{Error: "the record can't be read now; try again"})
}

func reply(w http.ResponseWriter, status int, body any) {
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(body); err != nil {
		http.Error(w, "the answer can't be written as JSON", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

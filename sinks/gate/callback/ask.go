package callback

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/shipwake/shipwake/correlate/gate"
)

// Ask is what a tool asked, as it is kept until it is answered.
type Ask struct {
	ID     string `json:"id"` // the same for the same question, however often it is delivered
	Caller string `json:"caller"`
	// Subject is what a later ask takes the place of an earlier one of; "": no other does.
	Subject  string          `json:"subject,omitempty"`
	Question Question        `json:"question"`
	At       time.Time       `json:"at"`
	Callback json.RawMessage `json:"callback"` // what the caller needs to answer
}

// Question is what is asked of a release, in the names of the tool until the daemon's rules have given it theirs. Zero
// fields are chosen by the configuration.
type Question struct {
	Stage       gate.Stage `json:"gate"`
	Service     string     `json:"service"`
	Version     string     `json:"version"`
	Commit      string     `json:"commit,omitempty"`
	Environment string     `json:"environment"`
	After       string     `json:"after,omitempty"`
	Repair      bool       `json:"repair,omitempty"`
	// Alone: no other environment comes before, whatever the settings say.
	Alone     bool          `json:"alone,omitempty"`
	Deadline  time.Time     `json:"deadline"`
	Undecided gate.Decision `json:"on_undecided"`
}

// Answer is what the tool is told. One that is gate.Wait says only how it stands.
type Answer struct {
	Decision gate.Decision `json:"decision"`
	Text     string        `json:"text"`
	Page     string        `json:"page,omitempty"`
}

// Caller is a tool that asks once. It is safe for concurrent use.
type Caller interface {
	// Name is that of the tool in paths, queues and settings.
	Name() string
	Settings() Common
	// MostWait is how long the tool waits at most, so that it gets an answer before.
	MostWait() time.Duration
	// Read reads a request that came at an instant. Its error is a *Refusal, or an Ignored for what asks nothing.
	Read(header http.Header, body []byte, now time.Time) (Ask, error)
	// Informs says whether the tool can be told how it stands before there is an answer.
	Informs() bool
	// Answer tells it, at an instant. It may do so twice. Its error is a *sinks.Undelivered.
	Answer(ctx context.Context, ask Ask, answer Answer, now time.Time) error
	Close()
}

// Refusal is a request that is answered with a status that says no. Its text holds nothing secret.
type Refusal struct {
	Status int
	Why    string
}

func (r *Refusal) Error() string { return r.Why }

func refuse(status int, format string, args ...any) *Refusal {
	return &Refusal{status, fmt.Sprintf(format, args...)}
}

// Ignored is why a request asks nothing.
type Ignored string

func (i Ignored) Error() string { return string(i) }

// decode reads the JSON that a tool posts.
func decode(body []byte, to any, tool string) error {
	if err := json.Unmarshal(body, to); err != nil {
		return refuse(http.StatusBadRequest, "the body must be the JSON that %s posts", tool)
	}
	return nil
}

// About is what an ask is the newest of.
func (a Ask) About() string { return cmp.Or(a.Subject, a.ID) }

// said is an answer as one text of at most so many characters.
func (a Answer) said(most int) string {
	text := "Shipwake: " + string(a.Decision) + ": " + a.Text
	if link := " " + a.Page; strings.HasPrefix(a.Page, "http") && len([]rune(text+link)) <= most {
		text += link
	}
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most-1]) + "…"
	}
	return text
}

// Package tell answers: how does a script tell a daemon that a change or an incident happened?
//
// A report is one fact in the generic format. It is sent to the daemon's webhooks until the daemon has it, says that it is
// wrong, or time is up; then it goes to a spool, a file that the next report sends along. The daemon knows the same report
// by its bytes, so that one that is sent twice counts once.
package tell

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// RefusedError is what a daemon says that doesn't take a report: to send it again is of no use.
type RefusedError struct{ Status, Why string }

func (e *RefusedError) Error() string {
	return "the daemon doesn't take it: " + e.Status + ": " + e.Why
}

// ErrAway is wrapped when no daemon could be told in time.
var ErrAway = errors.New("the daemon could not be told")

// Answer is what a daemon says of a report that it has.
type Answer struct {
	ID         string `json:"id"`
	Facts      int    `json:"facts"`
	Deliveries int    `json:"deliveries"` // of several in one message
	Ignored    string `json:"ignored"`    // why a delivery says nothing of a change or an incident
	Duplicates int    `json:"duplicates"`
	Problem    string `json:"problem"` // why it is kept in quarantine
}

// Teller tells one daemon.
type Teller struct {
	// URL is where the daemon takes the generic format, such as http://127.0.0.1:8787/hooks/generic.
	URL string
	// Token is sent as a bearer token; "" for none.
	Token string
	// Client sends.
	Client *http.Client
	// Patience is how long a report is tried; 0 is once.
	Patience time.Duration
	// Wait waits for a time, or until the context ends; nil is by the clock.
	Wait func(context.Context, time.Duration) error
}

// Validate refuses a URL that is none, without the password in it.
func (t *Teller) Validate() error {
	u, err := url.Parse(t.URL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		text := t.URL
		if at := strings.LastIndex(text, "@"); at >= 0 {
			text = "…" + text[at:]
		}
		return fmt.Errorf("%q is not where a daemon takes webhooks; want a URL like http://127.0.0.1:8787/hooks/generic", text)
	}
	return nil
}

const (
	firstPause = 500 * time.Millisecond
	maxPause   = 10 * time.Second
)

// Send tells of one report. The error is a *RefusedError, or wraps ErrAway.
func (t *Teller) Send(ctx context.Context, report []byte) (Answer, error) {
	return t.Post(ctx, http.Header{"Content-Type": {"application/json"}}, report)
}

// Post sends a message with a header of its own, as Send does.
func (t *Teller) Post(ctx context.Context, header http.Header, body []byte) (Answer, error) {
	var waited time.Duration
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		answer, after, err := t.once(ctx, header, body)
		var refused *RefusedError
		if err == nil || errors.As(err, &refused) {
			return answer, err
		}
		pause = max(pause, after)
		if waited+pause > t.Patience {
			return Answer{}, fmt.Errorf("%w: %w", ErrAway, err)
		}
		waited += pause
		if err := t.wait(ctx, pause); err != nil {
			return Answer{}, fmt.Errorf("%w: %w", ErrAway, err)
		}
	}
}

// Tell is Send of a change that must not be kept in quarantine.
func (t *Teller) Tell(ctx context.Context, c correlate.Change) error {
	report, err := json.Marshal(c)
	if err != nil {
		return err
	}
	answer, err := t.Send(ctx, report)
	if err == nil && answer.Problem != "" {
		return fmt.Errorf("%s: the daemon keeps it in quarantine: %s", c.ID, answer.Problem)
	}
	return err
}

func (t *Teller) wait(ctx context.Context, pause time.Duration) error {
	if t.Wait != nil {
		return t.Wait(ctx, pause)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(pause):
		return nil
	}
}

// longest is the longest answer that is read, in bytes.
const longest = 1 << 20

// once is one try. After is how long the daemon wants to be left alone.
func (t *Teller) once(ctx context.Context, header http.Header, report []byte) (answer Answer, after time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.URL, bytes.NewReader(report))
	if err != nil {
		return Answer{}, 0, err
	}
	req.Header = header.Clone()
	if t.Token != "" {
		req.Header.Set("Authorization", "Bearer "+t.Token)
	}
	res, err := t.Client.Do(req)
	if err != nil {
		return Answer{}, 0, bare(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, longest))
	if err != nil {
		return Answer{}, 0, err
	}
	switch {
	case res.StatusCode == http.StatusAccepted:
		err = json.Unmarshal(body, &answer)
		return answer, 0, err
	case res.StatusCode >= 500, res.StatusCode == http.StatusTooManyRequests, res.StatusCode == http.StatusRequestTimeout:
		seconds, _ := strconv.Atoi(res.Header.Get("Retry-After"))
		return Answer{}, time.Duration(seconds) * time.Second, errors.New(res.Status + ": " + why(body))
	}
	return Answer{}, 0, &RefusedError{res.Status, why(body)}
}

// bare is an error of a request without the URL, which may hold a password.
func bare(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}

// why is what an answer says of an error.
func why(body []byte) string {
	var said struct{ Error, Path string }
	if json.Unmarshal(body, &said) != nil || said.Error == "" {
		return "no reason is given; is this a daemon's address?"
	}
	return said.Error
}

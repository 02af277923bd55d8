package call

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/shipwake/shipwake/internal/outgoing"
	"github.com/shipwake/shipwake/sinks"
)

// Answer is what a receiver said.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte // what was read of it
}

// Do makes one request, which must have no deadline of its own, and reads up to a number of bytes of the answer's body. An
// error is a *sinks.Undelivered of the cause Unreachable.
func (c *Client) Do(ctx context.Context, request *http.Request, most int64) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	answer, body, err := outgoing.Ask(c.http, request.WithContext(ctx), most)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("no answer within %s", c.timeout)
		}
		return Answer{}, Unreachable(err)
	}
	return Answer{Status: answer.StatusCode, Header: answer.Header, Body: body}, nil
}

// Unreachable is an error that says nothing of the message.
func Unreachable(err error) error {
	var refused *outgoing.Refused
	if errors.As(err, &refused) {
		return &sinks.Undelivered{Cause: sinks.Unreachable, Err: refused}
	}
	return &sinks.Undelivered{Cause: sinks.Unreachable, Err: errors.New(Clean(err.Error()))}
}

// mostSaid is how many bytes of what a stranger says an error may have.
const mostSaid = 300

// Clean is what a stranger may have put into an error, on one line and short.
func Clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	if len(text) > mostSaid {
		text = strings.ToValidUTF8(text[:mostSaid], "") + "…"
	}
	return text
}

// Outcome reads an answer by its status alone: nil for 2xx. Redirects are none.
func Outcome(a Answer, now time.Time) *sinks.Undelivered {
	if a.Status >= 200 && a.Status < 300 {
		return nil
	}
	u := &sinks.Undelivered{
		Cause: causeOf(a.Status), After: RetryAfter(a.Header.Get("Retry-After"), now),
		Err: fmt.Errorf("the receiver answered %d %s", a.Status, http.StatusText(a.Status)),
	}
	if a.Status >= 300 && a.Status < 400 {
		u.Err = fmt.Errorf("%w: redirects are not followed; set url to where it leads", u.Err)
	}
	return u
}

func causeOf(status int) sinks.Cause {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return sinks.Unreachable
	}
	if status >= 500 {
		return sinks.Failed
	}
	return sinks.Refused
}

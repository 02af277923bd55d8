package template

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/call"
)

// errGone says that there is nothing to find, or to update any more.
var errGone = errors.New("there is no such thing any more")

// judge says what an answer to a step means: nil, errGone, or a *sinks.Undelivered. Words are cleaned of what is secret.
func (f File) judge(s namedStep, a *answer, now time.Time, words func(string) string) error {
	for _, r := range append(slices.Clone(s.Answers), f.Answers...) {
		if !r.fits(a) {
			continue
		}
		switch r.Then {
		case delivered:
			return nil
		case gone:
			return errGone
		}
		return f.undelivered(a, causes[r.Then], r.Why, now, words)
	}
	if s.name == "find" && a.Status == http.StatusNotFound {
		return errGone
	}
	if u := call.Outcome(a.Answer, now); u != nil {
		return f.undelivered(a, u.Cause, u.Error(), now, words)
	}
	return nil
}

var causes = map[string]sinks.Cause{refused: sinks.Refused, failed: sinks.Failed, later: sinks.Unreachable}

func (r Rule) fits(a *answer) bool {
	if len(r.Status) > 0 && !slices.Contains(r.Status, a.Status) {
		return false
	}
	if r.At == "" {
		return true
	}
	value, ok := a.at(r.At)
	return ok && (len(r.In) == 0 || slices.Contains(r.In, value))
}

func (f File) undelivered(a *answer, c sinks.Cause, why string, now time.Time, words func(string) string) error {
	if why == "" {
		why = fmt.Sprintf("the receiver answered %d", a.Status)
	}
	for _, at := range f.Error {
		if own, ok := a.at(at); ok && own != "" {
			why += ": " + call.Clean(words(own))
			break
		}
	}
	return &sinks.Undelivered{Cause: c, Err: errors.New(why), After: f.after(a, now)}
}

// after is how long the receiver asks to be left alone: the longest that it says.
func (f File) after(a *answer, now time.Time) time.Duration {
	longest := call.RetryAfter(a.Header.Get("Retry-After"), now)
	for _, w := range f.Waits {
		if text, ok := a.at(w.At); ok {
			longest = max(longest, w.read(text, now))
		}
	}
	return longest
}

// mostWait bounds what a receiver may say, in seconds; the courier waits less.
const mostWait = 24 * 60 * 60

func (w Wait) read(text string, now time.Time) time.Duration {
	n, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil || math.IsNaN(n):
		return 0
	case w.Unit == "milliseconds":
		n /= 1000
	case w.Unit == "epoch":
		n -= float64(now.UnixMilli()) / 1000
	}
	return time.Duration(min(max(n, 0), mostWait) * float64(time.Second))
}

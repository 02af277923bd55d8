package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bounds of what an API's answer may do to us.
const (
	maxAnswer = 16 << 20          // bytes of a body
	maxReason = 4 << 10           // bytes of the body of a refusal
	leastWait = time.Second       // when somebody asks to be left alone
	mostWait  = 2 * time.Hour     // the longest limits are by the hour
	busyWait  = time.Minute       // when nobody says how long
	nextPage  = `rel="next"`      // RFC 8288, as GitHub and GitLab write it
	resetAt   = "Ratelimit-Reset" // GitHub puts X- before it, GitLab and PagerDuty don't
	remaining = "Ratelimit-Remaining"
)

// CheckAPI tells whether an address may be that of an API to which a secret is sent. The error says what would be right, and
// doesn't repeat the address.
func CheckAPI(address, example string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("must be a URL such as " + example)
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
		return errors.New("must begin with https://, since a secret is sent there")
	}
	return nil
}

func isLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// Answer is a document of an API.
type Answer struct {
	Body []byte
	// Next is the URL of the next page by the header Link, "" for the last one or when it leads to another host.
	Next string
}

// StatusError is an answer of an API that isn't a document.
type StatusError struct {
	Code int
	Path string // of the URL
	// Reason is the beginning of the body. It isn't part of the error's text, for it may say anything.
	Reason string
}

func (e *StatusError) Error() string {
	text := fmt.Sprintf("GET %s: %d %s", e.Path, e.Code, http.StatusText(e.Code))
	switch {
	case e.Code == http.StatusUnauthorized:
		return text + "; is the secret valid?"
	case e.Code == http.StatusForbidden || e.Code == http.StatusNotFound:
		return text + "; does it exist, and may the secret read it?"
	case slices.Contains([]int{301, 302, 303, 307, 308}, e.Code):
		return text + "; it has moved, configure its new name"
	}
	return text
}

// Fetch asks an API for a document. A *BusyError says that it wants to be left alone, a *StatusError that it answers
// otherwise. Errors don't repeat the query of the URL.
func Fetch(ctx context.Context, client *http.Client, address string, header http.Header) (Answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return Answer{}, errors.New("the URL can't be read")
	}
	request.Header = header.Clone()
	response, err := client.Do(request)
	if err != nil {
		return Answer{}, withoutURL(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return Answer{}, refusal(request, response)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return Answer{}, withoutURL(err)
	case len(body) > maxAnswer:
		return Answer{}, fmt.Errorf("GET %s: the answer is larger than %d bytes", request.URL.Path, maxAnswer)
	}
	return Answer{Body: body, Next: nextOf(request.URL, response.Header)}, nil
}

// refusal is what an answer without a document says.
func refusal(request *http.Request, response *http.Response) error {
	if busy := busyOf(response); busy != nil {
		return busy
	}
	reason, _ := io.ReadAll(io.LimitReader(response.Body, maxReason)) // what of it can be read
	return &StatusError{Code: response.StatusCode, Path: request.URL.Path, Reason: string(reason)}
}

// busyOf reads the ways in which an API asks to come again later: Retry-After, or nothing left of a limit and when it is
// filled again.
func busyOf(response *http.Response) *BusyError {
	code, header := response.StatusCode, response.Header
	limited := code == http.StatusTooManyRequests || code == http.StatusForbidden
	if wait, ok := retryAfter(header); ok && (limited || code == http.StatusServiceUnavailable) {
		return &BusyError{Wait: bounded(wait), Why: fmt.Sprintf("Retry-After with status %d", code)}
	}
	if limited && limitHeader(header, remaining) == "0" {
		if wait, ok := untilReset(header); ok {
			// A second more, since the reset is told in whole seconds.
			return &BusyError{Wait: bounded(wait + time.Second), Why: "the rate limit is used up"}
		}
	}
	if code == http.StatusTooManyRequests {
		return &BusyError{Wait: busyWait, Why: "too many requests"}
	}
	return nil
}

// limitHeader is a header about a rate limit, by its name with X- before it or without.
func limitHeader(header http.Header, name string) string {
	if text := header.Get("X-" + name); text != "" {
		return text
	}
	return header.Get(name)
}

// untilReset is how long it takes until a limit is filled again. It is told as Unix time (GitHub, GitLab, ServiceNow), as a
// time in words (Atlassian), or in seconds from now on (PagerDuty, and the IETF's draft of RateLimit header fields).
func untilReset(header http.Header) (time.Duration, bool) {
	const longAgo = 1e8 // as Unix time 1973, as seconds from now on three years
	text := limitHeader(header, resetAt)
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n < longAgo {
		return time.Duration(n) * time.Second, true
	}
	at, err := ParseTime(text)
	if err != nil {
		at, err = time.Parse("2006-01-02T15:04Z07:00", text) // Atlassian's has no seconds
	}
	if err != nil || at.IsZero() {
		return 0, false
	}
	return at.Sub(dateOf(header)), true
}

func retryAfter(header http.Header) (time.Duration, bool) {
	text := header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	if at, err := http.ParseTime(text); err == nil {
		return at.Sub(dateOf(header)), true
	}
	return 0, false
}

// dateOf is the time by the API's own clock, by which it counts.
func dateOf(header http.Header) time.Time {
	if at, err := http.ParseTime(header.Get("Date")); err == nil {
		return at
	}
	return time.Now()
}

func bounded(wait time.Duration) time.Duration { return min(max(wait, leastWait), mostWait) }

// links are the parts of a header Link: an address, which may have commas in it, and its parameters.
var links = regexp.MustCompile(`<([^>]*)>([^<]*)`)

// nextOf is the URL of the next page, on the same host.
func nextOf(asked *url.URL, header http.Header) string {
	for _, link := range links.FindAllStringSubmatch(strings.Join(header.Values("Link"), ","), -1) {
		if !strings.Contains(link[2], nextPage) {
			continue
		}
		next, err := asked.Parse(link[1])
		if err != nil || next.Scheme != asked.Scheme || next.Host != asked.Host {
			return ""
		}
		return next.String()
	}
	return ""
}

// withoutURL is what went wrong, without the method and the URL that http.Client puts before it.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

package api

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/shipwake/shipwake/internal/span"
)

// Limits of a list, and how far back "since" may reach.
const (
	standardLimit = 100
	mostLimit     = 1000
	mostDays      = 3650
	mostWindow    = 366  // days of a period
	mostQuery     = 8192 // bytes of the query, refused before it is parsed
)

// parameters reads the query of a request. The first parameter that is wrong is kept as the error.
type parameters struct {
	query url.Values
	id    string
	url   *url.URL
	err   error
}

// parameterError says which parameter is wrong and what would be right.
type parameterError struct {
	parameter, want string
	unknown         bool // it is well-formed, and there is no such thing
}

func (e *parameterError) Error() string { return e.parameter + ": " + e.want }

func (p *parameters) wrong(parameter, format string, args ...any) {
	if p.err == nil {
		p.err = &parameterError{parameter, fmt.Sprintf(format, args...), false}
	}
}

func (p *parameters) text(name string) string { return p.query.Get(name) }

// choice is one of a closed list, or the zero value when the parameter isn't given.
func choice[T ~string](p *parameters, name string, known ...T) T {
	value := T(p.query.Get(name))
	if p.query.Has(name) && !slices.Contains(known, value) {
		p.wrong(name, "%q is unknown; use one of %v", clip(string(value)), known)
	}
	return value
}

func (p *parameters) flag(name string) bool {
	if !p.query.Has(name) {
		return false
	}
	value, err := strconv.ParseBool(p.query.Get(name))
	if err != nil {
		p.wrong(name, "%q is neither true nor false", clip(p.query.Get(name)))
	}
	return value
}

func (p *parameters) limit() int {
	if !p.query.Has("limit") {
		return standardLimit
	}
	n, err := strconv.Atoi(p.query.Get("limit"))
	if err != nil || n < 1 || n > mostLimit {
		p.wrong("limit", "%q is not a whole number from 1 to %d", clip(p.query.Get("limit")), mostLimit)
	}
	return n
}

// span is the stretch of time that was asked for: since, or from and to. Zero times don't restrict.
func (p *parameters) span(now time.Time) (from, to time.Time) {
	from, to = p.instant("from"), p.instant("to")
	if p.query.Has("since") {
		if p.query.Has("from") {
			p.wrong("since", "give since or from, not both")
		}
		end := now
		if !to.IsZero() {
			end = to
		}
		from = end.Add(-p.duration("since"))
	}
	if !from.IsZero() && !to.IsZero() && !from.Before(to) {
		p.wrong("to", "must lie after from")
	}
	return from, to
}

func (p *parameters) instant(name string) time.Time {
	if !p.query.Has(name) {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, p.query.Get(name))
	if err != nil {
		p.wrong(name, "%q is not an RFC 3339 time such as 2026-03-01T10:00:00Z", clip(p.query.Get(name)))
	}
	return t.UTC()
}

// asOf is the instant of the past that was asked about, zero for now; and the instant that is now for the question.
func (p *parameters) asOf(now time.Time) (asOf, then time.Time) {
	asOf = p.instant("as_of")
	switch {
	case !p.query.Has("as_of") || p.err != nil:
		return time.Time{}, now
	case asOf.After(now):
		p.wrong("as_of", "lies in the future: it is %s now", now.Format(time.RFC3339))
	case asOf.Before(time.Unix(0, 0)):
		p.wrong("as_of", "lies before 1970")
	}
	return asOf, asOf
}

// days is a duration in whole days.
func (p *parameters) days(name string, standard int) int {
	if !p.query.Has(name) {
		return standard
	}
	if m := days.FindStringSubmatch(p.query.Get(name)); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil && n > 0 && n <= mostWindow {
			return n
		}
	}
	p.wrong(name, "%q is not a number of whole days such as 7d or 30d, at most %dd", clip(p.query.Get(name)), mostWindow)
	return standard
}

var days = regexp.MustCompile(`^([0-9]{1,4})d$`)

// duration reads what span.Parse reads: "30d", "1y", "36h".
func (p *parameters) duration(name string) time.Duration {
	value := p.query.Get(name)
	d, err := span.Parse(value)
	if err != nil || d <= 0 || d > mostDays*24*time.Hour {
		p.wrong(name, "%q is not a duration such as 30d, 2w, 1y or 36h, at most %dd", clip(value), mostDays)
		return 0
	}
	return d
}

// clip bounds text from outside before it is quoted in an error.
func clip(s string) string {
	if len(s) > 64 {
		return s[:64] + "…"
	}
	return s
}

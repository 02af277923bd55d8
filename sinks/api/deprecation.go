package api

import (
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// deprecation is a path of the API, or a parameter of one, that is to go. docs/upgrade.md says how long before.
type deprecation struct {
	path, parameter string    // as in operations; without a parameter it is the whole path
	since           time.Time // when it was deprecated
	sunset          time.Time // from when on it may be gone
	guide           string    // URL of what to use instead
}

// deprecations are all there are.
var deprecations []deprecation

// announced says in the header of each answer of an operation that it, or a parameter that was given, is to go: Deprecation
// (RFC 9745) and Sunset (RFC 8594), each with a link to what to use instead.
func announced(table []deprecation, path string, next http.Handler) http.Handler {
	var own []deprecation
	for _, d := range table {
		if d.path == path {
			own = append(own, d)
		}
	}
	if len(own) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		announce(w.Header(), own, query)
		next.ServeHTTP(w, r)
	})
}

// announce tells of what the query uses. Of several the first to have been deprecated and the first to go count.
func announce(header http.Header, own []deprecation, query url.Values) {
	var first, gone time.Time
	for _, d := range own {
		if d.parameter != "" && !query.Has(d.parameter) {
			continue
		}
		if first.IsZero() || d.since.Before(first) {
			first = d.since
		}
		if gone.IsZero() || d.sunset.Before(gone) {
			gone = d.sunset
		}
		header.Add("Link", fmt.Sprintf(`<%s>; rel="deprecation"; type="text/html"`, d.guide))
		header.Add("Link", fmt.Sprintf(`<%s>; rel="sunset"; type="text/html"`, d.guide))
	}
	if !first.IsZero() {
		header.Set("Deprecation", fmt.Sprintf("@%d", first.Unix()))
		header.Set("Sunset", gone.UTC().Format(http.TimeFormat))
	}
}

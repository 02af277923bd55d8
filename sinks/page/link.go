package page

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// Link leads from a change to another tool.
type Link struct {
	// Title is what the link says.
	Title string `mapstructure:"title"`
	// URL is its address, with what the change is in braces, such as {service}, {version} and {from}: https://grafana.example/d/x?var-service={service}.
	URL string `mapstructure:"url"`
}

// around is how much of the time before a change, and after its window, a link shows.
const around = time.Hour

var placeholder = regexp.MustCompile(`\{([a-z_]*)\}`)

// places are what may stand in braces: what the change is, and the time around it in RFC 3339 and in milliseconds.
func places(c correlate.ChangeRecord) map[string]string {
	from, to := c.Start().Add(-around), c.WindowEnd
	if to.Before(c.Start()) {
		to = c.Start().Add(around)
	}
	return map[string]string{
		"change": c.ID, "service": c.Service, "environment": c.Environment, "version": c.Version, "commit": c.Commit,
		"from": from.UTC().Format(time.RFC3339), "to": to.UTC().Format(time.RFC3339),
		"from_ms": strconv.FormatInt(from.UnixMilli(), 10), "to_ms": strconv.FormatInt(to.UnixMilli(), 10),
	}
}

func (l Link) validate() error {
	if l.Title == "" {
		return fmt.Errorf("links: %q has no title", l.URL)
	}
	if !strings.HasPrefix(l.URL, "https://") && !strings.HasPrefix(l.URL, "http://") {
		return fmt.Errorf("links: the url of %q must begin with https:// or http://", l.Title)
	}
	var known []string
	for name := range places(correlate.ChangeRecord{}) {
		known = append(known, name)
	}
	slices.Sort(known)
	for _, m := range placeholder.FindAllStringSubmatch(l.URL, -1) {
		if !slices.Contains(known, m[1]) {
			return fmt.Errorf("links: %s of %q is unknown; known are %v", m[0], l.Title, known)
		}
	}
	return nil
}

// to is where the link leads from a change.
func (l Link) to(c correlate.ChangeRecord) Link {
	values := places(c)
	l.URL = placeholder.ReplaceAllStringFunc(l.URL, func(m string) string { return url.QueryEscape(values[m[1:len(m)-1]]) })
	return l
}

package app

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/shipwake/shipwake/internal/span"
)

// standardSince is how far back a window reaches when nothing else is said.
const standardSince = "30d"

// window is the stretch of time that a command asks about, as its flags say.
type window struct {
	since, from, to, zone string
	standard              string // how far back when nothing is said; "" is without end
	series                bool   // it is split into periods: then the daemon knows how far back it reaches unless told
}

func (w *window) addFlags(flags *pflag.FlagSet) {
	back := ""
	if w.standard != "" {
		back = " (default " + w.standard + ")"
	}
	flags.StringVar(&w.since, "since", "", "how far back from --to, e.g. 7d, 2w, 1y or 36h"+back)
	flags.StringVar(&w.from, "from", "", "from this `time` on: 2026-10-01, 2026-10-01T12:00:00Z or -90d")
	flags.StringVar(&w.to, "to", "", "up to this `time`, and not at it (default: now)")
	flags.StringVar(&w.zone, "zone", "", "the `zone` of dates and periods, e.g. Europe/Berlin (default: UTC)")
}

// query is the window as the daemon is asked for it. What is told relative to now alone is left to the daemon's clock.
func (w *window) query(now time.Time) (url.Values, error) {
	query := url.Values{}
	if w.since != "" && w.from != "" {
		return nil, errors.New("--since and --from are both the begin of the window: give one of them")
	}
	since := w.since
	switch {
	case strings.HasPrefix(w.from, "-") && w.to == "":
		since = w.from[1:]
	case w.from != "":
		from, err := w.instant("from", w.from, now)
		if err != nil {
			return nil, err
		}
		query.Set("from", from.UTC().Format(time.RFC3339Nano))
	case since == "" && !w.series:
		since = w.standard
	}
	if since != "" {
		d, err := span.Parse(since)
		switch {
		case err != nil && w.from != "":
			return nil, fmt.Errorf("--from: %w", err)
		case err != nil:
			return nil, fmt.Errorf("--since: %w", err)
		case d <= 0:
			return nil, fmt.Errorf("--since %s: the window would be empty; want a duration such as 30d", since)
		}
		query.Set("since", since)
	}
	if w.to != "" {
		to, err := w.instant("to", w.to, now)
		if err != nil {
			return nil, err
		}
		query.Set("to", to.UTC().Format(time.RFC3339Nano))
	}
	return query, nil
}

// instant reads a time that a flag tells.
func (w *window) instant(flag, text string, now time.Time) (time.Time, error) {
	zone, err := w.location()
	if err != nil {
		return time.Time{}, err
	}
	if strings.HasPrefix(text, "-") {
		d, err := span.Parse(text)
		if err != nil {
			return time.Time{}, fmt.Errorf("--%s: %w", flag, err)
		}
		return now.Add(d), nil
	}
	if text == "now" {
		return now, nil
	}
	if day, err := time.ParseInLocation(time.DateOnly, text, zone); err == nil {
		return day, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("--%s: %q is not a time such as 2026-10-01, 2026-10-01T12:00:00Z or -30d", flag, text)
	}
	return at, nil
}

func (w *window) location() (*time.Location, error) {
	zone, err := time.LoadLocation(w.zone)
	if err != nil || w.zone == "Local" {
		return nil, fmt.Errorf("--zone: %q is not a zone such as Europe/Berlin or UTC", w.zone)
	}
	return zone, nil
}

// scope is whose numbers a command asks for.
type scope struct {
	service, environment, team, system, class, kind string
	labels                                          []string
}

func (s *scope) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&s.service, "service", "", "only this `service`")
	flags.StringVar(&s.environment, "environment", "", "only this `environment` (default: the daemon's, production)")
	flags.StringVar(&s.team, "team", "", "only this `team`")
	flags.StringVar(&s.system, "system", "", "only this `system`")
	flags.StringVar(&s.class, "class", "", "only changes of this `class`: standard, normal or emergency")
	flags.StringVar(&s.kind, "kind", "", "only changes of this `kind`, e.g. deployment")
	flags.StringArrayVar(&s.labels, "label", nil, "only changes with this `NAME=VALUE`; may be given again for other names")
}

// set adds the scope to a question.
func (s *scope) set(query url.Values) error {
	setGiven(query, map[string]string{
		"service": s.service, "environment": s.environment, "team": s.team, "system": s.system, "class": s.class, "kind": s.kind,
	})
	for _, label := range s.labels {
		name, value, ok := strings.Cut(label, "=")
		if !ok || name == "" || value == "" {
			return fmt.Errorf("--label: %q is not NAME=VALUE", label)
		}
		if query.Has("label." + name) {
			return fmt.Errorf("--label: %s is given more than once", name)
		}
		query.Set("label."+name, value)
	}
	return nil
}

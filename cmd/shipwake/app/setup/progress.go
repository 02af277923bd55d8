package setup

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/names/meet"
	"github.com/shipwake/shipwake/sinks/api"
)

// Step is one thing that an installation comes to.
type Step struct {
	Name string
	Done bool
	// Detail is what has come, or what would make it come.
	Detail string
	// Later: it comes by itself, when something happens or time has passed. Nobody waits for it.
	Later bool
}

// Daemon is what is asked: a client of a running one.
type Daemon interface {
	Optional(ctx context.Context, path string, query url.Values, into any) (bool, error)
}

// answers are what the daemon says, in its own types.
type answers struct {
	status    api.Status
	names     api.Names
	changes   []correlate.ChangeRecord // the newest first
	incidents []api.Incident
}

// newest is how many of the newest changes are looked at.
const newest = "200"

func ask(ctx context.Context, daemon Daemon) (a answers, err error) {
	var changes api.Changes
	var incidents api.Incidents
	for _, q := range []struct {
		path  string
		query url.Values
		into  any
	}{
		{"/api/v1/status", nil, &a.status},
		{"/api/v1/changes", url.Values{"limit": {newest}}, &changes},
		{"/api/v1/incidents", url.Values{"limit": {"1"}}, &incidents},
		{"/api/v1/names", nil, &a.names},
	} {
		if _, err := daemon.Optional(ctx, q.path, q.query, q.into); err != nil {
			return a, err
		}
	}
	a.changes, a.incidents = changes.Changes, incidents.Incidents
	return a, nil
}

// Look asks a daemon how far its installation has come. A daemon that doesn't answer is the first step, which isn't done.
func Look(ctx context.Context, daemon Daemon) []Step {
	a, err := ask(ctx, daemon)
	if err != nil {
		return []Step{{Name: "daemon up", Detail: err.Error()}}
	}
	return []Step{a.up(), a.telemetry(), a.change(), a.meet(), a.scraped(), a.incident(), a.verdict()}
}

// Complete says that nothing is left to wait for.
func Complete(steps []Step) bool {
	return !slices.ContainsFunc(steps, func(s Step) bool { return !s.Done && !s.Later })
}

func (a answers) up() Step {
	s := Step{Name: "daemon up", Done: a.status.Ready, Detail: "version " + a.status.Version}
	if !s.Done {
		s.Detail = a.status.NotReady
	}
	return s
}

func (a answers) telemetry() Step {
	s := Step{Name: "first telemetry", Done: a.status.Watermark != nil, Detail: "from " + listing(a.heard())}
	switch {
	case !s.Done:
		s.Detail = "no request has been measured yet: see how your services send, above or in docs/init.md"
	case len(a.heard()) == 0:
		s.Detail = "of which no request names its service (service.name)"
	}
	return s
}

// heard are the services that telemetry names: those that only it names, and those of changes that it names too.
func (a answers) heard() []string {
	var services []string
	for _, u := range a.names.Heard {
		services = append(services, u.Service)
	}
	for _, c := range a.changes {
		if a.names.Met > 0 && !slices.ContainsFunc(a.names.Told, func(u meet.Unmet) bool { return u.Service == c.Service && u.Environment == c.Environment }) {
			services = append(services, c.Service)
		}
	}
	slices.Sort(services)
	return slices.Compact(services)
}

func (a answers) change() Step {
	s := Step{Name: "first change", Done: len(a.changes) > 0, Detail: "none has been reported yet: let a sender send, or try `shipwake change`"}
	if s.Done {
		c := a.changes[0]
		s.Detail = strings.Join(strings.Fields(c.Service+" "+c.Version), " ") + " in " + c.Environment + ", from " + c.Source
	}
	return s
}

func (a answers) meet() Step {
	s := Step{Name: "names meet", Done: a.names.Met > 0, Detail: "changes and telemetry call the same thing the same"}
	switch {
	case a.names.Unknown:
		s.Detail, s.Done = "the daemon is busy; ask again", false
	case !s.Done && (len(a.changes) == 0 || a.status.Watermark == nil):
		s.Detail = "known once there are a change and telemetry"
	case !s.Done || len(a.names.Told) > 0:
		s.Detail = unmet(a.names.Told, s.Done)
	}
	return s
}

// unmet says which changes no telemetry meets, with the rule that would make the first of them meet.
func unmet(told []meet.Unmet, some bool) string {
	if len(told) == 0 {
		return "no change is of a service that sends telemetry"
	}
	first := told[0]
	text := fmt.Sprintf("no telemetry is of %s in %s, which changes name", first.Service, first.Environment)
	if some {
		text = fmt.Sprintf("but not all of them: %s", text)
	}
	if len(first.Near) > 0 {
		text += fmt.Sprintf("; if that is %s in %s, say under extensions::correlate::names: %s", first.Near[0].Service, first.Near[0].Environment, first.Near[0].Rule)
	}
	return text + " (shipwake names)"
}

func (a answers) scraped() Step {
	s := Step{Name: "scraped by Prometheus", Detail: "nobody has read /metrics since the daemon started"}
	for _, c := range a.status.Counts {
		if c.What == "scraped" && c.Value > 0 {
			s.Done, s.Detail = true, fmt.Sprintf("by %s, since the daemon started: %d", c.Source, c.Value)
		}
	}
	return s
}

func (a answers) incident() Step {
	s := Step{Name: "first incident", Later: true, Done: len(a.incidents) > 0, Detail: "comes with the first alert or page"}
	if s.Done {
		i := a.incidents[0]
		s.Detail = i.ID + " from " + i.Source
	}
	return s
}

func (a answers) verdict() Step {
	s := Step{Name: "first verdict", Later: true, Detail: "comes some minutes after a change: a regression at once, healthy after a quarter of an hour"}
	for _, c := range a.changes {
		if c.Verdict != nil {
			s.Done, s.Detail = true, fmt.Sprintf("%s of %s: shipwake verdict %s", c.Verdict.Outcome, c.Service, c.ID)
			break
		}
	}
	return s
}

// mostListed is how many names are listed.
const mostListed = 5

func listing(names []string) string {
	if n := len(names) - mostListed; n > 0 {
		return fmt.Sprintf("%s and %d others", strings.Join(names[:mostListed], ", "), n)
	}
	return strings.Join(names, ", ")
}

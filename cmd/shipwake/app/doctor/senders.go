package doctor

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/shipwake/shipwake/sinks/api"
)

// sender is what is known of a source.
type sender struct {
	name    string
	setUp   bool      // a secret is set for it, or it is asked
	last    time.Time // when it was heard last; zero when never
	refused int64     // deliveries since the daemon's start that it refused for their secret
	taken   int64     // deliveries since the daemon's start that it took
}

// senders says which sources are silent: those that somebody set up and that never said anything, those that have stopped, and
// those whose deliveries are refused.
func senders(ctx context.Context, p *Patient) []Finding {
	if p.ledger == nil && p.answers.status == nil {
		return skip("there is neither a ledger that can be read nor a daemon that answers")
	}
	all, err := p.heard(ctx)
	if err != nil {
		return skip("%v", err)
	}
	var found []Finding
	var speaking, never []string
	for _, s := range all {
		silent := p.Now().Sub(s.last)
		switch {
		case s.refused > 0 && s.taken == 0:
			found = append(found, fail("give it and the daemon the same secret: docs/sources/README.md",
				"all %s of %s since the daemon's start were refused for their secret", counted(int(s.refused), "delivery", "deliveries"), s.name)...)
		case s.last.IsZero() && s.setUp:
			never = append(never, s.name)
		case !s.last.IsZero() && silent > p.SilentAfter:
			found = append(found, warn("look at its own log of deliveries; --silent-after sets how long is too long",
				"%s was last heard %s ago", s.name, ago(silent))...)
		case !s.last.IsZero():
			speaking = append(speaking, fmt.Sprintf("%s %s ago", s.name, ago(silent)))
		}
	}
	if len(never) > 0 {
		found = append(found, warn("send one by hand (`shipwake source test`, or its own test button), or take its secret out of the configuration",
			"set up, and never heard: %s", listed(never))...)
	}
	switch {
	case len(speaking) > 0:
		return append(ok("heard: %s", listed(speaking)), found...)
	case len(found) == 0:
		return warn("tell it of one by `shipwake change`, or set up a source: docs/sources/README.md", "nobody has told of any change or incident yet")
	}
	return found
}

// heard is what is known of each source, by name: from the ledger when it can be read, or else from the newest changes and incidents.
func (p *Patient) heard(ctx context.Context) ([]sender, error) {
	all := map[string]*sender{}
	of := func(name string) *sender {
		if all[name] == nil {
			all[name] = &sender{name: name}
		}
		return all[name]
	}
	if p.Configuration != nil {
		for _, s := range p.Configuration.Sources {
			of(s.Name).setUp = of(s.Name).setUp || s.Secret
		}
	}
	if s := p.answers.status; s != nil {
		for _, c := range s.Counts {
			switch {
			case c.What == "deliveries" && c.Result == "unauthorized":
				of(c.Source).refused = c.Value
			case c.What == "deliveries" && (c.Result == "accepted" || c.Result == "ignored" || c.Result == "quarantined"):
				of(c.Source).taken += c.Value
			}
		}
	}
	if p.ledger != nil {
		for name, at := range p.ledger.Heard {
			of(name).last = at
		}
	} else if err := p.newestFacts(ctx, func(name string, at time.Time) {
		if s := of(name); at.After(s.last) {
			s.last = at
		}
	}); err != nil {
		return nil, err
	}
	var sorted []sender
	for _, s := range all {
		if s.name != "telemetry" && s.name != "" { // what is seen in telemetry is no sender
			sorted = append(sorted, *s)
		}
	}
	slices.SortFunc(sorted, func(a, b sender) int { return strings.Compare(a.name, b.name) })
	return sorted, nil
}

// newestFacts tells of the newest changes and incidents that the daemon knows.
func (p *Patient) newestFacts(ctx context.Context, tell func(source string, at time.Time)) error {
	query := url.Values{"limit": {"1000"}}
	changes, err := p.Daemon.Changes(ctx, query)
	if err != nil {
		return err
	}
	for i := range changes.Changes {
		c := &changes.Changes[i]
		tell(c.Source, c.ReceivedAt)
		for _, r := range c.Reports {
			tell(r.Said.Source, r.ReceivedAt)
		}
	}
	incidents, err := p.Daemon.Incidents(ctx, query)
	if err != nil {
		return err
	}
	for _, i := range incidents.Incidents {
		tell(i.Source, heardOf(i))
	}
	return nil
}

func heardOf(i api.Incident) time.Time {
	if i.ResolvedAt.After(i.OpenedAt) {
		return i.ResolvedAt
	}
	return i.OpenedAt
}

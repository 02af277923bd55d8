package route

import (
	"fmt"
	"path"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
)

// Config is what a receiver wants to be told of. It is squashed into the settings of each receiver.
type Config struct {
	// On are the kinds of messages; none: regressed and recovered. Corrections need not be named: whoever was told of a
	// regression is told when it no longer stands.
	On []Kind `mapstructure:"on"`
	// Services, Environments and Teams are those whose changes are told of; none: all. A * stands for any characters but /.
	// With Teams, what nobody reported the team of is not told.
	Services     []string `mapstructure:"services"`
	Environments []string `mapstructure:"environments"`
	Teams        []string `mapstructure:"teams"`
	// MinConfidence is how likely it must be that a change did it, 0 to 1, for its regression to be told.
	MinConfidence float64 `mapstructure:"min_confidence"`
	// Severities are those of incidents that are told of, as their sources write them; none: all.
	Severities []string `mapstructure:"severities"`
	// Hours are when something must have been decided to be told; nil: at any time.
	Hours *Hours `mapstructure:"hours"`
}

// Validate names the first key that is wrong.
func (c Config) Validate() error {
	for i, k := range c.On {
		if !slices.Contains(Kinds(), k) {
			return fmt.Errorf("on[%d]: %q is no kind of message; use some of %v", i, k, Kinds())
		}
	}
	for _, list := range []struct {
		key      string
		patterns []string
	}{{"services", c.Services}, {"environments", c.Environments}, {"teams", c.Teams}} {
		for i, p := range list.patterns {
			if _, err := path.Match(p, ""); err != nil || p == "" {
				return fmt.Errorf("%s[%d]: %q must be a name, in which * stands for any characters", list.key, i, p)
			}
		}
	}
	if c.MinConfidence < 0 || c.MinConfidence > 1 {
		return fmt.Errorf("min_confidence: %v: must be a probability from 0 to 1", c.MinConfidence)
	}
	if c.Hours == nil {
		return nil
	}
	if _, err := c.Hours.window(); err != nil {
		return fmt.Errorf("hours::%w", err)
	}
	return nil
}

// Takes tells whether a receiver is told of a decision: one that it wants, and every further one of a change of which it has
// been told.
func (c Config) Takes(d sinks.Decision) bool {
	v := d.Verdict
	return c.of(v.Service, v.Environment, d.Record.Team) && (c.wants(v) || d.Before(c.wants))
}

// TakesIncident tells whether a receiver is told of the state of an incident. One that turned out to be another report of
// an incident is not a state of its own.
func (c Config) TakesIncident(i correlate.IncidentRecord) bool {
	at := i.OpenedAt
	if !i.ResolvedAt.IsZero() {
		at = i.ResolvedAt
	}
	return slices.Contains(c.On, Incident) && i.MergedInto == "" && c.of(i.Service, i.Environment, "") &&
		(len(c.Severities) == 0 || slices.Contains(c.Severities, i.Severity)) && c.Hours.include(at)
}

// of: the place and the team are those of the receiver.
func (c Config) of(service, environment, team string) bool {
	return named(c.Services, service) && named(c.Environments, environment) && named(c.Teams, team)
}

// wants a revision by itself: of what may still change only regressions.
func (c Config) wants(v correlate.Verdict) bool {
	kind := ofVerdict(v)
	if hurt := kind == Regressed || kind == Recovered; hurt {
		return c.on(kind) && v.Blame >= c.MinConfidence && c.Hours.include(v.DecidedAt)
	}
	return c.on(kind) && v.Final && c.Hours.include(v.DecidedAt)
}

// on: the kind is wanted.
func (c Config) on(k Kind) bool {
	if len(c.On) == 0 {
		return k == Regressed || k == Recovered
	}
	return slices.Contains(c.On, k)
}

// named: the name is one of the patterns, or there are none.
func named(patterns []string, name string) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(p string) bool {
		matched, err := path.Match(p, name)
		return err == nil && matched
	})
}

package route

import (
	"fmt"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
)

// Config is what a receiver wants to be told of. It is squashed into the settings of each receiver.
type Config struct {
	// On are the kinds of messages; none: regressed, recovered and rollback_unanswered. What takes something back need not be named:
	// whoever was told of a regression, or of a request for a rollback, is told when it no longer stands.
	On    []Kind `mapstructure:"on"`
	Place `mapstructure:",squash"`
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
	if err := c.Place.Validate(); err != nil {
		return err
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
	return c.Holds(v.Service, v.Environment, d.Record.Team) && (c.wants(v) || d.Before(c.wants))
}

// TakesRollback tells whether a receiver is told of news of a request for a rollback, and as what. Who is asked for rollbacks learns
// as withdrawn also what nobody answered in time; hours and the likelihood don't matter.
func (c Config) TakesRollback(n sinks.RollbackNews) (Kind, bool) {
	r := n.Rollback
	if !c.Holds(r.Service, r.Environment, n.Record.Team) {
		return "", false
	}
	switch asked := c.on(RollbackRequested); r.State() {
	case correlate.RollbackStateRequested:
		return RollbackRequested, asked
	case correlate.RollbackStateWithdrawn:
		return RollbackWithdrawn, asked || c.on(RollbackWithdrawn)
	case correlate.RollbackStateUnanswered:
		if c.on(RollbackUnanswered) {
			return RollbackUnanswered, true
		}
		return RollbackWithdrawn, asked
	}
	return "", false
}

// Quiet tells whether people need not be told of a decision again: it is that a change hurts, and somebody acknowledged that and
// it is no worse, or people say that it was not this change. That it is over, or no longer stands, is always told.
func Quiet(d sinks.Decision) bool {
	return ofVerdict(d.Verdict) == Regressed && (d.Record.Overruled() != nil || d.Record.Quieted(d.Verdict, d.Prior))
}

// TakesIncident tells whether a receiver is told of the state of an incident. One that turned out to be another report of
// an incident is not a state of its own.
func (c Config) TakesIncident(i correlate.IncidentRecord) bool {
	at := i.OpenedAt
	if !i.ResolvedAt.IsZero() {
		at = i.ResolvedAt
	}
	return slices.Contains(c.On, Incident) && i.MergedInto == "" && c.holdsOne(i) &&
		(len(c.Severities) == 0 || slices.Contains(c.Severities, i.Severity)) && c.Hours.include(at)
}

// holdsOne: one of the services that an incident is about is of the place.
func (c Config) holdsOne(i correlate.IncidentRecord) bool {
	about := i.About()
	if len(about) == 0 {
		about = []string{""}
	}
	return slices.ContainsFunc(about, func(service string) bool { return c.Holds(service, i.Environment, "") })
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
		return k == Regressed || k == Recovered || k == RollbackUnanswered
	}
	return slices.Contains(c.On, k)
}

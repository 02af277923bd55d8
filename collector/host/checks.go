package host

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/engine"
)

// ChecksConfig says which checks changes must pass after their release.
type ChecksConfig struct {
	Required []RequiredConfig `mapstructure:"required"`
}

// RequiredConfig are checks that must pass after each rollout of some services to some environments.
type RequiredConfig struct {
	// Service and Environment are patterns such as payments-*; empty is any. A star doesn't match a slash.
	Service     string `mapstructure:"service"`
	Environment string `mapstructure:"environment"`
	// Names are the names of the checks.
	Names []string `mapstructure:"names"`
}

func (c ChecksConfig) validate() error {
	for i, r := range c.Required {
		for key, pattern := range map[string]string{"service": r.Service, "environment": r.Environment} {
			if _, err := path.Match(pattern, ""); err != nil {
				return fmt.Errorf("checks::required[%d]::%s: %q: must be a name or a pattern such as payments-*", i, key, pattern)
			}
		}
		if len(r.Names) == 0 {
			return fmt.Errorf("checks::required[%d]::names: required: the names of the checks, such as [smoke]", i)
		}
		if at := slices.IndexFunc(r.Names, func(n string) bool { return strings.TrimSpace(n) == "" || len(n) > correlate.MaxCheckName }); at >= 0 {
			return fmt.Errorf("checks::required[%d]::names[%d]: must be the name of a check, of at most %d bytes", i, at, correlate.MaxCheckName)
		}
	}
	return nil
}

func (c ChecksConfig) required() (all []engine.RequiredChecks) {
	for _, r := range c.Required {
		all = append(all, engine.RequiredChecks{Service: r.Service, Environment: r.Environment, Names: r.Names})
	}
	return all
}

// waiting are the runs of checks that are about no change that is known, as what is held: newest first. It is none while the
// loop is busy for long.
func (r reader) waiting(ctx context.Context) (held []correlate.Held) {
	var runs []correlate.Report[correlate.Check]
	if !r.h.ask(ctx, func(l *loop) { runs = engine.WaitingChecks(l.engine) }) {
		return nil
	}
	for _, run := range slices.Backward(runs) {
		held = append(held, correlate.Held{
			Source: run.Said.Source, ID: run.Said.ID, Event: "check", ReceivedAt: run.ReceivedAt,
			Problem: "waiting: no change is known that the check " + run.Said.Name + " is about (" + about(run.Said) + "); it is tied to it once that is reported",
		})
	}
	return held
}

// about is what a run names.
func about(c correlate.Check) string {
	switch {
	case c.Change != "":
		return "change " + c.Change
	case c.Commit != "":
		return strings.TrimSpace(c.Service+" commit "+c.Commit) + " in " + c.Environment
	}
	return c.Service + " " + c.Version + " in " + c.Environment
}

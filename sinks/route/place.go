package route

import (
	"fmt"
	"path"
	"slices"
)

// Place is where changes happen that a receiver is told of, and whose they are.
type Place struct {
	// Services, Environments and Teams are those whose changes are told of; none: all. A * stands for any characters but /.
	// With Teams, what nobody reported the team of is not told.
	Services     []string `mapstructure:"services"`
	Environments []string `mapstructure:"environments"`
	Teams        []string `mapstructure:"teams"`
}

// Validate names the first pattern that is wrong.
func (p Place) Validate() error {
	for _, list := range []struct {
		key      string
		patterns []string
	}{{"services", p.Services}, {"environments", p.Environments}, {"teams", p.Teams}} {
		for i, pattern := range list.patterns {
			if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
				return fmt.Errorf("%s[%d]: %q must be a name, in which * stands for any characters", list.key, i, pattern)
			}
		}
	}
	return nil
}

// Holds tells whether a service, an environment and a team are among those of the place.
func (p Place) Holds(service, environment, team string) bool {
	return named(p.Services, service) && named(p.Environments, environment) && named(p.Teams, team)
}

// named: the name is one of the patterns, or there are none.
func named(patterns []string, name string) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(p string) bool {
		matched, err := path.Match(p, name)
		return err == nil && matched
	})
}

package host

import (
	"fmt"
	"maps"
	"slices"

	"go.opentelemetry.io/collector/component"

	"github.com/shipwake/shipwake/sinks"
)

// knowing gives a configuration the sinks that it may name.
func knowing(c component.Config, known []sinks.Factory) component.Config {
	if c, ok := c.(*Config); ok {
		c.known = known
	}
	return c
}

// checkSinks lets each sink check its own part, so that `validate` finds what is wrong without a daemon.
func (c *Config) checkSinks() error {
	for _, name := range slices.Sorted(maps.Keys(c.Sinks)) {
		i := slices.IndexFunc(c.known, func(f sinks.Factory) bool { return f.Name == name })
		if i < 0 || c.known[i].Check == nil {
			continue // startSinks says which names are known
		}
		if err := c.known[i].Check(c.Sinks[name]); err != nil {
			return fmt.Errorf("sinks::%s: %w", name, err)
		}
	}
	return nil
}

// Package rollbacks answers: how do requests for rollbacks come into the ledger, and out of it again?
//
// A decision is made in the transaction of the verdict that it rests on, by what the ledger holds then: see Desk.With. What becomes
// of a request is looked at with every transaction that is about its change, and with every tick of the clock: see Desk.Tick. Nothing
// that is no longer to be asked for passes the Guard before a sink. What decides is in correlate/rollback.
package rollbacks

import (
	"fmt"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks/route"
)

// Config says for which changes whoever deploys is asked to take them back. Without rules for none.
type Config struct {
	// Rules are gone through in their order; the first that a change is of counts.
	Rules []Rule `mapstructure:"rules"`
	// KillSwitch stops all requests; so does KillSwitchFile while there is such a file.
	KillSwitch     bool   `mapstructure:"kill_switch"`
	KillSwitchFile string `mapstructure:"kill_switch_file"`
}

// Rule is what is done about the changes of a place.
type Rule struct {
	// Mode is off, dry_run or on; dry_run unless it is set.
	Mode        correlate.RollbackMode `mapstructure:"mode"`
	route.Place `mapstructure:",squash"`
}

// Validate names the first value that is wrong.
func (c Config) Validate() error {
	for i, r := range c.Rules {
		if r.Mode != "" && !slices.Contains(correlate.RollbackModes(), r.Mode) {
			return fmt.Errorf("rollback::rules[%d]::mode: %q is unknown; use one of %v", i, r.Mode, correlate.RollbackModes())
		}
		if err := r.Place.Validate(); err != nil {
			return fmt.Errorf("rollback::rules[%d]::%w", i, err)
		}
	}
	return nil
}

// Mode is what is done about a change.
func (c Config) Mode(of correlate.Change) correlate.RollbackMode {
	for _, r := range c.Rules {
		if !r.Holds(of.Service, of.Environment, of.Team) {
			continue
		}
		if r.Mode == "" {
			return correlate.RollbackDryRun
		}
		return r.Mode
	}
	return correlate.RollbackOff
}

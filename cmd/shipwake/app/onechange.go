package app

import (
	"errors"

	"github.com/spf13/pflag"

	"github.com/shipwake/shipwake/correlate"
)

// oneChange is which change a command asks about: that with an id, or the newest of a service that brings a version.
type oneChange struct {
	id                            string
	service, version, environment string
}

func (o *oneChange) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.service, "service", "", "the newest change of this `service`, with --version")
	flags.StringVar(&o.version, "version", "", "the `version` that the change brings, with --service")
	flags.StringVar(&o.environment, "environment", correlate.DefaultEnvironment, "the `environment`, with --service")
}

// take takes the id from the arguments of a command that has at most one.
func (o *oneChange) take(args []string) {
	if len(args) == 1 {
		o.id = args[0]
	}
}

func (o *oneChange) check() error {
	byName := o.service != "" || o.version != ""
	switch {
	case o.id == "" && !byName:
		return errors.New("which change? Give its id, or --service and --version")
	case o.id != "" && byName:
		return errors.New("give the id of a change, or --service and --version, not both")
	case byName && (o.service == "" || o.version == ""):
		return errors.New("--service and --version go together")
	}
	return nil
}

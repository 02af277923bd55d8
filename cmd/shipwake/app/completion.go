package app

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/shipwake/shipwake/cmd/shipwake/app/client"
)

// daemonOf is the daemon that a command asks: by the flags that it has, and was given, as any command does that has them.
func daemonOf(cmd *cobra.Command) (*client.Client, error) {
	a, flags := &asking{}, pflag.NewFlagSet("", pflag.ContinueOnError)
	a.addFlags(flags)
	flags.VisitAll(func(f *pflag.Flag) {
		if given := cmd.Flag(f.Name); given != nil && given.Changed {
			_ = flags.Set(f.Name, given.Value.String()) // it is a text, as there
		}
	})
	return a.daemon()
}

package complete

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/shipwake/shipwake/cmd/shipwake/app/profile"
)

// Profiles completes the names of profiles; none when they can't be read.
func Profiles(_ *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	file, err := profile.File(os.Getenv)
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	all, _ := profile.Read(file)
	return fitting(all.Names(), begun), cobra.ShellCompDirectiveNoFileComp
}

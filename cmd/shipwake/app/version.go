package app

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is that of a release build; the Makefile sets it by -ldflags -X.
var version string

// versionLine is what --version prints: release, commit, Go version and platform.
func versionLine() string {
	info, _ := debug.ReadBuildInfo()
	return fmt.Sprintf("shipwake %s (commit %s, %s, %s/%s)",
		number(info), commit(info), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version, as --version does",
		Long:    "Prints one line: the version, the commit, the version of Go and the platform that this program was built of and for.",
		Example: `  shipwake version`,
		Args:    noArguments,
		Run:     func(cmd *cobra.Command, _ []string) { fmt.Fprintln(cmd.OutOrStdout(), versionLine()) },
	}
}

// number is the bare version: of the release, else of the module, else "devel".
func number(info *debug.BuildInfo) string {
	switch {
	case version != "":
		return version
	case info != nil && info.Main.Version != "" && info.Main.Version != "(devel)":
		return info.Main.Version
	}
	return "devel"
}

func commit(info *debug.BuildInfo) string {
	if info == nil {
		return "unknown"
	}
	revision, modified := "unknown", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && len(s.Value) >= 12:
			revision = s.Value[:12]
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = "+changes"
		}
	}
	return revision + modified
}

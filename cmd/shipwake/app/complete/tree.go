// Package complete answers: what may stand at this place of a command line?
//
// A shell asks it while somebody types. Words of which there are few come from the code; services, environments, versions, teams
// and ids from the daemon that the command would ask, which has a second to answer.
package complete

import (
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	histories "github.com/shipwake/shipwake/collector/history/all"
	sources "github.com/shipwake/shipwake/collector/source/all"
	"github.com/shipwake/shipwake/collector/source/results"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	sinks "github.com/shipwake/shipwake/sinks/all"
	"github.com/shipwake/shipwake/sinks/route"
)

// Tree makes every flag and argument of a command, and of those below it, complete what it takes, and no file where it takes none.
func Tree(c *cobra.Command, asks Asks) {
	if c.ValidArgsFunction == nil && len(c.ValidArgs) == 0 {
		c.ValidArgsFunction = asks.arguments(c)
	}
	for _, flags := range []*pflag.FlagSet{c.Flags(), c.PersistentFlags()} {
		flags.VisitAll(func(f *pflag.Flag) {
			if complete := asks.flag(f); complete != nil && f.Value.Type() != "bool" {
				_ = c.RegisterFlagCompletionFunc(f.Name, complete) // fails for one that is registered: the command knows better
			}
		})
	}
	for _, below := range c.Commands() {
		Tree(below, asks)
	}
}

// arguments completes the arguments of a command, by what its use calls them.
func (a Asks) arguments(c *cobra.Command) cobra.CompletionFunc {
	_, takes, _ := strings.Cut(c.Use, " ")
	first, rest, _ := strings.Cut(strings.Trim(takes, "{"), " ")
	parent := ""
	if c.HasParent() {
		parent = c.Parent().Name()
	}
	switch {
	case first == "ID" || first == "CHANGE":
		return inTurn(a.changes(idOf), cobra.NoFileCompletions)
	case first == "INCIDENT":
		return inTurn(a.incidents, a.changes(idOf, "none"), cobra.NoFileCompletions)
	case first == "NAME" && parent == "source":
		return inTurn(fixed(sourceNames()...), cobra.NoFileCompletions)
	case first == "NAME" && parent == "sink":
		return inTurn(fixed(sinkNames()...), cobra.NoFileCompletions)
	case first == "FORMAT" && rest != "":
		return inTurn(fixed(formatNames()...), files)
	case first == "TO" || first == "CASE…":
		return folders
	}
	return cobra.NoFileCompletions
}

// inTurn completes the first argument by the first function, and so on; all that follow by the last.
func inTurn(each ...cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return each[min(len(args), len(each)-1)](cmd, args, begun)
	}
}

func files(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}

func folders(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// fixed completes words, of which the shell is told those that fit.
func fixed(words ...string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return fitting(words, begun), cobra.ShellCompDirectiveNoFileComp
	}
}

func fitting(all []string, begun string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(word string) bool { return !strings.HasPrefix(word, begun) })
}

// flag completes the value of a flag: by its name where that means one thing everywhere, else by what its help says; nil
// leaves it to the shell, which offers files.
func (a Asks) flag(f *pflag.Flag) cobra.CompletionFunc {
	switch f.Name {
	case "service":
		return a.services
	case "environment", "after":
		return a.changes(func(c correlate.ChangeRecord) string { return c.Environment })
	case "version":
		return a.changes(func(c correlate.ChangeRecord) string { return c.Version })
	case "team":
		return a.changes(func(c correlate.ChangeRecord) string { return c.Team }, "(none)")
	case "system":
		return a.changes(func(c correlate.ChangeRecord) string { return c.Labels["system"] }, "(none)")
	case "change":
		return a.changes(idOf)
	case "caused-by":
		return a.changes(idOf, "none")
	case "profile":
		return Profiles
	case "from-source":
		return fixed(sourceNames()...)
	}
	if choices := choicesOf(f); len(choices) > 0 {
		return fixed(choices...)
	}
	switch called, _ := pflag.UnquoteUsage(f); called {
	case "file", "path":
		return nil
	case "directory", "folder":
		return folders
	}
	return cobra.NoFileCompletions
}

// choicesOf are the values of a flag that takes one of a few: those that its help lists, or else those that there are.
func choicesOf(f *pflag.Flag) []string {
	switch f.Name {
	case "by":
		return append(strs(dora.GroupBys()[1:]), "label:") // the first splits by nothing
	case "policy":
		return strs(dora.Policies())
	case "series":
		return strs(dora.Calendars())
	case "output", "format", "result", "verdict", "outcome", "kind", "status", "gate", "on-undecided", "on-error", "class", "phase", "state":
	default:
		return nil
	}
	if listed := alternatives.FindString(strings.ReplaceAll(f.Usage, "`", "")); listed != "" {
		return separators.Split(listed, -1)
	}
	switch f.Name {
	case "format":
		return results.Formats()
	case "kind":
		if strings.Contains(f.Usage, "message") {
			return strs(route.Kinds())
		}
		return strs(correlate.Kinds())
	}
	return nil
}

// alternatives are words as a help text lists them: "table, json, csv or markdown".
var (
	alternatives = regexp.MustCompile(`[a-z_]+(, [a-z_]+)* or [a-z_]+`)
	separators   = regexp.MustCompile(`, | or `)
)

func strs[T ~string](all []T) (words []string) {
	for _, word := range all {
		words = append(words, string(word))
	}
	return words
}

func sourceNames() (all []string) {
	for _, s := range sources.Sources() {
		all = append(all, s.Name)
	}
	return all
}

func sinkNames() (all []string) {
	for _, f := range sinks.Factories() {
		all = append(all, f.Name)
	}
	return all
}

func formatNames() (all []string) {
	for _, f := range histories.Formats() {
		all = append(all, f.Name+"\t"+f.About)
	}
	return all
}

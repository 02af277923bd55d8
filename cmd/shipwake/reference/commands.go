package main

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/shipwake/shipwake/cmd/shipwake/app"
)

// issued is the month that the manual pages name: that of the release they are of.
var issued = time.Date(2026, time.December, 1, 0, 0, 0, 0, time.UTC)

// commandLine is the command line as it is documented: whatever the environment of whoever makes the pages.
func commandLine() *cobra.Command {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "SHIPWAKE_") || strings.HasPrefix(name, "GITHUB_") {
			_ = os.Unsetenv(name) // a name that the environment has is a name
		}
	}
	root := app.Commands()
	root.InitDefaultCompletionCmd()
	root.DisableAutoGenTag = true
	for _, c := range shown(root) {
		c.InitDefaultHelpFlag()
		c.Long = asMarkdown(c.Long)
	}
	return root
}

// shown are a command and those below it that help lists, each before those below it.
func shown(c *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{c}
	for _, below := range c.Commands() {
		if below.IsAvailableCommand() && !below.IsAdditionalHelpTopicCommand() {
			all = append(all, shown(below)...)
		}
	}
	return all
}

// asMarkdown keeps the lists of a help text as they are: lines that are indented, at the end of a paragraph.
func asMarkdown(text string) string {
	var parts []string
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		var prose, list []string
		for line := range strings.SplitSeq(paragraph, "\n") {
			if indented := strings.HasPrefix(line, "  "); indented || len(list) > 0 {
				list = append(list, line)
			} else {
				prose = append(prose, special.ReplaceAllString(line, `\$0`))
			}
		}
		if len(prose) > 0 {
			parts = append(parts, strings.Join(prose, "\n"))
		}
		if len(list) > 0 {
			parts = append(parts, "```\n"+strings.Join(list, "\n")+"\n```")
		}
	}
	return strings.Join(parts, "\n\n")
}

// special is what Markdown would not print as it is.
var special = regexp.MustCompile(`[<*]`)

const commandsIntro = `# The command line

Every command with its flags. ` + "`shipwake help COMMAND`" + ` says the same, and so do the manual pages (` + "`man shipwake-verdict`" + `). Commands that ask a
daemon ask the one at ` + "`--api`" + `. ` + "`shipwake completion bash|zsh|fish|powershell`" + ` prints a script that completes commands, flags, and the names
and ids that the daemon knows.

`

// commands makes docs/reference/cli.md.
func commands(_ string, into map[string]string) error {
	var b bytes.Buffer
	b.WriteString(madeBy + commandsIntro)
	for _, c := range shown(commandLine()) {
		if err := doc.GenMarkdownCustom(c, &b, anchor); err != nil {
			return err
		}
	}
	into["docs/reference/cli.md"] = b.String()
	return nil
}

// anchor is where a command is on the page that has all of them.
func anchor(page string) string {
	return "#" + strings.ReplaceAll(strings.TrimSuffix(page, ".md"), "_", "-")
}

// manual makes docs/man, a page for each command.
func manual(_ string, into map[string]string) error {
	for _, c := range shown(commandLine()) {
		var b bytes.Buffer
		header := doc.GenManHeader{Section: "1", Date: &issued, Source: "Shipwake", Manual: "Shipwake"}
		if err := doc.GenMan(c, &header, &b); err != nil {
			return err
		}
		into["docs/man/"+strings.ReplaceAll(c.CommandPath(), " ", "-")+".1"] = b.String()
	}
	return nil
}

// completions makes deploy/completions, as packages install them.
func completions(_ string, into map[string]string) error {
	root := commandLine()
	var bash, zsh, fish, powershell bytes.Buffer
	for _, err := range []error{
		root.GenBashCompletionV2(&bash, true), root.GenZshCompletion(&zsh), root.GenFishCompletion(&fish, true), root.GenPowerShellCompletionWithDesc(&powershell),
	} {
		if err != nil {
			return err
		}
	}
	for name, script := range map[string]*bytes.Buffer{"shipwake.bash": &bash, "_shipwake": &zsh, "shipwake.fish": &fish, "shipwake.ps1": &powershell} {
		into["deploy/completions/"+name] = script.String()
	}
	return nil
}

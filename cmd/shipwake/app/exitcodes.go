package app

import (
	"errors"

	"github.com/shipwake/shipwake/cmd/shipwake/app/client"
)

// The exit codes of all commands: 0 is yes or done, 1 no or wrong, 2 neither, and 3 that nobody can say. exitMeanings says what
// that is for each.
const (
	exitDone   = 0
	exitFailed = 1

	exitHealthy      = 0 // verdict
	exitRegressed    = 1
	exitInconclusive = 2
	exitUnknown      = 3 // and of every command that asks a daemon: there is no answer

	exitProceed   = 0 // gate
	exitStop      = 1
	exitUndecided = 2
	exitNotAsked  = 3

	exitTold    = 0 // change, incident, check
	exitRefused = 1
	exitAway    = 3

	exitSetUp      = 0 // init
	exitIncomplete = 1

	exitImported    = 0 // import
	exitNotImported = 1
	exitSkipped     = 2
	exitUnfinished  = 3
)

// exitMeaning is what the exit codes 0 to 3 of some commands mean; "" is one that they don't have.
type exitMeaning struct {
	commands string
	means    [4]string
}

// exitMeanings is the table in docs/cli.md; a test compares the two.
var exitMeanings = []exitMeaning{
	{"`verdict`", [4]string{"healthy", "regressed", "inconclusive", "unknown: no such change, no verdict in time, or no answer"}},
	{"`gate`", [4]string{"proceed", "stop", "undecided in time", "could not ask: a wrong flag, no access, or no answer"}},
	{"`change`, `incident`, `check`", [4]string{"the daemon has it, or the spool", "the report is wrong, and the daemon says why", "", "the daemon is away, and there is no spool"}},
	{"`import`", [4]string{"everything is imported", "nothing is, and it says why", "some records were skipped", "it was interrupted; run it again to go on"}},
	{"`changes`, `incidents`, `regressions`, `rollbacks`, `quarantine`, `names`, `status`, `top`, `dora`, `commits`, `note`", [4]string{
		"there is an answer", "a wrong flag, or the daemon refuses the question", "",
		"no answer: the daemon is away or busy, or knows nothing of a name that was asked for"}},
	{"`init`", [4]string{"written; with `--check` or `--wait`: everything has arrived", "nothing is written, or something has not arrived yet", "",
		"with `--check`: the daemon doesn't answer"}},
	{"`demo`", [4]string{"every verdict is what was injected", "one is not, or this machine was too busy to tell", "", ""}},
	{"all others", [4]string{"done", "an error, which is said on stderr", "", ""}},
}

// away says of an error that asking again later may help.
func away(err error) bool { return client.Unreachable(err) || errors.Is(err, errBusy) }

// noAnswer gives an error of a question its exit code: that there is no answer is another thing than a wrong question.
func noAnswer(err error) error {
	if errors.Is(err, client.ErrUnknownName) || errors.Is(err, client.ErrNotFound) || away(err) {
		return &exitError{exitUnknown, err}
	}
	return err
}

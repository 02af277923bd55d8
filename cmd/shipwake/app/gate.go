package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/shipwake/shipwake/cmd/shipwake/app/client"
	"github.com/shipwake/shipwake/correlate/gate"
	"github.com/shipwake/shipwake/internal/span"
	api "github.com/shipwake/shipwake/sinks/gate"
)

// askedFor is how long one request waits for a decision.
const askedFor = 9 * time.Second

// gateCommand asks whether a change may go on.
type gateCommand struct {
	asking
	oneChange
	output               string
	stage                string
	wait                 time.Duration
	repair               bool
	after                string
	onUndecided, onError string
	summary              string // file to which a summary is appended
}

func newGate() *cobra.Command {
	g := &gateCommand{summary: os.Getenv("GITHUB_STEP_SUMMARY")}
	cmd := &cobra.Command{
		Use:   "gate {ID | --service NAME --version VERSION}",
		Short: "Say whether a change may go on; the exit code is the answer",
		Long: `Asks the running daemon whether a change may go on, and waits for a decision.

The exit code is the answer, for use in a pipeline:
  0  proceed
  1  stop
  2  undecided: there was no decision in time
  3  could not ask: a wrong flag, no access, or the daemon didn't answer

--gate start asks before the change begins: a service that has trouble already waits, unless the change is a repair.
With --after staging it waits too until the same version is judged healthy in staging, and stops when it regressed there.
--gate promote asks before it goes further: regressed stops, healthy proceeds, and so does a rollout under way of which
nothing but the rest is missing. In GitHub Actions the answer is added to the summary of the step.`,
		Example: `  shipwake gate --gate start --service checkout --version v2
  shipwake gate --gate start --service checkout --version v2 --after staging --wait 20m
  shipwake gate checkout-4711 --wait 20m
  shipwake gate --service checkout --version v2 --wait 20m --on-undecided proceed --on-error proceed`,
		Args: func(cmd *cobra.Command, args []string) error {
			if err := cobra.MaximumNArgs(1)(cmd, args); err != nil {
				return &exitError{exitNotAsked, err}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			g.take(args)
			return g.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	g.oneChange.addFlags(flags)
	flags.StringVar(&g.stage, "gate", string(gate.Promote), "`step` that is asked about: start or promote")
	span.Var(flags, &g.wait, "wait", 0, "wait so long for a decision, e.g. 20m; healthy takes 15m and more")
	flags.StringVar(&g.after, "after", "", "with --gate start: the `environment` where the version must be healthy before it starts here")
	flags.BoolVar(&g.repair, "repair", false, "with --gate start: it is a rollback or a hotfix, and isn't held by what it mends")
	flags.StringVar(&g.onUndecided, "on-undecided", "", "take no decision in time for this `decision`: proceed or stop")
	flags.StringVar(&g.onError, "on-error", "", "take a daemon that doesn't answer for this `decision`: proceed or stop")
	flags.StringVar(&g.output, "output", "text", "`format`: text or json")
	g.asking.addFlags(flags)
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &exitError{exitNotAsked, err} })
	return cmd
}

func (g *gateCommand) run(ctx context.Context, out, problems io.Writer) error {
	if err := g.check(); err != nil {
		return &exitError{exitNotAsked, err}
	}
	daemon, err := g.daemon()
	if err != nil {
		return &exitError{exitNotAsked, err}
	}
	defer daemon.Close()
	answer, text, err := g.ask(ctx, daemon)
	if err != nil {
		return g.failed(err, problems)
	}
	if err := errors.Join(g.print(out, answer, text), g.summarise(answer)); err != nil {
		return &exitError{exitNotAsked, err}
	}
	decision := answer.Decision
	if decision == gate.Wait && g.onUndecided != "" {
		decision = gate.Decision(g.onUndecided)
		fmt.Fprintf(problems, "shipwake: no decision within %s, and --on-undecided is %s\n", g.wait, decision)
	}
	return exitWith(decision)
}

// failed takes a daemon that couldn't be asked for what --on-error says. A refusal is the asker's mistake, and stays one.
func (g *gateCommand) failed(err error, problems io.Writer) error {
	if g.onError == "" || !client.Unreachable(err) {
		return &exitError{exitNotAsked, err}
	}
	fmt.Fprintf(problems, "shipwake: %v; --on-error is %s\n", err, g.onError)
	return exitWith(gate.Decision(g.onError))
}

func exitWith(d gate.Decision) error {
	code := map[gate.Decision]int{gate.Proceed: exitProceed, gate.Stop: exitStop, gate.Wait: exitUndecided}[d]
	if code == exitProceed {
		return nil
	}
	return &exitError{code: code}
}

func (g *gateCommand) check() error {
	if err := g.oneChange.check(); err != nil {
		return err
	}
	decisions := []string{"", string(gate.Proceed), string(gate.Stop)}
	switch {
	case !slices.Contains(gate.Stages(), gate.Stage(g.stage)):
		return fmt.Errorf("--gate %s: want one of %v", g.stage, gate.Stages())
	case g.after != "" && gate.Stage(g.stage) != gate.Start:
		return fmt.Errorf("--after %s: goes with --gate start", g.after)
	case !slices.Contains(decisions, g.onUndecided):
		return fmt.Errorf("--on-undecided %s: want proceed or stop", g.onUndecided)
	case !slices.Contains(decisions, g.onError):
		return fmt.Errorf("--on-error %s: want proceed or stop", g.onError)
	case g.output != "text" && g.output != "json":
		return fmt.Errorf("--output %s: want text or json", g.output)
	case g.wait < 0:
		return fmt.Errorf("--wait %s: must not be negative", g.wait)
	}
	return nil
}

// query is the question, for a request that waits so long.
func (g *gateCommand) query(wait time.Duration) url.Values {
	q := url.Values{"gate": {g.stage}, "wait": {wait.String()}}
	if g.id != "" {
		q.Set("change", g.id)
	} else {
		q.Set("service", g.service)
		q.Set("version", g.version)
		q.Set("environment", g.environment)
	}
	if g.repair {
		q.Set("repair", strconv.FormatBool(true))
	}
	if g.after != "" {
		q.Set("after", g.after)
	}
	if g.onUndecided != "" {
		q.Set("on_undecided", g.onUndecided)
	}
	return q
}

// ask asks until there is a decision, or time is up. A daemon that can't be reached is asked again until then.
func (g *gateCommand) ask(ctx context.Context, daemon *client.Client) (answer api.Answer, text json.RawMessage, err error) {
	until := time.Now().Add(g.wait)
	for {
		left := time.Until(until)
		text, err = daemon.Gate(ctx, g.query(max(0, min(left, askedFor)).Truncate(time.Millisecond)))
		if err == nil {
			if err = json.Unmarshal(text, &answer); err != nil {
				return answer, text, fmt.Errorf("the daemon answered what can't be read: %w", err)
			}
			if answer.Decision != gate.Wait {
				return answer, text, nil
			}
		} else if !client.Unreachable(err) {
			return answer, text, err
		}
		if time.Until(until) < askEvery {
			return answer, text, err
		}
		select {
		case <-ctx.Done():
			return answer, text, ctx.Err()
		case <-time.After(askEvery):
		}
	}
}

func (g *gateCommand) print(out io.Writer, answer api.Answer, text json.RawMessage) error {
	if g.output == "json" {
		return printJSON(out, text)
	}
	_, err := fmt.Fprintf(out, "%s: %s\n", answer.Decision, answer.Message)
	if err == nil && answer.Page != "" {
		_, err = fmt.Fprintf(out, "  %s\n", g.link(answer.Page))
	}
	return err
}

// link leads to a page, by the address at which the daemon was asked when it doesn't tell its own.
func (g *gateCommand) link(page string) string {
	base, err := url.Parse(g.at)
	if err != nil {
		return page
	}
	base.User = nil
	target, err := base.Parse(page)
	if err != nil {
		return page
	}
	return target.String()
}

// summarise adds the answer to the summary of a step of GitHub Actions.
func (g *gateCommand) summarise(answer api.Answer) error {
	if g.summary == "" {
		return nil
	}
	f, err := os.OpenFile(g.summary, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("the summary of the step: %w", err)
	}
	_, err = fmt.Fprintf(f, "**Shipwake: %s.** %s", answer.Decision, answer.Message)
	if err == nil && answer.Page != "" {
		_, err = fmt.Fprintf(f, " [Details](%s)", g.link(answer.Page))
	}
	if err == nil {
		_, err = fmt.Fprintln(f)
	}
	return errors.Join(err, f.Close())
}

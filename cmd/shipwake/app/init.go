package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.opentelemetry.io/collector/config/configopaque"
	"golang.org/x/term"

	"github.com/shipwake/shipwake/cmd/shipwake/app/client"
	"github.com/shipwake/shipwake/cmd/shipwake/app/rows"
	"github.com/shipwake/shipwake/cmd/shipwake/app/setup"
	"github.com/shipwake/shipwake/internal/span"
)

// configName is the name of the file with the configuration.
const configName = "shipwake.yaml"

// initCommand writes what a new installation needs, and says how far it has come.
type initCommand struct {
	asking
	setup.Answers
	config, messagesURLFile string
	yes, force, shown       bool
	wait, check             bool
	patience                time.Duration
	terminalIn, terminalOut bool
}

func newInit() *cobra.Command {
	c := &initCommand{Answers: setup.Defaults()}
	cmd := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Set up a new installation: five questions, a configuration, and what to tell each sender",
		Long: `Asks where changes, incidents and telemetry come from, where others reach the daemon and where messages go. Then it
writes into DIR (the current directory):

  shipwake.yaml   the configuration, which is laid over the built-in one and checked before it is written
  environment     its secrets, newly made, for --env-file, systemd's EnvironmentFile and docker run --env-file
  prometheus/     recording rules and alerts
  grafana/        dashboards

and prints how each sender is set up, with the address and the secret. Secrets are shown on a terminal only; elsewhere the
names of their variables stand for them, unless --show-secrets is given.

On a terminal it then waits and says what has arrived: the daemon, telemetry, a change, names that meet, Prometheus. Later
--check says the same. Without a terminal, or with --yes, flags answer, and what they don't say is the default.

The exit code:
  0  written; with --check or --wait: everything has arrived
  1  nothing is written, or something hasn't arrived yet
  3  with --check: the daemon doesn't answer`,
		Example: `  shipwake init /etc/shipwake
  shipwake init --yes --changes github,argocd --incidents pagerduty --url https://shipwake.example.com
  shipwake init --check /etc/shipwake`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := c.place(cmd, args); err != nil {
				return err
			}
			if c.check {
				return c.checkOnce(cmd.Context(), cmd.OutOrStdout(), cmd.Flags())
			}
			return c.run(cmd)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&c.config, "config", "", "the `file` to write, instead of DIR/"+configName+"; the others are written beside it")
	flags.StringSliceVar(&c.Changes, "changes", c.Changes, "the `sources` that tell of changes")
	flags.StringSliceVar(&c.Incidents, "incidents", nil, "the `sources` that tell of incidents")
	flags.StringVar(&c.Telemetry, "telemetry", c.Telemetry, "how telemetry comes: "+strings.Join(setup.Telemetries(), ", "))
	flags.StringVar(&c.PrometheusURL, "prometheus-url", "", "the Prometheus to ask, for --telemetry prometheus")
	flags.StringVar(&c.URL, "url", c.URL, "where others reach the daemon: http://HOST, or https://HOST of a proxy in front")
	flags.StringVar(&c.Messages, "messages", c.Messages, "where messages go: "+strings.Join(setup.Messages(), ", "))
	flags.StringVar(&c.messagesURLFile, "messages-url-file", "", "`file` with the URL to send them to (default $SHIPWAKE_MESSAGES_URL, the URL itself)")
	flags.StringToStringVar(&c.Listen, "listen", nil, "another `name=host:port` to listen at, for "+strings.Join(setup.Listeners(), ", ")+"; may be repeated")
	flags.StringVar(&c.DataDir, "data-dir", "", "`directory` of the ledger (default DIR/data)")
	flags.BoolVar(&c.yes, "yes", false, "ask nothing")
	flags.BoolVar(&c.force, "force", false, "replace files that are there, with new secrets")
	flags.BoolVar(&c.shown, "show-secrets", false, "print secrets also where the output is no terminal")
	flags.BoolVar(&c.wait, "wait", false, "wait until everything has arrived (default on a terminal)")
	flags.BoolVar(&c.check, "check", false, "write nothing, and say what has arrived")
	span.Var(flags, &c.patience, "timeout", 30*time.Minute, "how long is waited")
	c.addFlags(flags)
	return cmd
}

// place finds out where the files are, and what is a terminal.
func (c *initCommand) place(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) > 0 && c.config != "":
		return errors.New("want DIR or --config, not both")
	case len(args) > 0:
		c.config = filepath.Join(args[0], configName)
	case c.config == "":
		c.config = configName
	}
	c.terminalIn, c.terminalOut = atTerminal(cmd.InOrStdin()), atTerminal(cmd.OutOrStdout())
	c.shown = c.shown || c.terminalOut
	if !cmd.Flags().Changed("wait") {
		c.wait = c.terminalIn && c.terminalOut && !c.yes
	}
	return nil
}

// hidden reads a line of the terminal that isn't shown.
func hidden() (string, error) {
	text, err := term.ReadPassword(int(os.Stdin.Fd()))
	return string(text), err
}

func atTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

func (c *initCommand) run(cmd *cobra.Command) error {
	out := cmd.OutOrStdout()
	if err := c.readMessagesURL(); err != nil {
		return err
	}
	c.Changes, c.Incidents = setup.Names(strings.Join(c.Changes, ",")), setup.Names(strings.Join(c.Incidents, ","))
	if c.terminalIn && !c.yes {
		dialogue := &setup.Dialogue{In: bufio.NewReader(cmd.InOrStdin()), Out: out, Hidden: hidden}
		var err error
		if c.Answers, err = dialogue.Ask(c.Answers); err != nil {
			return err
		}
	}
	plan, err := setup.Prepare(c.Answers, c.config)
	if err != nil {
		return err
	}
	if err := plan.Write(c.force, func(config, environment string) error {
		d := &daemon{configFlags: configFlags{configs: []string{builtinDefault, config}, envFiles: []string{environment}}}
		return d.validate(cmd.Context())
	}); err != nil {
		return err
	}
	if err := plan.Guide(out, c.shown); err != nil {
		return err
	}
	c.report(out, plan)
	if !c.wait {
		return nil
	}
	return c.waitFor(cmd.Context(), out, plan)
}

// readMessagesURL takes the address of messages from a file, or from the environment.
func (c *initCommand) readMessagesURL() error {
	c.MessagesURL = configopaque.String(strings.TrimSpace(os.Getenv("SHIPWAKE_MESSAGES_URL")))
	if c.messagesURLFile == "" {
		return nil
	}
	text, err := os.ReadFile(c.messagesURLFile)
	c.MessagesURL = configopaque.String(strings.TrimSpace(string(text)))
	return err
}

// report says what is written, and what to do next.
func (c *initCommand) report(out io.Writer, p *setup.Plan) {
	fmt.Fprintf(out, `
== Start it ==

Written, and checked:
  %s
  %s  secrets: keep it to yourself
  %s, %s

  %s

Pages for people: %s
`, p.Config, p.Environment, p.Prometheus, p.Grafana, p.Run(), p.Pages())
	if p.Guarded {
		password := "of $SHIPWAKE_ADMIN_PASSWORD"
		if c.shown {
			password = string(p.Password)
		}
		fmt.Fprintf(out, "Sign in as admin with the password %s\n", password)
	}
	if !c.wait {
		fmt.Fprintf(out, "What has arrived:\n  shipwake init --check --config %s\n", p.Config)
	}
}

// waitFor says what arrives, until nothing is left to wait for.
func (c *initCommand) waitFor(ctx context.Context, out io.Writer, p *setup.Plan) error {
	daemon, err := client.New(p.API(), client.Access{Token: p.Secret("SHIPWAKE_TOKEN")})
	if err != nil {
		return err
	}
	defer daemon.Close()
	fmt.Fprintf(out, "\nWaiting for it. Start it in another terminal; Ctrl-C ends the waiting, and shipwake init --check --config %s goes on.\n\n", p.Config)
	ctx, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	told := map[string]bool{}
	for {
		steps := setup.Look(ctx, daemon)
		for _, s := range steps {
			if s.Done && !told[s.Name] {
				told[s.Name] = true
				tick(out, s)
			}
		}
		if setup.Complete(steps) {
			return nil
		}
		select {
		case <-ctx.Done():
			return c.incomplete(out, steps)
		case <-time.After(askEvery):
		}
	}
}

// incomplete says what hasn't arrived.
func (c *initCommand) incomplete(out io.Writer, steps []setup.Step) error {
	for _, s := range steps {
		if !s.Done {
			tick(out, s)
		}
	}
	return &exitError{code: exitIncomplete}
}

// checkOnce says what has arrived at the daemon of an installation.
func (c *initCommand) checkOnce(ctx context.Context, out io.Writer, flags *pflag.FlagSet) error {
	daemon, err := c.written(flags)
	if err != nil {
		return err
	}
	defer daemon.Close()
	steps := setup.Look(ctx, daemon)
	for _, s := range steps {
		tick(out, s)
	}
	switch {
	case len(steps) == 1:
		return &exitError{code: exitAway}
	case !setup.Complete(steps):
		return &exitError{code: exitIncomplete}
	}
	return nil
}

// written is the daemon that the written variables name, unless a flag or the environment names another.
func (c *initCommand) written(flags *pflag.FlagSet) (*client.Client, error) {
	for _, flag := range []string{"api", "profile", "token-file"} {
		if flags.Changed(flag) {
			return c.daemon()
		}
	}
	variables, err := setup.ReadVariables(filepath.Join(filepath.Dir(c.config), "environment"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if variables["SHIPWAKE_URL"] == "" || os.Getenv("SHIPWAKE_URL") != "" {
		return c.daemon()
	}
	access := c.Access
	access.Token = configopaque.String(variables["SHIPWAKE_TOKEN"])
	return client.New(variables["SHIPWAKE_URL"], access)
}

// tick writes one line of the list.
func tick(out io.Writer, s setup.Step) {
	mark := "·"
	if s.Done {
		mark = "✓"
	}
	fmt.Fprintf(out, "%s %-22s %s\n", mark, s.Name, rows.Visible(s.Detail))
}

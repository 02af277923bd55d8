package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/shipwake/shipwake/cmd/shipwake/app/tell"
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/span"
)

// defaultHooks is where a daemon with the built-in configuration takes the generic format.
const defaultHooks = "http://127.0.0.1:8787/hooks/generic"

// telling is which daemon a command tells, and what becomes of a report that it doesn't hear.
type telling struct {
	hooks, spool string
	patience     time.Duration
	now          func() time.Time
	env          func(string) string
}

const tellingInWords = `The secret of the source generic comes from $SHIPWAKE_GENERIC_SECRET. A daemon that is away or busy is tried
again for --timeout; then the report goes to --spool, which the next report sends along, and the exit code is 0, so that
a deployment doesn't fail for it.

The exit code:
  0  the daemon has it, or the spool
  1  the report is wrong, and the daemon says why
  3  the daemon is away, and there is no spool`

func (t *telling) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&t.hooks, "hooks", defaultHooks, "`URL` where the daemon takes the generic format")
	flags.StringVar(&t.spool, "spool", "", "`file` for reports that can't be sent")
	span.Var(flags, &t.patience, "timeout", 30*time.Second, "how long the daemon is tried")
}

// send tells the daemon of a fact.
func (t *telling) send(ctx context.Context, out io.Writer, f correlate.Fact) error {
	if err := f.WithDefaults().Validate(); err != nil {
		return &exitError{exitRefused, err}
	}
	report, err := json.Marshal(f)
	if err != nil {
		return err
	}
	teller, err := t.teller()
	if err != nil {
		return &exitError{exitRefused, err}
	}
	if err := t.drain(ctx, out, teller); err != nil {
		return t.keep(out, report, err)
	}
	answer, err := teller.Send(ctx, report)
	switch {
	case errors.Is(err, tell.ErrAway):
		return t.keep(out, report, err)
	case err != nil:
		return &exitError{exitRefused, err}
	case answer.Problem != "":
		_, err = fmt.Fprintf(out, "The daemon keeps it in quarantine: %s\n", answer.Problem)
	case answer.Duplicates > 0:
		_, err = fmt.Fprintln(out, "The daemon knew it already.")
	default:
		_, err = fmt.Fprintln(out, "The daemon has it.")
	}
	return err
}

func (t *telling) teller() (*tell.Teller, error) {
	teller := &tell.Teller{
		URL: t.hooks, Token: strings.TrimSpace(t.env("SHIPWAKE_GENERIC_SECRET")), Patience: t.patience,
		Client: &http.Client{Timeout: 10 * time.Second},
	}
	if err := teller.Validate(); err != nil {
		return nil, fmt.Errorf("--hooks: %w", err)
	}
	return teller, nil
}

// drain sends what earlier reports left.
func (t *telling) drain(ctx context.Context, out io.Writer, teller *tell.Teller) error {
	if t.spool == "" {
		return nil
	}
	sent, refused, err := tell.Spool(t.spool).Drain(ctx, teller)
	if sent > 0 {
		fmt.Fprintf(out, "%d of the spool sent.\n", sent)
	}
	if refused > 0 {
		fmt.Fprintf(out, "%d of the spool refused by the daemon; see %s.refused.\n", refused, t.spool)
	}
	return err
}

// keep puts a report into the spool, where there is one.
func (t *telling) keep(out io.Writer, report []byte, why error) error {
	if t.spool == "" {
		return &exitError{exitAway, why}
	}
	if err := tell.Spool(t.spool).Keep(report); err != nil {
		return &exitError{exitAway, errors.Join(why, err)}
	}
	_, err := fmt.Fprintf(out, "Kept in %s: %v\n", t.spool, why)
	return err
}

// instant reads a flag that is a time; "now" is the present.
func (t *telling) instant(flag, text string) (time.Time, error) {
	if text == "now" {
		return t.now().UTC(), nil
	}
	at, err := source.ParseTime(text)
	if err != nil {
		return at, &exitError{exitRefused, fmt.Errorf("--%s: %w", flag, err)}
	}
	return at, nil
}

func newTelling() telling { return telling{now: time.Now, env: os.Getenv} }

func newChange() *cobra.Command { return changeCommandOf(newTelling()) }

func changeCommandOf(t telling) *cobra.Command {
	var (
		c                          correlate.Change
		status, kind, start, ended string
		brings                     bringing
	)
	cmd := &cobra.Command{
		Use:   "change --service NAME --version VERSION",
		Short: "Tell the daemon of a change, from a script or a pipeline",
		Long: `Tells the daemon that a change started, succeeded, failed or was cancelled. The same id in each of them makes one
change of it. In a pipeline of GitHub Actions, GitLab CI, Jenkins, Azure Pipelines, CircleCI or Bitbucket the id, the
commit, the actor and the URL are those of the run, unless they are given.

With --git it also tells the commits that the change brings, for lead time, and how many files and lines they touch: those
since the commit of the last change of the same service and environment that the daemon (--api) knows to be live. Where
that can't be found out, the change is told without, and stderr says why.

` + tellingInWords,
		Example: `  shipwake change --service checkout --version v2 --status started
  shipwake change --service checkout --version v2 --status succeeded
  shipwake change --service checkout --version v2 --git . --path services/checkout
  shipwake change --kind feature_flag --id new-basket --service checkout --label state=on`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c.Status, c.Kind = correlate.Status(status), correlate.Kind(kind)
			var err error
			if c.StartedAt, err = t.instant("started-at", start); err != nil {
				return err
			}
			if c.FinishedAt, err = t.instant("finished-at", ended); err != nil {
				return err
			}
			told := t.completed(c)
			brings.complete(cmd.Context(), cmd.ErrOrStderr(), told)
			return t.send(cmd.Context(), cmd.OutOrStdout(), correlate.Fact{Change: told})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&c.ID, "id", "", "the same in each report of one change (default: of the CI system's run)")
	flags.StringVar(&c.Service, "service", "", "the service.name that the change reaches")
	flags.StringVar(&c.Version, "version", "", "the version that it brings, as service.version has it")
	flags.StringVar(&c.Environment, "environment", correlate.DefaultEnvironment, "where it happens")
	flags.StringVar(&status, "status", string(correlate.StatusSucceeded), "started, succeeded, failed or cancelled")
	flags.StringVar(&kind, "kind", string(correlate.KindDeployment), "deployment, rollback, feature_flag, config, infrastructure or other")
	flags.StringVar(&c.Commit, "commit", "", "the commit (default: of the CI system's run)")
	flags.StringVar(&c.Actor, "actor", "", "who did it (default: of the CI system's run)")
	flags.StringVar(&c.Team, "team", "", "whose it is")
	flags.StringVar(&c.URL, "url", "", "where people look at it (default: of the CI system's run)")
	flags.StringToStringVar(&c.Labels, "label", nil, "`name=value`; may be repeated")
	flags.StringVar(&start, "started-at", "", "when it began: a time, or now (default now, with --status started)")
	flags.StringVar(&ended, "finished-at", "", "when it ended: a time, or now (default now, with any other status)")
	t.addFlags(flags)
	brings.addFlags(flags)
	return cmd
}

// completed fills in what the CI system and the clock say.
func (t *telling) completed(c correlate.Change) *correlate.Change {
	run := tell.RunOf(t.env)
	if c.ID == "" && run.ID != "" {
		c.ID = strings.Join([]string{c.Service, c.Environment, run.ID}, "-")
	}
	for at, of := range map[*string]string{&c.Commit: run.Commit, &c.Actor: run.Actor, &c.URL: run.URL} {
		if *at == "" {
			*at = of
		}
	}
	if run.Repository != "" && c.Labels["repository"] == "" {
		labels := map[string]string{"repository": run.Repository}
		maps.Copy(labels, c.Labels)
		c.Labels = labels
	}
	switch started := c.Status == correlate.StatusStarted; {
	case started && c.StartedAt.IsZero():
		c.StartedAt = t.now().UTC()
	case !started && c.FinishedAt.IsZero():
		c.FinishedAt = t.now().UTC()
	}
	return &c
}

func newIncident() *cobra.Command { return incidentCommandOf(newTelling()) }

func incidentCommandOf(t telling) *cobra.Command {
	var (
		i                           correlate.Incident
		services                    []string
		status                      string
		opened, acknowledged, ended string
	)
	cmd := &cobra.Command{
		Use:   "incident --id ID --service NAME",
		Short: "Tell the daemon of an incident, from a script",
		Long: `Tells the daemon that an incident opened, was acknowledged or was resolved. The same id in each of them makes one
incident of it.

` + tellingInWords,
		Example: `  shipwake incident --id INC-42 --service checkout --title 'Checkout answers with errors'
  shipwake incident --id INC-43 --service checkout --service payments --title 'Nobody can pay'
  shipwake incident --id INC-42 --service checkout --status resolved --opened-at 2026-03-01T10:06:00Z`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for flag, at := range map[string]struct {
				text string
				into *time.Time
			}{"opened-at": {opened, &i.OpenedAt}, "acknowledged-at": {acknowledged, &i.AcknowledgedAt}, "resolved-at": {ended, &i.ResolvedAt}} {
				var err error
				if *at.into, err = t.instant(flag, at.text); err != nil {
					return err
				}
			}
			told, err := t.incident(i.Of(services...), status)
			if err != nil {
				return err
			}
			return t.send(cmd.Context(), cmd.OutOrStdout(), correlate.Fact{Incident: told})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&i.ID, "id", "", "the same in each report of one incident")
	flags.StringArrayVar(&services, "service", nil, "the `service.name` that it is about; may be repeated")
	flags.StringVar(&i.Environment, "environment", correlate.DefaultEnvironment, "where it happens")
	flags.StringVar(&status, "status", "opened", "opened, acknowledged or resolved: the time of which is now, unless it is given")
	flags.StringVar(&i.Severity, "severity", "", "how bad it is")
	flags.StringVar(&i.Title, "title", "", "what it is")
	flags.StringVar(&i.URL, "url", "", "where people look at it")
	flags.StringVar(&i.CausedBy, "caused-by", "", "the id of the change that caused it, or none")
	flags.StringVar(&opened, "opened-at", "", "a time, or now (default now)")
	flags.StringVar(&acknowledged, "acknowledged-at", "", "a time, or now")
	flags.StringVar(&ended, "resolved-at", "", "a time, or now")
	t.addFlags(flags)
	return cmd
}

// incident fills in what the status and the clock say.
func (t *telling) incident(i correlate.Incident, status string) (*correlate.Incident, error) {
	now := t.now().UTC()
	switch status {
	case "opened":
	case "acknowledged":
		if i.AcknowledgedAt.IsZero() {
			i.AcknowledgedAt = now
		}
	case "resolved":
		if i.ResolvedAt.IsZero() {
			i.ResolvedAt = now
		}
	default:
		return nil, &exitError{exitRefused, fmt.Errorf("--status %s: want opened, acknowledged or resolved", status)}
	}
	if i.OpenedAt.IsZero() {
		i.OpenedAt = now // of several reports the earliest time counts
	}
	return &i, nil
}

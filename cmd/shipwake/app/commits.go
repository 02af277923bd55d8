package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/shipwake/shipwake/cmd/shipwake/app/client"
	"github.com/shipwake/shipwake/cmd/shipwake/app/tell"
	"github.com/shipwake/shipwake/collector/commits/git"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/span"
)

// commitsCommand tells the daemon what the changes bring that it knows.
type commitsCommand struct {
	asking
	telling
	dir, since, service, environment, repository string
	paths                                        []string
}

func newCommits() *cobra.Command { return commitsCommandOf(newTelling()) }

func commitsCommandOf(t telling) *cobra.Command {
	c := &commitsCommand{telling: t}
	cmd := &cobra.Command{
		Use:   "commits --git DIR {--service NAME | --repository NAME}",
		Short: "Tell the daemon what changes bring that it knows already, by a git repository",
		Long: `Goes through the changes that the daemon knows, such as those of an import, and tells it the commits that each of them
brings and how many files and lines they touch, where nobody told that. The secret of the source generic comes from
$SHIPWAKE_GENERIC_SECRET. It may be run again: what was told isn't told once more.`,
		Example: `  shipwake commits --git . --repository octo/shop --since 365d
  shipwake commits --git . --service checkout --path services/checkout`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context(), cmd.OutOrStdout()) },
	}
	flags := cmd.Flags()
	flags.StringVar(&c.dir, "git", "", "`folder` of the git repository")
	flags.StringVar(&c.repository, "repository", "", "only changes that name this `repository` in the label repository or project")
	flags.StringVar(&c.service, "service", "", "only changes of this `service`")
	flags.StringVar(&c.environment, "environment", "", "only this `environment`")
	flags.StringVar(&c.since, "since", "30d", "how far back, e.g. 365d")
	flags.StringArrayVar(&c.paths, "path", nil, "a `folder` of the repository that the service is built from; may be repeated")
	c.asking.addFlags(flags)
	flags.StringVar(&c.hooks, "hooks", defaultHooks, "`URL` where the daemon takes the generic format")
	span.Var(flags, &c.patience, "timeout", patience, "how long the daemon is tried for each change")
	return cmd
}

func (c *commitsCommand) run(ctx context.Context, out io.Writer) error {
	if c.dir == "" {
		return errors.New("--git is required: the folder of a clone")
	}
	if c.service == "" && c.repository == "" {
		return errors.New("of which changes is it the repository? Give --service or --repository")
	}
	repository, err := git.Open(ctx, c.dir)
	if err != nil {
		return err
	}
	daemon, err := c.daemon()
	if err != nil {
		return err
	}
	defer daemon.Close()
	teller, err := c.teller()
	if err != nil {
		return err
	}
	filled, err := tell.Lacking{
		Page: func(ctx context.Context, after string) ([]correlate.ChangeRecord, error) {
			return c.page(ctx, daemon, after)
		},
		Wanted: c.wanted, Repository: repository, Paths: c.paths,
		Tell: teller.Tell,
	}.Fill(ctx)
	fmt.Fprintln(out, filled)
	return noAnswer(err)
}

// wanted says whether a change is of the repository.
func (c *commitsCommand) wanted(r correlate.ChangeRecord) bool {
	return c.repository == "" || strings.EqualFold(r.Labels["repository"], c.repository) || strings.EqualFold(r.Labels["project"], c.repository)
}

func (c *commitsCommand) page(ctx context.Context, daemon *client.Client, after string) ([]correlate.ChangeRecord, error) {
	query := url.Values{"since": {c.since}, "limit": {"500"}}
	setGiven(query, map[string]string{"service": c.service, "environment": c.environment, "before": after})
	answer, err := daemon.Changes(ctx, query)
	return answer.Changes, err
}

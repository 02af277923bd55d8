package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/shipwake/shipwake/cmd/shipwake/app/tell"
	"github.com/shipwake/shipwake/collector/source/results"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/span"
)

// defaultResults is where a daemon with the built-in configuration takes the files of test tools.
const defaultResults = "http://127.0.0.1:8787/hooks/results"

// checking is a run of a check, and which daemon is told of it.
type checking struct {
	telling
	correlate.Check
	at, result, file, format string
}

func newCheck() *cobra.Command { return checkCommandOf(newTelling()) }

func checkCommandOf(t telling) *cobra.Command {
	c := &checking{telling: t}
	cmd := &cobra.Command{
		Use:   "check --name NAME --file FILE",
		Short: "Tell the daemon what a check after a release came to",
		Long: `Tells the daemon of one run of a check: the file of a test tool as it is (JUnit XML, TAP, k6, Newman, Playwright, SARIF,
in-toto), or a plain result. It is about one change, by its id (--change), by --service and --version, or by --commit. In a
pipeline the commit and the URL are those of the run, unless they are given. A required check that fails while its change
is observed makes the verdict regressed; of several runs of one name the newest counts.

The secret of the source results comes from $SHIPWAKE_RESULTS_SECRET. A daemon that is away or busy is tried again for
--timeout.

The exit code says whether the daemon has it, and nothing of the result:
  0  the daemon has it
  1  the report is wrong, and the daemon says why
  3  the daemon is away`,
		Example: `  shipwake check --name smoke --file results.xml --service checkout --version v2 --required
  shipwake check --name load --file summary.json --change deploy-42
  shipwake check --name manual --result passed --commit 4f2d9c1a`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context(), cmd.OutOrStdout()) },
	}
	flags := cmd.Flags()
	flags.StringVar(&c.Name, "name", "", "what is run again under the same name, such as smoke")
	flags.StringVar(&c.file, "file", "", "the `file` of the test tool; - is the standard input")
	flags.StringVar(&c.format, "format", "", "what the file is: "+strings.Join(results.Formats(), ", ")+" (default: found out)")
	flags.StringVar(&c.result, "result", "", "passed, failed or unknown, instead of a file")
	flags.StringVar(&c.Change, "change", "", "the `id` of the change that it is about")
	flags.StringVar(&c.Service, "service", "", "the service.name of the change")
	flags.StringVar(&c.Version, "version", "", "the version of the change")
	flags.StringVar(&c.Environment, "environment", "", "where the change happened (default production)")
	flags.StringVar(&c.Commit, "commit", "", "the commit of the change (default: of the CI system's run, without --change and --version)")
	flags.BoolVar(&c.Required, "required", false, "a change in whose window it fails has regressed")
	flags.StringVar(&c.URL, "url", "", "where people look at it (default: of the CI system's run)")
	flags.StringVar(&c.ID, "id", "", "the same when the run is reported again")
	flags.StringVar(&c.at, "at", "now", "when it came to its result: a time, or now")
	flags.StringVar(&c.hooks, "hooks", defaultResults, "`URL` where the daemon takes results")
	span.Var(flags, &c.patience, "timeout", 30*time.Second, "how long the daemon is tried")
	return cmd
}

func (c *checking) run(ctx context.Context, out io.Writer) error {
	body, query, err := c.report()
	if err != nil {
		return &exitError{exitRefused, err}
	}
	teller := &tell.Teller{
		URL: c.hooks, Token: strings.TrimSpace(c.env("SHIPWAKE_RESULTS_SECRET")), Patience: c.patience,
		Client: &http.Client{Timeout: 30 * time.Second},
	}
	if err := teller.Validate(); err != nil {
		return &exitError{exitRefused, fmt.Errorf("--hooks: %w", err)}
	}
	teller.URL += "?" + query
	answer, err := teller.Post(ctx, http.Header{"Content-Type": {"application/octet-stream"}}, body)
	switch {
	case errors.Is(err, tell.ErrAway):
		return &exitError{exitAway, err}
	case err != nil:
		return &exitError{exitRefused, err}
	case answer.Problem != "":
		_, err = fmt.Fprintf(out, "The daemon keeps it in quarantine: %s\n", answer.Problem)
	case answer.Duplicates > 0:
		_, err = fmt.Fprintln(out, "The daemon knew it already.")
	default:
		_, err = fmt.Fprintf(out, "The daemon has it: %s %s.\n", c.Name, c.Result)
	}
	return err
}

// report is the body and the query of what is sent, which the daemon would not refuse.
func (c *checking) report() (body []byte, query string, err error) {
	if (c.file == "") == (c.result == "") {
		return nil, "", errors.New("want one of --file and --result")
	}
	run := tell.RunOf(c.env)
	if c.Change == "" && c.Version == "" && c.Commit == "" {
		c.Commit = run.Commit
	}
	if c.URL == "" {
		c.URL = run.URL
	}
	if c.At, err = c.instant("at", c.at); err != nil {
		return nil, "", err
	}
	if c.Result = correlate.CheckResult(c.result); c.file != "" {
		if body, err = readResults(c.file); err != nil {
			return nil, "", err
		}
		found, _, err := results.Read(c.format, body)
		if err != nil {
			return nil, "", fmt.Errorf("%s: %w", c.file, err)
		}
		c.Result = found.Outcome
	}
	if err := c.Check.Validate(); err != nil {
		return nil, "", fmt.Errorf("--%w", err)
	}
	return body, c.query(), nil
}

// readResults reads a file up to what the daemon takes.
func readResults(name string) ([]byte, error) {
	in := io.Reader(os.Stdin)
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		in = file
	}
	body, err := io.ReadAll(io.LimitReader(in, results.MaxBody+1))
	if err == nil && len(body) > results.MaxBody {
		err = fmt.Errorf("%s: must not be larger than %d bytes", name, results.MaxBody)
	}
	return body, err
}

func (c *checking) query() string {
	query := url.Values{}
	for key, value := range map[string]string{
		"name": c.Name, "change": c.Change, "service": c.Service, "version": c.Version, "environment": c.Environment, "commit": c.Commit,
		"url": c.URL, "id": c.ID, "format": c.format, "result": c.result, "at": c.At.UTC().Format(time.RFC3339Nano),
	} {
		if value != "" {
			query.Set(key, value)
		}
	}
	if c.Required {
		query.Set("required", strconv.FormatBool(true))
	}
	return query.Encode()
}

package app

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/shipwake/shipwake/cmd/shipwake/app/client"
	"github.com/shipwake/shipwake/cmd/shipwake/app/dorapage"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/internal/span"
)

// reportCommand writes the page of a month.
type reportCommand struct {
	asking
	month, format, out, zone, policy, links string
	scope                                   scope
	asked                                   url.Values // the scope
}

func newReport() *cobra.Command {
	r := &reportCommand{}
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Write a month's DORA numbers as a page to forward",
		Long: `Asks the running daemon for a month of DORA numbers, and writes a page: the five metrics with their intervals, their own past,
which numbers became others after they were published and why, the changes behind the failures, how far the data can be
trusted, and the definitions.

The page stands for itself: HTML is one file without scripts, for screen, phone and paper. With --out the charts are files
of their own as well, and Markdown shows them. The past is a year by month, or a quarter by week while there are fewer than
three months.`,
		Example: `  shipwake dora report --month 2026-10 --format html --out reports
  shipwake dora report --month 2026-10 --team checkout > checkout.md`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return r.run(cmd.Context(), cmd.OutOrStdout()) },
	}
	flags := cmd.Flags()
	flags.StringVar(&r.month, "month", "", "the `month`, as 2026-10 (default: the last that is over)")
	flags.StringVar(&r.format, "format", "markdown", "`format`: markdown, html or svg (the charts alone, with --out)")
	flags.StringVar(&r.out, "out", "", "write into this `directory` instead of to the standard output, and name the files")
	flags.StringVar(&r.zone, "zone", "", "the `zone` of the month, e.g. Europe/Berlin (default: UTC)")
	flags.StringVar(&r.links, "links", "", "`URL` of the daemon as the readers of the page reach it (default: that of --api)")
	flags.StringVar(&r.policy, "policy", "", "count by this `policy`, see shipwake dora --help")
	r.scope.addFlags(flags)
	r.addFlags(flags)
	return cmd
}

func (r *reportCommand) run(ctx context.Context, out io.Writer) error {
	switch {
	case !slices.Contains([]string{"markdown", "html", "svg"}, r.format):
		return fmt.Errorf("--format %s: want markdown, html or svg", r.format)
	case r.format == "svg" && r.out == "":
		return fmt.Errorf("--format svg makes several files: say where with --out")
	}
	now := time.Now()
	month, err := r.begin(now)
	if err != nil {
		return err
	}
	daemon, err := r.daemon()
	if err != nil {
		return err
	}
	defer daemon.Close()
	r.asked = url.Values{}
	if err := r.scope.set(r.asked); err != nil {
		return err
	}
	content, err := r.content(ctx, daemon, month, now)
	if err != nil {
		return noAnswer(err)
	}
	if r.out != "" {
		return r.files(out, content)
	}
	if r.format == "html" {
		return dorapage.HTML(out, content)
	}
	return dorapage.Markdown(out, content, func(dorapage.Line) string { return "" })
}

// begin is the first instant of the month.
func (r *reportCommand) begin(now time.Time) (time.Time, error) {
	zone, err := (&window{zone: r.zone}).location()
	if err != nil {
		return time.Time{}, err
	}
	if r.month == "" {
		now = now.In(zone)
		return time.Date(now.Year(), now.Month()-1, 1, 0, 0, 0, 0, zone), nil
	}
	month, err := time.ParseInLocation("2006-01", r.month, zone)
	switch {
	case err != nil:
		return time.Time{}, fmt.Errorf("--month: %q is not a month such as 2026-10", r.month)
	case month.After(now):
		return time.Time{}, fmt.Errorf("--month %s has not begun", r.month)
	}
	return month, nil
}

// mostFailures is how many failures a page lists.
const mostFailures = 200

// content asks for everything that the page tells.
func (r *reportCommand) content(ctx context.Context, daemon *client.Client, month, now time.Time) (dorapage.Content, error) {
	end := month.AddDate(0, 1, 0)
	base, err := url.Parse(cmp.Or(r.links, r.at))
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" {
		return dorapage.Content{}, errors.New("--links: want the address of the daemon as the readers have it, such as https://shipwake.example.com")
	}
	base.User = nil
	c := dorapage.Content{Month: month, Team: r.scope.team, Daemon: base, Made: now}
	if c.Report, err = r.numbers(ctx, daemon, month, end, ""); err != nil {
		return c, err
	}
	before, err := r.numbers(ctx, daemon, month.AddDate(0, -1, 0), month, "")
	if err != nil {
		return c, err
	}
	c.Before = before.Total
	if c.Past, err = r.past(ctx, daemon, month, end); err != nil {
		return c, err
	}
	restated, err := daemon.Restatements(ctx, r.query(month, earliest(end.Add(7*span.Day), now), url.Values{"window": {"7d"}}))
	if err != nil {
		return c, err
	}
	c.Restated = restated.Restated
	if c.Failures, c.More, err = r.failures(ctx, daemon, month, end); err != nil {
		return c, err
	}
	c.Quality, err = r.quality(ctx, daemon, month, end)
	return c, err
}

// query adds a window and the scope to parameters.
func (r *reportCommand) query(from, to time.Time, query url.Values) url.Values {
	query.Set("from", from.UTC().Format(time.RFC3339))
	query.Set("to", to.UTC().Format(time.RFC3339))
	for name, values := range r.asked {
		query[name] = values
	}
	return query
}

func (r *reportCommand) numbers(ctx context.Context, daemon *client.Client, from, to time.Time, series string) (report dora.Report, err error) {
	query := r.query(from, to, url.Values{})
	setGiven(query, map[string]string{"policy": r.policy, "series": series})
	if series != "" {
		setGiven(query, map[string]string{"zone": r.zone})
	}
	text, err := daemon.DORAText(ctx, query)
	if err == nil {
		err = json.Unmarshal(text, &report)
	}
	return report, err
}

// past is the year up to the end of the month by month, or the quarter by week while there is little.
func (r *reportCommand) past(ctx context.Context, daemon *client.Client, month, end time.Time) (dora.Report, error) {
	year, err := r.numbers(ctx, daemon, month.AddDate(0, -11, 0), end, "month")
	if err != nil {
		return year, err
	}
	told := 0
	for _, p := range year.Periods {
		if p.Total != nil && p.Total.Deployments > 0 {
			told++
		}
	}
	const telling = 3
	if told >= telling {
		return begun(year), nil
	}
	monday := end.AddDate(0, 0, -int(end.Weekday()+6)%7)
	quarter, err := r.numbers(ctx, daemon, monday.AddDate(0, 0, -12*7), end, "week")
	return begun(quarter), err
}

// begun leaves out the periods before the first of which anything is known.
func begun(r dora.Report) dora.Report {
	for len(r.Periods) > 1 && r.Periods[0].Total == nil {
		r.Periods = r.Periods[1:]
	}
	return r
}

// failures are the newest changes that count as failures, and whether there are more.
func (r *reportCommand) failures(ctx context.Context, daemon *client.Client, from, to time.Time) ([]correlate.ChangeRecord, bool, error) {
	query := r.query(from, to, url.Values{"counted": {"failures"}, "limit": {fmt.Sprint(mostFailures)}})
	found, err := daemon.Changes(ctx, query)
	return found.Changes, found.Next != "", err
}

// quality is nil when the daemon is one that doesn't tell.
func (r *reportCommand) quality(ctx context.Context, daemon *client.Client, from, to time.Time) (*dorapage.Quality, error) {
	var quality dorapage.Quality
	known, err := daemon.Optional(ctx, "/api/v1/quality", r.query(from, to, url.Values{}), &quality)
	if !known {
		return nil, err
	}
	return &quality, err
}

// files writes the page and its charts, and says which files these are.
func (r *reportCommand) files(out io.Writer, c dorapage.Content) error {
	if err := os.MkdirAll(r.out, 0o755); err != nil {
		return err
	}
	name := "dora-" + c.Month.Format("2006-01")
	if c.Team != "" {
		name += "-" + fileName(c.Team)
	}
	image := func(l dorapage.Line) string { return name + "-" + l.Chart.ID + ".svg" }
	write := func(name string, text []byte) error {
		path := filepath.Join(r.out, name)
		fmt.Fprintln(out, path)
		return os.WriteFile(path, text, 0o644)
	}
	for _, l := range c.Lines() {
		if err := write(image(l), []byte(l.Chart.File())); err != nil {
			return err
		}
	}
	var b bytes.Buffer
	switch r.format {
	case "html":
		if err := dorapage.HTML(&b, c); err != nil {
			return err
		}
		return write(name+".html", b.Bytes())
	case "markdown":
		if err := dorapage.Markdown(&b, c, image); err != nil {
			return err
		}
		return write(name+".md", b.Bytes())
	}
	return nil
}

var unfit = regexp.MustCompile(`[^a-z0-9.]+`)

// fileName is a name as a part of the name of a file.
func fileName(name string) string {
	return cmp.Or(strings.Trim(unfit.ReplaceAllString(strings.ToLower(name), "-"), "-."), "team")
}

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/shipwake/shipwake/cmd/shipwake/app/importer"
	"github.com/shipwake/shipwake/cmd/shipwake/app/tell"
	exports "github.com/shipwake/shipwake/collector/history"
	histories "github.com/shipwake/shipwake/collector/history/all"
	"github.com/shipwake/shipwake/collector/history/payloads"
	sources "github.com/shipwake/shipwake/collector/source/all"
	"github.com/shipwake/shipwake/internal/span"
)

// importCommand imports files.
type importCommand struct {
	hooks, state, report, mapFile string
	fromSource                    string
	maps, set                     map[string]string
	dryRun, strict                bool
	since, url, tokenFile         string   // of what is pulled
	of, allow                     []string // of what is pulled
	patience                      time.Duration
	env                           func(string) string
	now                           func() time.Time
}

func newImport() *cobra.Command {
	i := &importCommand{env: os.Getenv, now: time.Now}
	cmd := &cobra.Command{
		Use:   "import FORMAT [FILE…]",
		Short: "Tell the daemon of years of history",
		Long: `Reads what another tool wrote down, and tells the daemon of it. FORMAT is one of

` + formatsInWords() + `
or, with --from-source NAME instead, the files hold messages as /hooks/NAME takes them. A file may be compressed by gzip.
Without files, FORMAT is a system that is asked by its API for what its webhooks would have said: ` + pullableNames() + `. The token for it comes from $SHIPWAKE_<NAME>_TOKEN or --token-file; --of says what is
asked for, by the keys that change_pull has for it (docs/sources).

Where a format has several tables, a file is the one that it is named after, or say TABLE=FILE.

What is sent is known by its content, so that what is imported twice, or overlaps, changes nothing. How far it is stands
in a file beside the first one (--state), until all is sent: an import that ends early goes on there when it is run again.
The secrets of the sources come from $SHIPWAKE_<NAME>_SECRET, as the daemon has them; that of facts from
$SHIPWAKE_GENERIC_SECRET.

The exit code:
  0  the daemon has everything
  1  nothing, or nothing more, can be imported, and why is said
  2  the daemon has everything but what was skipped, which is listed with its place
  3  the daemon is away, or the import was interrupted; run it again to go on`,
		Example: `  shipwake import csv deploys.csv --map service=app_name,version=tag,finished_at=deployed_at
  shipwake import devlake cicd_deployment_commits.tsv incidents.tsv project_mapping.tsv
  shipwake import ndjson history.jsonl.gz --dry-run | head
  shipwake import github --since 1y --of repositories=octo/shop --of repositories=octo/pay`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return i.run(cmd.Context(), args, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&i.hooks, "hooks", defaultHooks, "`URL` where the daemon takes the generic format")
	flags.StringVar(&i.fromSource, "from-source", "", "the files hold messages of the source of this `name`")
	flags.StringToStringVar(&i.maps, "map", nil, "`field=column,…` of csv")
	flags.StringVar(&i.mapFile, "map-file", "", "`file` in YAML with the map of csv, see docs/import.md")
	flags.StringToStringVar(&i.set, "set", nil, "`key=value,…`: constants of the format")
	flags.BoolVar(&i.dryRun, "dry-run", false, "print the facts, and send nothing")
	flags.BoolVar(&i.strict, "strict", false, "end at the first record that is wrong")
	flags.StringVar(&i.state, "state", "", "`file` that says how far the import is (default: beside the first file)")
	flags.StringVar(&i.report, "report", "", "`file` for each record that was skipped")
	flags.StringVar(&i.since, "since", "1y", "how far back a system is asked, e.g. 1y, 6m, 90d, or a time")
	flags.StringVar(&i.url, "url", "", "`address` of the API that is asked, where it isn't the usual one")
	flags.StringArrayVar(&i.of, "of", nil, "`key=value`: what is asked for; may be repeated")
	flags.StringVar(&i.tokenFile, "token-file", "", "`file` with the token for the API that is asked")
	flags.StringArrayVar(&i.allow, "allow", nil, "private, loopback, a network or a host's `name`: an API beyond the public internet; may be repeated")
	span.Var(flags, &i.patience, "timeout", 5*time.Minute, "how long a daemon that is away is tried")
	return cmd
}

func formatsInWords() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, f := range histories.Formats() {
		fmt.Fprintf(w, "  %s\t%s\n", f.Name, f.About)
	}
	_ = w.Flush() // a strings.Builder takes everything
	return b.String()
}

func (i *importCommand) run(ctx context.Context, args []string, out, said io.Writer) error {
	if len(args) == 1 && i.fromSource == "" && pullable(args[0]) {
		return i.runPull(ctx, args[0], out, said)
	}
	format, files, err := i.format(args)
	if err != nil {
		return err
	}
	options, err := i.options()
	if err != nil {
		return err
	}
	if err := format.Check(options); err != nil {
		return err
	}
	passes, err := format.Open(options)
	if err != nil {
		return err
	}
	plan, err := exports.Plan(passes, files)
	if err != nil {
		return err
	}
	return i.send(ctx, format, options, plan, out, said)
}

// format is the one that is named, and the files.
func (i *importCommand) format(args []string) (exports.Format, []string, error) {
	if i.fromSource != "" {
		if len(args) == 0 {
			return exports.Format{}, nil, errors.New("want at least one file with messages of " + i.fromSource)
		}
		return payloads.Of(i.fromSource), args, nil
	}
	if len(args) == 0 {
		return exports.Format{}, nil, errors.New("want a format and files; the formats are " + formatNames())
	}
	for _, f := range histories.Formats() {
		if f.Name != args[0] {
			continue
		}
		if len(args) == 1 {
			return f, nil, fmt.Errorf("want at least one file of %s: %s", f.Name, f.About)
		}
		return f, args[1:], nil
	}
	return exports.Format{}, nil, fmt.Errorf("%s: there is no such format; the formats are %s, and %s can be asked", args[0], formatNames(), pullableNames())
}

func formatNames() string {
	var names []string
	for _, f := range histories.Formats() {
		names = append(names, f.Name)
	}
	return strings.Join(names, ", ")
}

// options are what the flags say, over what the file says.
func (i *importCommand) options() (exports.Options, error) {
	o := exports.Options{Set: i.set}
	if i.mapFile != "" {
		text, err := os.Open(i.mapFile)
		if err != nil {
			return o, fmt.Errorf("--map-file: %w", err)
		}
		defer func() { _ = text.Close() }()
		decoder := yaml.NewDecoder(text)
		decoder.KnownFields(true)
		if err := decoder.Decode(&o.Columns); err != nil && !errors.Is(err, io.EOF) {
			return o, fmt.Errorf("--map-file: %s: %w", i.mapFile, err)
		}
	}
	for field, column := range i.maps {
		if o.Columns.Of == nil {
			o.Columns.Of = map[string]string{}
		}
		o.Columns.Of[field] = column
	}
	return o, nil
}

func (i *importCommand) send(ctx context.Context, format exports.Format, options exports.Options, plan []exports.Step, out, said io.Writer) (err error) {
	var files []string
	for _, step := range plan {
		files = append(files, step.File)
	}
	im := &importer.Import{Plan: plan, Strict: i.strict, Report: &importer.Report{}, Now: i.now}
	if im.Identity, err = importer.Identity([]any{format.Name, options, i.hooks, i.strict}, files); err != nil {
		return err
	}
	if i.report != "" {
		file, err := os.OpenFile(i.report, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
		if err != nil {
			return fmt.Errorf("--report: %w", err)
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		im.Report.All = file
	}
	if i.dryRun {
		im.Door, out = &importer.Dry{Out: out, Sources: sources.Sources()}, said
	} else {
		hooks, err := importer.NewHooks(i.hooks, sources.Sources(), i.env, i.patience)
		if err != nil {
			return fmt.Errorf("--hooks: %w", err)
		}
		defer hooks.Close()
		im.Door, im.State = hooks, i.stateOf(files[0])
	}
	im.Progress = importer.NewProgress(said, isTerminal(said), files, func() int64 { return im.Report.Counts().Facts }, i.now)
	return i.finish(im, watched(im, func() error { return im.Run(ctx) }), out)
}

func (i *importCommand) stateOf(file string) string {
	if i.state != "" {
		return i.state
	}
	return file + ".import"
}

// watched does something, and tells of it meanwhile.
func watched(im *importer.Import, do func() error) error {
	ended, told := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(told)
		im.Progress.Run(ended)
	}()
	err := do()
	close(ended)
	<-told
	return err
}

// finish says what became of the import, and by which exit code.
func (i *importCommand) finish(im *importer.Import, err error, out io.Writer) error {
	if printed := im.Report.Print(out); printed != nil {
		return errors.Join(err, fmt.Errorf("--report: %w", printed))
	}
	if i.dryRun && err == nil {
		fmt.Fprintln(out, "Nothing was sent: this was a dry run.")
	}
	switch {
	case errors.Is(err, tell.ErrAway), errors.Is(err, context.Canceled):
		return &exitError{exitUnfinished, fmt.Errorf("%w; run it again to go on", err)}
	case err != nil:
		return &exitError{exitNotImported, err}
	case im.Report.Skipped():
		return &exitError{exitSkipped, nil}
	}
	return nil
}

// isTerminal tells whether somebody watches.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&fs.ModeCharDevice != 0
}

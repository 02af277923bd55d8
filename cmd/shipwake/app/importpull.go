package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/config/configopaque"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/cmd/shipwake/app/importer"
	"github.com/shipwake/shipwake/collector/pull"
	"github.com/shipwake/shipwake/collector/source"
	sources "github.com/shipwake/shipwake/collector/source/all"
	"github.com/shipwake/shipwake/correlate"
)

// pullable is a source that can be asked, by its name.
func pullable(name string) bool {
	for _, s := range sources.Sources() {
		if s.Name == name && s.Pull != nil {
			return true
		}
	}
	return false
}

func pullableNames() string {
	var names []string
	for _, s := range sources.Sources() {
		if s.Pull != nil {
			names = append(names, s.Name)
		}
	}
	return strings.Join(names, ", ")
}

// runPull asks a system by its API for its history.
func (i *importCommand) runPull(ctx context.Context, name string, out, said io.Writer) (err error) {
	since, err := sinceOf(i.since, i.now())
	if err != nil {
		return fmt.Errorf("--since: %w", err)
	}
	cfg, err := i.pullConfig(name)
	if err != nil {
		return err
	}
	p := &importer.Pulled{Source: name, Report: &importer.Report{}, Strict: i.strict}
	if p.Identity, err = importer.Identity([]any{name, cfg.Keys, i.since, i.hooks}, nil); err != nil {
		return err
	}
	if i.report != "" {
		file, err := os.Create(i.report)
		if err != nil {
			return fmt.Errorf("--report: %w", err)
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		p.Report.All = file
	}
	if i.dryRun {
		p.Door, out = &importer.Dry{Out: out, Sources: sources.Sources()}, said
	} else {
		hooks, err := importer.NewHooks(i.hooks, sources.Sources(), i.env, i.patience)
		if err != nil {
			return fmt.Errorf("--hooks: %w", err)
		}
		defer hooks.Close()
		p.Door, p.State = hooks, i.stateOf(filepath.Join(".", "shipwake-"+name))
	}
	if err := p.Begin(); err != nil {
		return err
	}
	im := &importer.Import{Report: p.Report, Progress: importer.NewProgress(said, isTerminal(said), nil, func() int64 { return p.Report.Counts().Messages }, i.now)}
	err = watched(im, func() error { return i.ask(ctx, name, cfg, since, p) })
	if err == nil {
		err = p.End()
	}
	return i.finish(im, err, out)
}

func (i *importCommand) ask(ctx context.Context, name string, cfg pull.SourceConfig, since time.Time, intake source.Intake) error {
	err := pull.Once(ctx, sources.Sources(), name, cfg, since, intake, zap.NewNop())
	if errors.Is(err, correlate.ErrUnavailable) {
		return fmt.Errorf("%w; run it again to go on", err)
	}
	return err
}

// pullConfig is the configuration of change_pull that the flags say.
func (i *importCommand) pullConfig(name string) (pull.SourceConfig, error) {
	cfg := pull.SourceConfig{Keys: map[string]any{}, Allow: i.allow, SecretFile: i.tokenFile}
	if i.tokenFile == "" {
		variable := "SHIPWAKE_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_")) + "_TOKEN"
		cfg.Secret = configopaque.String(strings.TrimSpace(i.env(variable)))
	}
	if i.url != "" {
		cfg.Keys["api_url"] = i.url
	}
	parameters := map[string]any{}
	for _, pair := range i.of {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return cfg, fmt.Errorf("--of %s: want key=value, such as repositories=octo/shop", pair)
		}
		if parameter, ok := strings.CutPrefix(key, "parameters."); ok {
			parameters[parameter] = value
			cfg.Keys["parameters"] = parameters
			continue
		}
		values, _ := cfg.Keys[key].([]any)
		cfg.Keys[key] = append(values, value)
	}
	return cfg, nil
}

var sincePattern = regexp.MustCompile(`^(\d{1,4})([hdwmy])$`)

// sinceOf is a time so long ago, such as 1y, 6m, 2w, 90d or 36h, or a time itself.
func sinceOf(text string, now time.Time) (time.Time, error) {
	found := sincePattern.FindStringSubmatch(text)
	if found == nil {
		at, err := source.ParseTime(text)
		if err != nil || at.IsZero() {
			return at, errors.New("must be so long ago as 1y, 6m, 2w, 90d or 36h, or a time such as 2026-03-01T10:00:00Z")
		}
		return at, nil
	}
	n, err := strconv.Atoi(found[1])
	if err != nil {
		return now, err
	}
	switch found[2] {
	case "y":
		return now.AddDate(-n, 0, 0), nil
	case "m":
		return now.AddDate(0, -n, 0), nil
	case "w":
		return now.AddDate(0, 0, -7*n), nil
	case "d":
		return now.AddDate(0, 0, -n), nil
	}
	return now.Add(-time.Duration(n) * time.Hour), nil
}

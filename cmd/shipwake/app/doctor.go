package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/shipwake/shipwake/cmd/shipwake/app/doctor"
	"github.com/shipwake/shipwake/cmd/shipwake/app/renames"
	"github.com/shipwake/shipwake/internal/span"
)

// doctorCommand looks for what keeps a daemon from doing its work.
type doctorCommand struct {
	daemon
	asking
	offline         bool
	prometheus      string
	prometheusToken string
	silentAfter     time.Duration
	output          string
}

func newDoctor() *cobra.Command {
	d := &doctorCommand{}
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look for what keeps the daemon from doing its work, and say how to mend it",
		Long: `Checks the configuration, the machine that it is for, the daemon that runs with it, and the Prometheus that scrapes
it, a line for each finding: ok, warn (it works, and something is lost or will be), fail (it doesn't do its work) or skip (it can't
be looked at from here, and why). Below what isn't right is what to do. Nothing is changed. The exit code is 1 when anything fails.

With --config or --data-dir, and without any flag, it looks at this machine and asks the daemon at the configuration's own
address. With --api alone it asks that daemon, wherever it is. With --offline it asks no daemon.`,
		Example: `  shipwake doctor --config builtin:default --config /etc/shipwake/shipwake.yaml
  shipwake doctor --config shipwake.yaml --offline                        before the first start
  shipwake doctor --api https://shipwake.example.com --token-file token   from anywhere
  shipwake doctor --prometheus http://prometheus:9090                     is it scraped, are its rules loaded?`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return d.run(cmd.Context(), cmd.OutOrStdout(), cmd.Flags().Changed("api"))
		},
	}
	flags := cmd.Flags()
	d.daemon.addFlags(cmd)
	d.asking.addFlags(flags)
	flags.BoolVar(&d.offline, "offline", false, "ask no daemon")
	flags.StringVar(&d.prometheus, "prometheus", "", "`URL` of the Prometheus that scrapes the daemon (default the first server of telemetry_prometheus)")
	flags.StringVar(&d.prometheusToken, "prometheus-token-file", "", "`file` with a bearer token for it")
	span.Var(flags, &d.silentAfter, "silent-after", span.Week, "how long a sender may say nothing")
	flags.StringVarP(&d.output, "output", "o", "table", "`format`: table or json")
	return cmd
}

func (d *doctorCommand) run(ctx context.Context, out io.Writer, asked bool) error {
	if d.output != "table" && d.output != "json" {
		return fmt.Errorf("--output %s: want table or json", d.output)
	}
	info, _ := debug.ReadBuildInfo()
	p := &doctor.Patient{Version: number(info), SilentAfter: d.silentAfter, Now: time.Now}
	if !asked || len(d.configs)+len(d.sets) > 0 || d.daemon.dataDir != "" {
		c, err := d.configuration(ctx)
		if err != nil {
			return err
		}
		p.Configuration = c
	}
	if err := d.find(p, asked); err != nil {
		return err
	}
	if p.Daemon != nil {
		defer p.Daemon.Close()
	}
	report := doctor.Examine(ctx, p)
	if err := d.write(out, report); err != nil {
		return err
	}
	if report.Failed() {
		return &exitError{code: 1}
	}
	return nil
}

// configuration reads the configuration as a daemon would.
func (d *doctorCommand) configuration(ctx context.Context) (*doctor.Configuration, error) {
	uris, err := d.uris()
	if err != nil {
		return nil, err
	}
	set, err := d.settings()
	if err != nil {
		return nil, err
	}
	c := &doctor.Configuration{Name: strings.Join(uris, ", "), Problem: d.validate(ctx)}
	for _, uri := range d.configs {
		if path := strings.TrimPrefix(uri, "file:"); isFile(path) {
			c.Paths = append(c.Paths, path)
		}
	}
	if len(d.sets) > 0 { // what is set may be a secret
		c.Name = strings.Join(uris[:len(uris)-len(d.sets)], ", ") + " with --set"
	}
	resolver := resolverOf(uris, renamedKeys, func(u renames.Use) { c.Old = append(c.Old, u) }, d.envFiles...)
	conf, err := resolve(resolver)
	if err != nil {
		return c, nil //nolint:nilerr // Problem says it
	}
	factories, err := set.Factories()
	if err != nil {
		return nil, err
	}
	c.Read(conf, factories)
	if d.daemon.dataDir != "" {
		c.DataDir = d.daemon.dataDir
	}
	return c, nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// find says which daemon and which Prometheus are to be asked.
func (d *doctorCommand) find(p *doctor.Patient, asked bool) (err error) {
	if c := p.Configuration; !asked && c != nil && c.Web != "" {
		d.api = c.Web
	}
	if !d.offline {
		if p.Daemon, err = d.asking.daemon(); err != nil {
			return err
		}
		p.URL = withoutPassword(d.api)
	}
	if d.prometheus != "" {
		config, err := (&prometheusCheck{tokenFile: d.prometheusToken}).server(d.prometheus)
		if err != nil {
			return fmt.Errorf("--prometheus: %w", err)
		}
		p.Prometheus = &doctor.Prometheus{Key: "--prometheus", Client: config.ClientConfig}
	} else if c := p.Configuration; c != nil && len(c.Servers) > 0 {
		p.Prometheus = &doctor.Prometheus{Key: c.Servers[0].Key, Client: c.Servers[0].Client}
	}
	return nil
}

// withoutPassword is a URL as it may be printed.
func withoutPassword(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	u.User = nil
	return strings.TrimSuffix(u.String(), "/")
}

func (d *doctorCommand) write(out io.Writer, report doctor.Report) error {
	if d.output == "table" {
		return report.Table(out)
	}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(report)
}

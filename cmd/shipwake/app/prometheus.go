package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"

	"github.com/shipwake/shipwake/collector/prometheus"
	"github.com/shipwake/shipwake/collector/prometheus/points"
)

func newPrometheus() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "prometheus",
		Short: "See what a Prometheus has that changes can be judged by",
		Args:  noArguments,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newPrometheusCheck())
	return cmd
}

// prometheusCheck asks a server as the receiver telemetry_prometheus would.
type prometheusCheck struct {
	environment string
	tokenFile   string
	headers     map[string]string
}

func newPrometheusCheck() *cobra.Command {
	p := &prometheusCheck{}
	cmd := &cobra.Command{
		Use:   "check URL",
		Short: "Show whose requests a server can tell, by which metrics, and what reading them costs",
		Long: `Asks a server that speaks Prometheus's API for the last five minutes, as the receiver telemetry_prometheus
would, without a daemon and without keeping anything: which services there are, which family of metrics tells the
requests of each, whether versions are told, and how much there is to read. It fails when there is nothing.`,
		Example: `  shipwake prometheus check http://prometheus:9090
  shipwake prometheus check https://mimir.example.com/prometheus --header X-Scope-OrgID=shop --bearer-token-file token`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return p.run(cmd.Context(), cmd.OutOrStdout(), args[0]) },
	}
	flags := cmd.Flags()
	flags.StringVar(&p.environment, "environment", "", "`name` of the environment of services whose series tell none")
	flags.StringVar(&p.tokenFile, "bearer-token-file", "", "`file` with a token for the server")
	flags.StringToStringVar(&p.headers, "header", nil, "`name=value` of a header; a secret belongs into a file")
	return cmd
}

func (p *prometheusCheck) run(ctx context.Context, out io.Writer, endpoint string) error {
	cfg, err := p.server(endpoint)
	if err != nil {
		return err
	}
	report, err := prometheus.Check(ctx, cfg)
	if err != nil {
		return err
	}
	return checkedTable(out, report)
}

// server is the configuration by which a server is asked.
func (p *prometheusCheck) server(endpoint string) (*prometheus.ServerConfig, error) {
	cfg := &prometheus.ServerConfig{}
	if err := confmap.NewFromStringMap(map[string]any{"endpoint": endpoint, "environment": p.environment}).Unmarshal(cfg); err != nil {
		return nil, err
	}
	if err := p.addHeaders(cfg); err != nil {
		return nil, err
	}
	return cfg, cfg.Validate()
}

func (p *prometheusCheck) addHeaders(cfg *prometheus.ServerConfig) error {
	for name, value := range p.headers {
		cfg.Headers.Set(name, configopaque.String(value))
	}
	if p.tokenFile == "" {
		return nil
	}
	token, err := os.ReadFile(p.tokenFile)
	if err != nil {
		return fmt.Errorf("--bearer-token-file: %w", err)
	}
	cfg.Headers.Set("Authorization", configopaque.String("Bearer "+strings.TrimSpace(string(token))))
	return nil
}

// checkedTable writes what was found, and what follows from it.
func checkedTable(out io.Writer, r *prometheus.Report) error {
	name := r.Server
	if name == "" {
		name = "a server that doesn't say what it is"
	}
	often := "once so far"
	if r.Every > 0 {
		often = fmt.Sprintf("every %v at most", r.Every)
	}
	fmt.Fprintf(out, "%s; targets that answer: %d, scraped %s\n", name, r.Targets, often)
	fmt.Fprintf(out, "five minutes are %d samples of %d series, by %d queries in %v\n", r.Samples, r.Series, r.Queries, r.Took.Round(time.Millisecond))
	if r.Ahead.Abs() > 2*time.Second {
		fmt.Fprintf(out, "its clock is %v ahead of this machine's: changes that others report may seem earlier or later than what they did\n", r.Ahead.Round(time.Second/10))
	}
	if r.Warning != "" {
		fmt.Fprintf(out, "it doesn't vouch for its answers, so that no verdict will be healthy: %s\n", r.Warning)
	}
	if len(r.Services) == 0 {
		return errors.New("there are no metrics of requests that are understood; docs/prometheus.md lists them, and how to add your own")
	}
	fmt.Fprintln(out)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SERVICE\tENVIRONMENT\tTOLD BY\tPROCESSES\tSERIES\tVERSION")
	for _, s := range r.Services {
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%s\n", s.Service, s.Environment, strings.Join(s.Families, ", then "), s.Processes, s.Series, versionsInWords(s))
	}
	return w.Flush()
}

func versionsInWords(s points.Told) string {
	switch n := len(s.Versions); {
	case n > 3:
		return fmt.Sprintf("%s and %d others", s.Versions[0], n-1)
	case n > 0:
		return strings.Join(s.Versions, ", ")
	case s.Started:
		return "none; its processes tell when they began"
	}
	return "none"
}

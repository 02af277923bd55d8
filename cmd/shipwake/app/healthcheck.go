package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/collector/confmap"

	"github.com/shipwake/shipwake/cmd/shipwake/app/client"
)

// healthcheck asks the daemon on this machine whether it is ready, for what runs containers and has no HTTP client in them.
type healthcheck struct {
	configFlags
	client.Access
	url     string
	timeout time.Duration
}

func newHealthcheck() *cobra.Command {
	h := &healthcheck{}
	cmd := &cobra.Command{
		Use:   "healthcheck",
		Short: "Say whether the daemon is ready; the exit code is the answer",
		Long: `Asks the daemon whether it is ready, for the HEALTHCHECK of a container: exit code 0 when it is, 1 when it is not or can't
be asked, and one line that says so. It asks at --url or $SHIPWAKE_URL; without, where the configuration says that the
daemon on this machine listens, whoever signed its certificate.`,
		Example: `  shipwake healthcheck
  shipwake healthcheck --url https://shipwake.example.com --timeout 2s
  shipwake healthcheck --config builtin:default --config /etc/shipwake/shipwake.yaml`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return h.run(cmd.Context(), cmd.OutOrStdout()) },
	}
	flags := cmd.Flags()
	flags.StringVar(&h.url, "url", os.Getenv("SHIPWAKE_URL"), "`URL` of the daemon (also $SHIPWAKE_URL; default: as configured)")
	flags.DurationVar(&h.timeout, "timeout", 5*time.Second, "how long to wait for the answer")
	flags.StringArrayVar(&h.configs, "config", nil, "configuration `file` or URI of the daemon, as it was given itself (default "+builtinDefault+")")
	flags.StringArrayVar(&h.sets, "set", nil, "one `key=value` of it, likewise")
	h.addEnvFiles(flags)
	flags.StringVar(&h.CAFile, "ca-file", "", "`file` with the authority of the daemon's certificate")
	flags.StringVar(&h.CertFile, "cert-file", "", "`file` with a client certificate")
	flags.StringVar(&h.KeyFile, "key-file", "", "`file` with its key")
	return cmd
}

func (h *healthcheck) run(ctx context.Context, out io.Writer) error {
	if h.timeout <= 0 {
		return fmt.Errorf("--timeout %s: must be positive, such as 5s", h.timeout)
	}
	url := h.url
	if url == "" {
		configured, err := h.configured()
		if err != nil {
			return err
		}
		url, h.AnyCertificate = configured, h.CAFile == ""
	}
	daemon, err := client.New(url, h.Access)
	if err != nil {
		return err
	}
	defer daemon.Close()
	ctx, cancel := context.WithTimeout(ctx, h.timeout)
	defer cancel()
	if err := daemon.Ready(ctx); err != nil {
		return err
	}
	fmt.Fprintln(out, "ready")
	return nil
}

// configured is where the configuration has the daemon listen for readers, as seen from this machine.
func (h *healthcheck) configured() (string, error) {
	uris, err := h.uris()
	if err != nil {
		return "", err
	}
	conf, err := resolve(resolver(uris, h.envFiles...))
	if err != nil {
		return "", redact(err)
	}
	return ownURL(conf)
}

// webKey is where the listener for readers is configured.
const webKey = "extensions::correlate::web"

// ownURL is the address of the configured listener: an address that is every one of the machine is that of the loopback.
func ownURL(conf *confmap.Conf) (string, error) {
	endpoint, _ := conf.Get(webKey + "::endpoint").(string)
	host, port, err := net.SplitHostPort(endpoint)
	switch {
	case endpoint == "":
		return "", errors.New("the configuration has no extensions::correlate::web::endpoint; --url or $SHIPWAKE_URL says where to ask")
	case err != nil:
		return "", fmt.Errorf("extensions::correlate::web::endpoint %s: want host:port", endpoint)
	case port == "0":
		return "", errors.New("extensions::correlate::web::endpoint has port 0, which is another one at each start; --url or $SHIPWAKE_URL says where to ask")
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if ip != nil && ip.To4() == nil {
			host = "::1"
		}
	}
	scheme := "http"
	if conf.Get(webKey+"::tls") != nil {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port), nil
}

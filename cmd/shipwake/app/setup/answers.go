package setup

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/config/configopaque"
)

// The ways in which telemetry comes.
const (
	OTLP        = "otlp"         // services send it themselves
	Collector   = "collector"    // a Collector sends it
	Prometheus  = "prometheus"   // it is asked of a Prometheus
	RemoteWrite = "remote-write" // a Prometheus sends it
)

// Telemetries lists the ways in which telemetry comes.
func Telemetries() []string { return []string{OTLP, Collector, Prometheus, RemoteWrite} }

// None is the answer that there is nothing.
const None = "none"

// Messages lists where messages can go; None is nowhere.
func Messages() []string { return []string{"slack", "teams", "webhook", None} }

// Answers are what whoever installs it says.
type Answers struct {
	// Changes and Incidents are the sources that tell of them, by name; the same one may tell of both.
	Changes, Incidents []string
	// Telemetry is one of Telemetries, and PrometheusURL the server that is asked, of Prometheus alone.
	Telemetry, PrometheusURL string
	// URL is where others reach the daemon. http://HOST is the machine itself, with a port for each listener; https, or a port, is
	// a proxy in front of it that passes requests on by their path.
	URL string
	// Messages is one of Messages, and MessagesURL the address to send to, which is a secret.
	Messages    string
	MessagesURL configopaque.String
	// Listen has other addresses, host:port, than the usual ones, by the name of a listener.
	Listen map[string]string
	// DataDir is where the daemon keeps what it knows.
	DataDir string
}

// Defaults are the answers of who says nothing: a script tells of changes, OTLP, on this machine.
func Defaults() Answers {
	return Answers{Changes: []string{"generic"}, Telemetry: OTLP, URL: "http://localhost", Messages: None}
}

// The listeners, by the names that Listen has.
const (
	hooks       = "hooks"
	web         = "web"
	otlp        = "otlp"
	otlpGRPC    = "otlp-grpc"
	remoteWrite = "remote-write"
)

// ports are the usual ones of each listener.
var ports = map[string]string{hooks: "8787", web: "8788", otlp: "4318", otlpGRPC: "4317", remoteWrite: "4319"}

// Listeners lists the names of the listeners.
func Listeners() []string { return slices.Sorted(maps.Keys(ports)) }

// Check names the answer that is wrong, by its flag, and what would be right.
func (a Answers) Check() error {
	if len(a.Changes) == 0 {
		return errors.New("--changes: nobody would tell of changes: name at least one source")
	}
	if err := errors.Join(check("--changes", a.Changes, Changes()), check("--incidents", a.Incidents, Incidents())); err != nil {
		return err
	}
	if !slices.Contains(Telemetries(), a.Telemetry) {
		return fmt.Errorf("--telemetry: %q: want one of %s", a.Telemetry, strings.Join(Telemetries(), ", "))
	}
	if err := a.checkPrometheus(); err != nil {
		return err
	}
	if !slices.Contains(Messages(), a.Messages) {
		return fmt.Errorf("--messages: %q: want one of %s", a.Messages, strings.Join(Messages(), ", "))
	}
	if a.Messages != None && !isAddress(string(a.MessagesURL)) {
		return fmt.Errorf("--messages %s: the address to send to is missing: a URL in $SHIPWAKE_MESSAGES_URL, or in the file --messages-url-file", a.Messages)
	}
	if _, err := reach(a.URL); err != nil {
		return err
	}
	return a.checkListen()
}

func (a Answers) checkPrometheus() error {
	if a.Telemetry == Prometheus && !isAddress(a.PrometheusURL) {
		return fmt.Errorf("--prometheus-url: %q: want the address of the server to ask, such as http://prometheus:9090", a.PrometheusURL)
	}
	return nil
}

func (a Answers) checkListen() error {
	for _, name := range slices.Sorted(maps.Keys(a.Listen)) {
		if ports[name] == "" {
			return fmt.Errorf("--listen: there is no listener %q; want some of %s", name, strings.Join(Listeners(), ", "))
		}
		if _, port, err := net.SplitHostPort(a.Listen[name]); err != nil || port == "" || port == "0" {
			return fmt.Errorf("--listen %s: %q: want host:port, such as 127.0.0.1:%s", name, a.Listen[name], ports[name])
		}
	}
	return nil
}

// isAddress tells an address of HTTP.
func isAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// place is where others reach the daemon.
type place struct {
	*url.URL
	local   bool // on this machine alone
	proxied bool // by a proxy in front of it
}

func reach(text string) (place, error) {
	u, err := url.Parse(text)
	if err != nil || !isAddress(text) || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return place{}, errors.New("--url: want where others reach the daemon: http://HOST, or https://HOST of a proxy in front of it")
	}
	u.Path = strings.TrimSuffix(u.Path, "/")
	ip := net.ParseIP(u.Hostname())
	p := place{URL: u, local: u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()}
	p.proxied = u.Scheme == "https" || u.Port() != ""
	switch {
	case p.local && p.proxied:
		return place{}, fmt.Errorf("--url: %s: for this machine alone, say http://localhost; --listen chooses other ports", text)
	case u.Path != "":
		return place{}, fmt.Errorf("--url: %s: want no path: the daemon's own paths begin at the root of a host", text)
	}
	return p, nil
}

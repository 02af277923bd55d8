package setup

import (
	"crypto/rand"
	"net"
	"path/filepath"
	"slices"

	"go.opentelemetry.io/collector/config/configopaque"
)

// Plan is an installation as it will be: where its files are, its addresses, and its secrets. It is printed without them.
type Plan struct {
	Answers
	// Config is the file with the configuration, Environment that with the variables, both as absolute paths. Prometheus and
	// Grafana are folders with what these load.
	Config, Environment, Prometheus, Grafana string
	// Guarded: whoever reads must say who they are, since others than this machine reach the daemon.
	Guarded bool
	// Password is that of the user admin, who signs in at the pages; "" when nobody needs to.
	Password configopaque.String

	place   place
	hash    string // of Password
	secrets map[string]configopaque.String
	order   []string // of secrets
}

// Prepare makes a plan of answers that are right, with new secrets. Config is the path of the file with the configuration.
func Prepare(a Answers, config string) (*Plan, error) {
	if err := a.Check(); err != nil {
		return nil, err
	}
	config, err := filepath.Abs(config)
	if err != nil {
		return nil, err
	}
	dir := filepath.Dir(config)
	p := &Plan{
		Answers: a, Config: config, Environment: filepath.Join(dir, "environment"), secrets: map[string]configopaque.String{},
		Prometheus: filepath.Join(dir, "prometheus"), Grafana: filepath.Join(dir, "grafana"),
	}
	if p.place, err = reach(a.URL); err != nil {
		return nil, err
	}
	if p.DataDir == "" {
		p.DataDir = filepath.Join(dir, "data")
	}
	if p.DataDir, err = filepath.Abs(p.DataDir); err != nil {
		return nil, err
	}
	p.Guarded = !p.place.local
	return p, p.makeSecrets()
}

// makeSecrets makes one for each sender and reader, and keeps that of messages.
func (p *Plan) makeSecrets() (err error) {
	for _, name := range p.Sources() {
		if s, ok := find(name); ok {
			p.keep(variableOf(name), secretOf(s))
		}
	}
	switch p.Messages {
	case "slack", "teams":
		p.keep(p.messagesVariable(), string(p.MessagesURL))
	case "webhook":
		p.keep(p.messagesVariable(), string(p.MessagesURL))
		p.keep("SHIPWAKE_WEBHOOK_SECRET", whsec())
	}
	p.keep("SHIPWAKE_URL", p.API())
	if !p.Guarded {
		return nil
	}
	p.keep("SHIPWAKE_TOKEN", rand.Text())
	p.keep("SHIPWAKE_PROMETHEUS_TOKEN", rand.Text())
	p.Password, p.hash, err = password()
	p.keep("SHIPWAKE_ADMIN_PASSWORD", string(p.Password))
	return err
}

func (p *Plan) keep(name, value string) {
	p.secrets[name] = configopaque.String(value)
	p.order = append(p.order, name)
}

// messagesVariable is the variable with the address of messages.
func (p *Plan) messagesVariable() string {
	return map[string]string{"slack": "SHIPWAKE_SLACK_WEBHOOK_URL", "teams": "SHIPWAKE_TEAMS_URL", "webhook": "SHIPWAKE_WEBHOOK_URL"}[p.Messages]
}

// Variables are the lines of the file Environment.
func (p *Plan) Variables() []Variable {
	lines := make([]Variable, len(p.order))
	for i, name := range p.order {
		lines[i] = Variable{name, string(p.secrets[name])}
	}
	return lines
}

// Secret is the value of a variable.
func (p *Plan) Secret(name string) configopaque.String { return p.secrets[name] }

// Sources are those of changes and of incidents, each once, in the order that they were named.
func (p *Plan) Sources() (names []string) {
	for _, name := range append(slices.Clone(p.Changes), p.Incidents...) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// listen is the address that a listener has.
func (p *Plan) listen(name string) string {
	if other := p.Listen[name]; other != "" {
		return other
	}
	host := "127.0.0.1"
	if ip := net.ParseIP(p.place.Hostname()); !p.place.local && !p.place.proxied {
		host = "0.0.0.0"
		if ip != nil && ip.To4() == nil {
			host = "::" // IPv4 as well
		}
	}
	return net.JoinHostPort(host, ports[name])
}

// at is where others reach a listener, without a slash at its end.
func (p *Plan) at(name string) string {
	if p.place.proxied {
		return p.place.String()
	}
	host, port, _ := net.SplitHostPort(p.listen(name))
	if !p.place.local {
		host = p.place.Hostname()
	}
	return "http://" + net.JoinHostPort(host, port)
}

// API is where this machine reaches the pages and the API.
func (p *Plan) API() string {
	host, port, _ := net.SplitHostPort(p.listen(web))
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// Pages is where people read.
func (p *Plan) Pages() string { return p.at(web) + "/" }

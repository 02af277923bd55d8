package setup

import (
	"bytes"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/collector/source"
)

// Guide says how each system that sends is set up, as text for a terminal or a file. Shown: with the secrets; otherwise with
// the names of their variables.
func (p *Plan) Guide(w io.Writer, shown bool) error {
	for _, s := range p.senders(shown) {
		text, err := s.text()
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "\n== %s ==\n\n%s\n", s.Title, strings.TrimSpace(text)); err != nil {
			return err
		}
	}
	return nil
}

// sender is one that is to send, and what its text is made of.
type sender struct {
	*Plan
	Title string
	// Name is that of a source, or of a text.
	Name string
	// URL is where it sends, Variable the variable with its secret, and Secret the secret, or in its place the variable.
	URL, Variable, Secret string
	// Issued: the system makes the secret itself. Shown: Secret is the secret.
	Issued, Shown bool
}

// senders are all that the plan has: the sources, telemetry, and what reads.
func (p *Plan) senders(shown bool) (all []sender) {
	if p.place.proxied {
		all = append(all, p.sender("proxy", "The proxy in front", web, "", shown))
	}
	for _, name := range p.Sources() {
		s := p.sender(name, title(name)+": "+subjects(name, p), hooks, variableOf(name), shown)
		s.URL += "/hooks/" + name
		s.Issued = issued[name]
		all = append(all, s)
	}
	heading := map[string]string{OTLP: "Telemetry: OTLP from your services", Collector: "Telemetry: from your Collector",
		Prometheus: "Telemetry: from your Prometheus", RemoteWrite: "Telemetry: remote write from your Prometheus"}[p.Telemetry]
	listener := otlp
	if p.Telemetry == RemoteWrite {
		listener = remoteWrite
	}
	all = append(all, p.sender(p.Telemetry, heading, listener, "", shown))
	return append(all, p.sender("scrape", "Prometheus and Grafana", web, "SHIPWAKE_PROMETHEUS_TOKEN", shown))
}

func (p *Plan) sender(name, title, listener, variable string, shown bool) sender {
	s := sender{Plan: p, Title: title, Name: name, URL: p.at(listener), Variable: variable, Secret: "$" + variable, Shown: shown}
	if shown {
		s.Secret = string(p.Secret(variable))
	}
	return s
}

// subjects says what a source of the plan is to tell of.
func subjects(name string, p *Plan) string {
	var all []string
	for what, of := range map[string][]string{"changes": p.Changes, "incidents": p.Incidents} {
		for _, n := range of {
			if n == name {
				all = append(all, what)
			}
		}
	}
	if len(all) == 2 {
		return "changes and incidents"
	}
	return strings.Join(all, "")
}

// text is how the sender is set up: by a text of its own, or by that of its source.
func (s sender) text() (string, error) {
	t := templates.Lookup(s.Name + ".tmpl")
	if t == nil {
		return s.head() + s.Described(), nil
	}
	var b bytes.Buffer
	err := t.Execute(&b, s)
	return s.head() + b.String(), err
}

// head is the address and the secret of a source that is sent to.
func (s sender) head() string {
	_, sent := find(s.Name)
	switch {
	case !sent:
		return ""
	case s.Issued:
		return fmt.Sprintf("URL     %s\n\nIt makes the secret itself, and shows it when the webhook is made. Write it in place of the value of\n%s in %s, and restart the daemon:\nuntil then what it sends is refused.\n\n",
			s.URL, s.Variable, s.Environment)
	case s.Shown:
		return fmt.Sprintf("URL     %s\nSecret  %s (%s in %s)\n\n", s.URL, s.Secret, s.Variable, s.Environment)
	}
	return fmt.Sprintf("URL     %s\nSecret  the value of %s in %s\n\n", s.URL, s.Variable, s.Environment)
}

// Host is where others reach it, without a scheme; of a listener with its port.
func (s sender) Host() string {
	if u, err := url.Parse(s.URL); err == nil {
		return u.Host
	}
	return ""
}

// TellsIncidents says that incidents are to come from it.
func (s sender) TellsIncidents() bool { return slices.Contains(s.Incidents, s.Name) }

// Proxied says that a proxy stands in front of the daemon.
func (s sender) Proxied() bool { return s.place.proxied }

// GRPC is where others reach OTLP by gRPC.
func (s sender) GRPC() string { return s.at(otlpGRPC) }

// Secure says that others reach it by TLS.
func (s sender) Secure() bool { return strings.HasPrefix(s.URL, "https:") }

// ListensAt is the address of a listener on this machine.
func (s sender) ListensAt(name string) string { return s.listen(name) }

// Described is what the page of the source says of setting it up, without what is done already: Shipwake's own configuration,
// and trying it.
func (s sender) Described() string {
	text, _ := source.Setup(s.Name)
	if strings.HasPrefix(text, "# ") { // of a source in Go: a title, and a sentence on what is read
		_, text, _ = strings.Cut(text, "\n")
		_, text, _ = strings.Cut(strings.TrimSpace(text), "\n")
	}
	var kept []string
	for _, b := range blocksOf(text) {
		if at := done.FindStringIndex(b); at != nil {
			b = strings.TrimSpace(b[:at[0]]) // with the listing that follows
		}
		if b != "" {
			kept = append(kept, s.addressed(b))
		}
	}
	return strings.Join(kept, "\n\n")
}

// Manifest is the last listing in YAML of that.
func (s sender) Manifest() string {
	text := s.Described()
	_, rest, _ := cutLast(text, "```yaml\n")
	yaml, _, _ := strings.Cut(rest, "\n```")
	return yaml
}

func cutLast(text, separator string) (before, after string, found bool) {
	i := strings.LastIndex(text, separator)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+len(separator):], true
}

// done is where a block begins to say what is done already: Shipwake's own configuration, or that one may try it.
var done = regexp.MustCompile(`(?:and )?[Ii]n Shipwake's configuration|^Try it`)

// blocksOf are the paragraphs of a text, each with the listings that it introduces.
func blocksOf(text string) []string {
	var blocks []string
	listing := false
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		begins := strings.HasPrefix(paragraph, "```")
		if (begins || listing) && len(blocks) > 0 {
			blocks[len(blocks)-1] += "\n\n" + paragraph
		} else {
			blocks = append(blocks, paragraph)
		}
		if strings.Count(paragraph, "```")%2 == 1 {
			listing = !listing
		}
	}
	return blocks
}

// The ways in which the texts write an address and a secret.
var (
	behindProxy = regexp.MustCompile("(that|the URL) of a proxy in front of `(/hooks/[^`]*)`")
	exampleURL  = regexp.MustCompile(`(https?://)(\S+@)?shipwake\.example\.com(:8787)?(/hooks/)`)
	barePath    = regexp.MustCompile("`(…)?(/hooks/[^`]*)`")
	valueOf     = regexp.MustCompile("the value of (SHIPWAKE_[A-Z_]+_SECRET)")
)

// addressed puts the plan's own address and secret in the place of examples.
func (s sender) addressed(text string) string {
	base := strings.TrimSuffix(s.URL, "/hooks/"+s.Name)
	text = behindProxy.ReplaceAllString(text, "`"+base+"$2`")
	text = barePath.ReplaceAllString(text, "`"+base+"$2`")
	text = exampleURL.ReplaceAllStringFunc(text, func(found string) string {
		parts := exampleURL.FindStringSubmatch(found)
		scheme, rest, _ := strings.Cut(base, "://")
		if parts[2] != "" {
			rest = s.userinfo() + "@" + rest
		}
		return scheme + "://" + rest + "/hooks/"
	})
	text = strings.ReplaceAll(text, "$"+s.Variable, s.Secret)
	return valueOf.ReplaceAllLiteralString(text, s.Secret)
}

// userinfo is a secret of a user and a password as a URL has it.
func (s sender) userinfo() string {
	user, password, ok := strings.Cut(s.Secret, ":")
	if !ok {
		return s.Secret
	}
	return url.UserPassword(user, password).String()
}

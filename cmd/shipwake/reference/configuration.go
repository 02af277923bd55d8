package main

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configgrpc"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configtls"
	"go.yaml.in/yaml/v3"

	"github.com/shipwake/shipwake/collector/commits/follow"
	"github.com/shipwake/shipwake/collector/components"
	"github.com/shipwake/shipwake/collector/source"
	sources "github.com/shipwake/shipwake/collector/source/all"
	"github.com/shipwake/shipwake/sinks"
	outputs "github.com/shipwake/shipwake/sinks/all"
	"github.com/shipwake/shipwake/sinks/vendors"
)

const configurationIntro = `# Configuration

Every key of Shipwake's own components, from the structs that they are read into. It is a configuration of an OpenTelemetry Collector:
` + "`shipwake config`" + ` prints [the built-in one](../../cmd/shipwake/app/default.yaml), with comments, to begin with; ` + "`shipwake validate`" + ` checks one. A dot
stands for a level, as in ` + "`--set=extensions.correlate.lateness=1m`" + `; ` + "`NAME`" + ` is a name of yours, and ` + "`[]`" + ` stands for each of a list. A duration
is a number with h, m or s, such as 15m. A secret is best taken from the environment: ` + "`${env:NAME}`" + `. An unknown key is refused at the start,
and the error lists those that are known.

What isn't listed here is the Collector's own: the processors batch and memory_limiter, the exporters otlp, otlp_http, debug and nop, the
extension zpages, and ` + "`service`" + `; see [its documentation](https://opentelemetry.io/docs/collector/configuration/).
`

// section is a table of keys.
type section struct {
	title, about, at string // at is the path in the whole configuration, with a dot at its end
	keys             []key
}

// configuration makes docs/reference/config.md.
func configuration(root string, into map[string]string) error {
	sections, err := sectionsOf(root)
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString(madeBy + configurationIntro)
	for _, s := range sections {
		fmt.Fprintf(&b, "\n## %s\n", s.title)
		if s.about != "" {
			fmt.Fprintf(&b, "\n%s\n", s.about)
		}
		if len(s.keys) == 0 {
			continue
		}
		b.WriteString("\n| key | type | default | meaning |\n|---|---|---|---|\n")
		for _, k := range s.keys {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", k.path, k.kindCell(), k.defaultCell(), cell(k.text))
		}
	}
	into["docs/reference/config.md"] = b.String()
	return nil
}

func (k key) kindCell() string {
	if k.shared == nil {
		return k.kind
	}
	return fmt.Sprintf("%s: [%s](#%s)", k.kind, titleOf(k.shared), strings.ReplaceAll(strings.ToLower(titleOf(k.shared)), " ", "-"))
}

func (k key) defaultCell() string {
	if k.normal == "" {
		return ""
	}
	return "`" + k.normal + "`"
}

// sectionsOf are all tables, in the order of the page.
func sectionsOf(root string) ([]section, error) {
	said, err := saidByDefault(filepath.Join(root, "cmd/shipwake/app/default.yaml"))
	if err != nil {
		return nil, err
	}
	w := &walker{comments: &comments{root: root, read: map[string]map[string]fields{}}, said: said}
	var all []section
	for _, part := range []func(*walker) ([]section, error){ofComponents, ofSources, ofPulls, ofSinks, ofShared} {
		sections, err := part(w)
		if err != nil {
			return nil, err
		}
		all = append(all, sections...)
	}
	return all, nil
}

// section walks what a configuration is read into.
func (w *walker) section(title, about, at string, into any) (section, error) {
	v := reflect.ValueOf(into)
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	keys, err := w.walk(at, "", v)
	return section{title: title, about: about, at: at, keys: keys}, err
}

// ofComponents are those of the extension, the receivers and the exporter.
func ofComponents(w *walker) (all []section, err error) {
	own := components.New("", "", nil)
	type row struct {
		class, about string
		component.Factory
	}
	rows := []row{{"extensions", "The heart: windows, verdicts, blame, DORA; the ledger; what is served to readers.", own.Correlate}}
	about := map[string]string{
		"otlp":                   "Telemetry: spans, metrics and logs from any OpenTelemetry SDK or Collector.",
		"change_webhook":         "Changes and incidents, at `/hooks/NAME`. Each source has keys of its own, [below](#sources), and [a page](../sources/README.md).",
		"change_kafka":           "Changes and incidents from topics of Kafka.",
		"change_pull":            "Changes and incidents by asking systems for them. Each has keys of its own, [below](#sources-that-are-asked).",
		"change_kubernetes":      "Rollouts, by watching a Kubernetes cluster ([how](../sources/kubernetes.md)).",
		"telemetry_prometheus":   "Telemetry that a Prometheus has ([how](../prometheus.md)).",
		"telemetry_remote_write": "Telemetry that a Prometheus pushes by remote write ([how](../prometheus.md)).",
		"verdicts":               "Verdicts as log records into any pipeline ([how](../outputs/verdicts.md)).",
	}
	for _, r := range own.Receivers() {
		rows = append(rows, row{"receivers", about[r.Type().String()], r})
	}
	rows = append(rows, row{"exporters", "The door to the extension: telemetry of a pipeline comes in by it. It has no queue: an answer means that it is done.", own.Door})
	for _, r := range rows {
		if r.about == "" {
			return nil, fmt.Errorf("%s: say what it is for, in ofComponents", r.Type())
		}
		s, err := w.section(r.class+": "+r.Type().String(), r.about, r.class+"."+r.Type().String()+".", r.CreateDefaultConfig())
		if err != nil {
			return nil, err
		}
		if source, watched := watchedBy(r.Type().String()); watched {
			own, err := w.section("", "", "", source.Config())
			if err != nil {
				return nil, err
			}
			s.keys = append(s.keys, own.keys...)
		}
		if len(s.keys) == 0 {
			s.about += " It has no keys."
		}
		all = append(all, s)
	}
	return all, nil
}

// watchedBy is the source of a receiver that watches, whose keys are those of the receiver.
func watchedBy(receiver string) (source.Source, bool) {
	for _, s := range sources.Watched() {
		if receiver == "change_"+s.Name && s.Config != nil {
			return s, true
		}
	}
	return source.Source{}, false
}

// ofSources are the keys that single sources have beyond those of all.
func ofSources(w *walker) ([]section, error) {
	s := section{title: "Sources", about: "Below `receivers.change_webhook.sources.NAME` and beside the keys of all sources, by the type of the source. The page of each " +
		"[source](../sources/README.md) tells what else there is, such as the parameters of a mapping."}
	for _, source := range sources.Types() {
		if source.Config == nil {
			continue
		}
		keys, err := w.own(source.Name, source.Config())
		if err != nil {
			return nil, err
		}
		s.keys = append(s.keys, keys...)
	}
	return []section{s}, nil
}

// ofPulls are the keys of sources that are asked.
func ofPulls(w *walker) ([]section, error) {
	s := section{title: "Sources that are asked", about: "Below `receivers.change_pull.sources.NAME` and beside the keys of all sources, by the type of the source. Sources that are " +
		"mappings have `api_url`, and whom to ask for; their [pages](../sources/README.md) say it."}
	for _, asked := range askedSources() {
		var own source.Config
		if asked.Config != nil {
			own = asked.Config()
		}
		if named, is := own.(interface{ Keys() []string }); is && named != nil {
			continue
		}
		pull, err := asked.Pull(own)
		if err != nil {
			continue // a file of one's own says it
		}
		keys, err := w.own(asked.Name, pull)
		if err != nil {
			return nil, err
		}
		s.keys = append(s.keys, keys...)
	}
	return []section{s}, nil
}

// askedSources are those that can be asked.
func askedSources() []source.Source {
	return slices.DeleteFunc(append(sources.Types(), follow.Sources()...), func(s source.Source) bool { return s.Pull == nil })
}

// own are the keys of a source, with its type before them.
func (w *walker) own(name string, into any) ([]key, error) {
	if _, named := into.(interface{ Keys() []string }); named {
		return nil, nil
	}
	s, err := w.section("", "", "", into)
	for i := range s.keys {
		s.keys[i].path = name + ": " + s.keys[i].path
	}
	return s.keys, err
}

// ofSinks are the keys of each sink in Go, and once those that all templates have.
func ofSinks(w *walker) (all []section, err error) {
	var templates []string
	for _, f := range outputs.Factories() {
		if _, shipped := vendors.Text(f.Name); shipped {
			templates = append(templates, "["+f.Name+"](../outputs/"+f.Name+".md)")
			continue
		}
		s, err := w.section("sinks: "+f.Name, aboutSink(f), "extensions.correlate.sinks."+f.Name+".", f.Settings())
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	about := "Each of these has the keys of the sink [template](#sinks-template) but `file`, and the `settings` that its page names: " + strings.Join(templates, ", ") + "."
	return append(all, section{title: "sinks: all others", about: about}), nil
}

func aboutSink(f sinks.Factory) string {
	about := "Below `extensions.correlate.sinks." + f.Name + "`."
	if reflect.TypeOf(f.Settings()).Elem().NumField() == 0 {
		about += " It has no keys: `" + f.Name + ": {}` turns it on."
	}
	return about
}

// ofShared are the structs of the Collector that keys above lead to, and those that these lead to.
func ofShared(w *walker) (all []section, err error) {
	for i := 0; i < len(w.shared); i++ {
		t := w.shared[i]
		s, err := w.section(titleOf(t), "", "", usual(t).Addr().Interface())
		if err != nil {
			return nil, err
		}
		s.about = "Of the Collector: [" + filepath.Base(t.PkgPath()) + "](https://pkg.go.dev/" + t.PkgPath() + "#" + t.Name() + ")."
		all = append(all, s)
	}
	return all, nil
}

// usual is a struct of the Collector with its own defaults.
func usual(t reflect.Type) reflect.Value {
	var with any
	switch t {
	case reflect.TypeFor[confighttp.ServerConfig]():
		with = confighttp.NewDefaultServerConfig()
	case reflect.TypeFor[confighttp.ClientConfig]():
		with = confighttp.NewDefaultClientConfig()
	case reflect.TypeFor[configgrpc.ServerConfig]():
		with = configgrpc.NewDefaultServerConfig()
	case reflect.TypeFor[configtls.ServerConfig]():
		with = configtls.NewDefaultServerConfig()
	case reflect.TypeFor[configtls.ClientConfig]():
		with = configtls.NewDefaultClientConfig()
	default:
		return made(t).Elem()
	}
	v := reflect.New(t).Elem()
	v.Set(reflect.ValueOf(with))
	return v
}

// titleOf is what a struct of the Collector is called on the page.
func titleOf(t reflect.Type) string {
	name := filepath.Base(t.PkgPath()) + " " + t.Name()
	if known := titles[name]; known != "" {
		return known
	}
	return name
}

var titles = map[string]string{
	"confighttp ServerConfig": "HTTP server", "confighttp ClientConfig": "HTTP client", "configgrpc ServerConfig": "gRPC server",
	"configtls ServerConfig": "TLS of a server", "configtls ClientConfig": "TLS of a client", "confighttp CORSConfig": "CORS",
}

// saidByDefault is what default.yaml says of keys, by their path.
func saidByDefault(file string) (map[string]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	said := map[string]string{}
	collect(document.Content[0], "", said)
	return said, nil
}

func collect(n *yaml.Node, at string, into map[string]string) {
	if n.Kind != yaml.MappingNode {
		return
	}
	for pair := range slices.Chunk(n.Content, 2) {
		path := at + pair[0].Value
		if text := sentences(pair[0].HeadComment); text != "" {
			into[path] = text
		}
		collect(pair[1], path+".", into)
	}
}

// sentences is the last paragraph of a comment without the YAML in it, which is indented.
func sentences(comment string) string {
	paragraphs := strings.Split(strings.TrimSpace(comment), "\n\n")
	var kept []string
	for line := range strings.Lines(paragraphs[len(paragraphs)-1]) {
		text := strings.TrimPrefix(strings.TrimSpace(line), "#")
		if !strings.HasPrefix(text, "   ") {
			kept = append(kept, strings.TrimSpace(text))
		}
	}
	return strings.Join(kept, " ")
}

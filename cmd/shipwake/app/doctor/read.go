package doctor

import (
	"cmp"
	"maps"
	"net"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configgrpc"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/confignet"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/otelcol"

	"github.com/shipwake/shipwake/cmd/shipwake/app/renames"
	"github.com/shipwake/shipwake/collector/host"
	"github.com/shipwake/shipwake/collector/kafka"
	"github.com/shipwake/shipwake/collector/kubernetes"
	asked "github.com/shipwake/shipwake/collector/prometheus"
	"github.com/shipwake/shipwake/collector/pull"
	"github.com/shipwake/shipwake/collector/webhook"
)

// Configuration is what checks need to know of a configuration.
type Configuration struct {
	Name    string        // what was read, for people
	Paths   []string      // of the files it was read from
	Problem error         // why a daemon wouldn't start with it; nil when it would
	Old     []renames.Use // keys that have another name now

	DataDir     string
	DiskReserve int64 // bytes, as the next two
	Archive     int64
	Memory      int64
	Web         string // URL of the listener for readers; "" when it has none that can be asked
	Connections int    // that all listeners may hold at once
	Listeners   []Listener
	Sources     []Source
	Servers     []Server // of telemetry that is asked for
	Files       []File
}

// Listener is an address that the daemon listens on, and the key that says so.
type Listener struct{ Key, Address string }

// Source is a source of changes and incidents. Secret says that one is set for it, or that it is asked or followed: somebody set it up.
type Source struct {
	Name, Receiver string
	Secret         bool
}

// Server is a Prometheus that the daemon asks.
type Server struct {
	Key    string
	Client confighttp.ClientConfig
}

// File is one that a key names and that holds a secret.
type File struct{ Key, Path string }

// Read takes what checks need from a resolved configuration. What can't be read is left out: that it is wrong says Problem.
func (c *Configuration) Read(conf *confmap.Conf, f otelcol.Factories) {
	used := inUse(conf)
	for _, kind := range []string{"extensions", "receivers"} {
		all, err := conf.Sub(kind)
		if err != nil {
			continue
		}
		for _, id := range slices.Sorted(maps.Keys(all.ToStringMap())) {
			if !used[kind+confmap.KeyDelimiter+id] {
				continue
			}
			if config := load(all, f, kind, id); config != nil {
				c.take(kind+confmap.KeyDelimiter+id, config)
			}
		}
	}
	c.Files = secretFiles(conf.ToStringMap())
}

// inUse are the extensions that run and the receivers that are part of a pipeline.
func inUse(conf *confmap.Conf) map[string]bool {
	used := map[string]bool{}
	ids := func(kind string, list any) {
		all, _ := list.([]any)
		for _, id := range all {
			if text, isText := id.(string); isText {
				used[kind+confmap.KeyDelimiter+text] = true
			}
		}
	}
	ids("extensions", conf.Get("service::extensions"))
	pipelines, _ := conf.Get("service::pipelines").(map[string]any)
	for _, pipeline := range pipelines {
		if p, isMap := pipeline.(map[string]any); isMap {
			ids("receivers", p["receivers"])
		}
	}
	return used
}

// load is the configuration of a component over its defaults; nil when there is no such component or it can't be read.
func load(all *confmap.Conf, f otelcol.Factories, kind, id string) component.Config {
	var parsed component.ID
	if parsed.UnmarshalText([]byte(id)) != nil {
		return nil
	}
	var factory component.Factory
	if kind == "extensions" {
		factory = f.Extensions[parsed.Type()]
	} else {
		factory = f.Receivers[parsed.Type()]
	}
	own, err := all.Sub(id)
	if factory == nil || err != nil {
		return nil
	}
	config := factory.CreateDefaultConfig()
	if own.Unmarshal(config, confmap.WithIgnoreUnused()) != nil { // the rest counts, whatever key is misspelled
		return nil
	}
	return config
}

// take takes what is known of one component.
func (c *Configuration) take(key string, config component.Config) {
	c.Listeners = append(c.Listeners, listeners(key, reflect.ValueOf(config))...)
	switch config := config.(type) {
	case *host.Config:
		c.DataDir, c.DiskReserve, c.Memory = config.DataDir, config.DiskReserve, int64(config.Memory.Limit)
		if config.Archive.Keep > 0 {
			c.Archive = int64(config.Archive.Limit)
		}
		c.Web = base(config.Web)
		c.Connections += config.Readers.MaxConnections
	case *webhook.Config:
		c.Connections += config.MaxConnections
		for _, name := range slices.Sorted(maps.Keys(config.Sources)) {
			s := config.Sources[name]
			c.Sources = append(c.Sources, Source{name, key, s.Secret != "" || len(s.Secrets) > 0 || s.SecretFile != ""})
		}
	case *pull.Config:
		for _, name := range slices.Sorted(maps.Keys(config.Sources)) {
			c.Sources = append(c.Sources, Source{name, key, true})
		}
	case *kafka.Config:
		for _, topic := range config.Topics {
			c.Sources = append(c.Sources, Source{cmp.Or(topic.Source, "cdevents"), key, true})
		}
	case *kubernetes.Config:
		if config.Name != "" {
			c.Sources = append(c.Sources, Source{config.Name, key, true})
		}
	case *asked.Config:
		for i := range config.Servers {
			c.Servers = append(c.Servers, Server{key, config.Servers[i].ClientConfig})
		}
	}
}

// base is the URL of a listener, by the loopback name when it listens everywhere.
func base(web confighttp.ServerConfig) string {
	if web.NetAddr.Transport != confignet.TransportTypeTCP {
		return ""
	}
	name, port, err := net.SplitHostPort(web.NetAddr.Endpoint)
	if err != nil || port == "0" {
		return ""
	}
	if ip := net.ParseIP(name); name == "" || ip != nil && ip.IsUnspecified() {
		name = "127.0.0.1"
	}
	u := url.URL{Scheme: "http", Host: net.JoinHostPort(name, port)}
	if web.TLS.HasValue() {
		u.Scheme = "https"
	}
	return u.String()
}

// listeners are the servers in a configuration, at every depth.
func listeners(key string, v reflect.Value) (all []Listener) {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	var address confignet.AddrConfig
	switch config := v.Interface().(type) {
	case confighttp.ServerConfig:
		address = config.NetAddr
	case configgrpc.ServerConfig:
		address = config.NetAddr
	default:
		return below(key, v)
	}
	if address.Endpoint == "" || address.Transport == confignet.TransportTypeUnix {
		return nil
	}
	return []Listener{{key + "::endpoint", address.Endpoint}}
}

// below looks into the fields of a struct, and into a section that is optional when it is there.
func below(key string, v reflect.Value) (all []Listener) {
	if v.Kind() != reflect.Struct {
		return nil
	}
	if strings.HasPrefix(v.Type().Name(), "Optional[") {
		pointer := reflect.New(v.Type())
		pointer.Elem().Set(v)
		return listeners(key, pointer.MethodByName("Get").Call(nil)[0])
	}
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, options, tagged := strings.Cut(field.Tag.Get("mapstructure"), ",")
		if !field.IsExported() || (name == "" && !tagged) {
			continue
		}
		inner := key
		if !strings.Contains(options, "squash") {
			inner += confmap.KeyDelimiter + name
		}
		all = append(all, listeners(inner, v.Field(i))...)
	}
	return all
}

package prometheus

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/confmap"

	"github.com/shipwake/shipwake/collector/prometheus/families"
)

// Config is the configuration of the receiver; the package comment shows it as YAML.
type Config struct {
	// Servers to ask; at least one.
	Servers []ServerConfig `mapstructure:"servers"`
}

// ServerConfig is one server.
type ServerConfig struct {
	// ClientConfig is the way to it. Its endpoint is the address before /api/v1; the timeout is 30 s unless set.
	confighttp.ClientConfig `mapstructure:",squash"`
	// Poll is how often to ask. Shorter sees a fault sooner and asks more.
	Poll time.Duration `mapstructure:"poll"`
	// Delay is how long after a scrape its samples can be asked for.
	Delay time.Duration `mapstructure:"delay"`
	// Environment is that of services whose series don't tell one.
	Environment string `mapstructure:"environment"`
	// ReplicaLabels tell apart servers that scrape the same targets; one of them is listened to.
	ReplicaLabels []string `mapstructure:"replica_labels"`
	// Off are families that are not read, by name.
	Off []string `mapstructure:"off"`
	// Own are metrics that count requests and are in no family.
	Own []OwnFamily `mapstructure:"own"`
}

// OwnFamily is a family as the configuration writes it. Each list is of labels, of which the first one that says something
// counts.
type OwnFamily struct {
	Counter  string            `mapstructure:"counter"`  // of requests
	Duration string            `mapstructure:"duration"` // the histogram of how long they took, without _bucket
	Unit     string            `mapstructure:"unit"`     // of that: s, the default, or ms
	Status   []string          `mapstructure:"status"`   // how a request ended: an HTTP status or its class
	Errors   map[string]string `mapstructure:"errors"`   // in place of status: the values, as a regular expression, of labels of failed requests
	Service  []string          `mapstructure:"service"`
	Version  []string          `mapstructure:"version"`
	Route    []string          `mapstructure:"route"`
	Only     map[string]string `mapstructure:"only"` // the values, as a regular expression, of labels of the series to read
}

const (
	defaultPoll    = 30 * time.Second
	defaultDelay   = 5 * time.Second
	defaultTimeout = 30 * time.Second
)

func defaultConfig() component.Config { return &Config{} }

// Unmarshal fills in the defaults.
func (c *ServerConfig) Unmarshal(conf *confmap.Conf) error {
	c.ClientConfig = confighttp.NewDefaultClientConfig()
	c.Timeout = defaultTimeout
	c.Poll, c.Delay = defaultPoll, defaultDelay
	c.ReplicaLabels = []string{"prometheus_replica", "replica", "__replica__"}
	return conf.Unmarshal(c)
}

// Validate returns every mistake, each with the key and what would be right.
func (c *Config) Validate() error {
	if len(c.Servers) == 0 {
		return errors.New("servers: at least one is required, such as {endpoint: http://prometheus:9090}")
	}
	var problems []error
	for i := range c.Servers {
		if err := c.Servers[i].Validate(); err != nil {
			problems = append(problems, fmt.Errorf("servers[%d]::%w", i, err))
		}
	}
	return errors.Join(problems...)
}

// Validate returns the first mistake.
func (c *ServerConfig) Validate() error {
	u, err := url.Parse(c.Endpoint)
	switch {
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		return errors.New("endpoint: must be a URL such as http://prometheus:9090") // which may hold a password: not repeated
	case u.User != nil:
		return errors.New("endpoint: must not hold a user or a password; use auth or headers")
	case u.RawQuery != "" || u.Fragment != "":
		return errors.New("endpoint: must not have a query or a fragment")
	case c.Poll < time.Second || c.Poll > 5*time.Minute:
		return fmt.Errorf("poll: %v: must be from 1s to 5m", c.Poll)
	case c.Delay < 0 || c.Delay > 5*time.Minute:
		return fmt.Errorf("delay: %v: must be from 0s to 5m", c.Delay)
	}
	_, err = c.table()
	return err
}

// table is the families to read: the user's own before those that are known.
func (c *ServerConfig) table() (*families.Table, error) {
	var rows []families.Family
	for i, own := range c.Own {
		f, err := own.family()
		if err != nil {
			return nil, fmt.Errorf("own[%d]::%w", i, err)
		}
		f.Name = fmt.Sprintf("own[%d]", i)
		rows = append(rows, f)
	}
	known := families.All()
	var names []string
	for _, f := range known {
		names = append(names, f.Name)
		if !slices.Contains(c.Off, f.Name) {
			rows = append(rows, f)
		}
	}
	for _, name := range c.Off {
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("off: %q is no family; those there are: %s", name, strings.Join(names, ", "))
		}
	}
	return families.NewTable(rows), nil
}

var metricName = regexp.MustCompile(`^[a-zA-Z_:.][a-zA-Z0-9_:.]*$`)

func (o *OwnFamily) family() (families.Family, error) {
	f := families.Family{Counter: plain(o.Counter), Own: true, Service: o.Service, Version: o.Version, Route: o.Route, Status: o.Status}
	switch {
	case o.Counter == "" && o.Duration == "":
		return f, errors.New("counter: name the counter of requests, or the histogram of their duration")
	case o.Counter != "" && !metricName.MatchString(o.Counter):
		return f, fmt.Errorf("counter: %q is no metric's name; matchers go to only", o.Counter)
	case o.Duration != "" && !metricName.MatchString(o.Duration):
		return f, fmt.Errorf("duration: %q is no metric's name; matchers go to only", o.Duration)
	case o.Unit != "" && o.Unit != "s" && o.Unit != "ms":
		return f, fmt.Errorf("unit: %q: must be s or ms", o.Unit)
	case len(o.Status) == 0 && len(o.Errors) == 0:
		return f, errors.New("status: name the label that tells how a request ended, or say in errors which values are failures")
	}
	if o.Duration != "" {
		f.Durations = []families.Duration{{Name: plain(o.Duration), Unit: "s"}}
		if o.Unit != "" {
			f.Durations[0].Unit = o.Unit
		}
	}
	var err error
	if f.Only, err = patterns("only", o.Only); err != nil {
		return f, err
	}
	f.Failed, err = patterns("errors", o.Errors)
	return f, err
}

func plain(name string) string { return strings.ReplaceAll(name, ".", "_") }

func patterns(key string, texts map[string]string) (map[string]*regexp.Regexp, error) {
	all := map[string]*regexp.Regexp{}
	for label, text := range texts {
		pattern, err := regexp.Compile("^(?:" + text + ")$")
		if err != nil {
			return nil, fmt.Errorf("%s::%s: %w", key, label, err)
		}
		all[label] = pattern
	}
	return all, nil
}

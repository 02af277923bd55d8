package prometheus

import (
	"errors"
	"fmt"
	"net/url"
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
	// History is how much of the time before the first start is read, so that a change can be compared with earlier days; 0: none.
	History time.Duration `mapstructure:"history"`
	// Environment is that of services whose series don't tell one.
	Environment string `mapstructure:"environment"`
	// ReplicaLabels tell apart servers that scrape the same targets; one of them is listened to.
	ReplicaLabels []string `mapstructure:"replica_labels"`
	// Choice is which families are read.
	families.Choice `mapstructure:",squash"`
}

const (
	defaultPoll    = 30 * time.Second
	defaultDelay   = 5 * time.Second
	defaultTimeout = 30 * time.Second
	defaultHistory = 7 * 24 * time.Hour
	mostHistory    = 8 * 24 * time.Hour // as long as rollups are kept
)

func defaultConfig() component.Config { return &Config{} }

// Unmarshal fills in the defaults.
func (c *ServerConfig) Unmarshal(conf *confmap.Conf) error {
	c.ClientConfig = confighttp.NewDefaultClientConfig()
	c.Timeout = defaultTimeout
	c.Poll, c.Delay, c.History = defaultPoll, defaultDelay, defaultHistory
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
	if c.History < 0 || c.History > mostHistory {
		return fmt.Errorf("history: %v: must be from 0s to %v", c.History, mostHistory)
	}
	_, err = c.Table()
	return err
}

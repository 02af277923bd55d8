package kafka

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shipwake/shipwake/internal/kafkaclient"
)

const defaultSource = "cdevents"

// Config is the configuration of the receiver; the package comment shows it as YAML.
type Config struct {
	kafkaclient.Config `mapstructure:",squash"`
	// Topics to read. There is no default.
	Topics []TopicConfig `mapstructure:"topics"`
	// GroupID is the consumer group. All members of a group must share one ledger.
	GroupID string `mapstructure:"group_id"`
	// SessionTimeout is after how long without a heartbeat the group gives our partitions to somebody else: shorter
	// takes over sooner after a crash, longer survives longer pauses.
	SessionTimeout time.Duration `mapstructure:"session_timeout"`
	// HeartbeatInterval is also how soon we notice that the group is being rearranged.
	HeartbeatInterval time.Duration `mapstructure:"heartbeat_interval"`

	sources []string // the names that Topics may use; nil: not checked
}

// TopicConfig is one topic and the source that can read its messages.
type TopicConfig struct {
	// Topic is its name.
	Topic string `mapstructure:"topic"`
	// Source is "cdevents" when empty. The deliveries of the topic carry this name.
	Source string `mapstructure:"source"`
}

func defaultConfig(sources []string) *Config {
	return &Config{
		Config:            kafkaclient.Default(),
		GroupID:           "shipwake",
		SessionTimeout:    10 * time.Second,
		HeartbeatInterval: 3 * time.Second,
		sources:           sources,
	}
}

// Validate returns every mistake, each with the key and what would be right.
func (c *Config) Validate() error {
	var errs []error
	refuse := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	refuse(len(c.Topics) == 0, "topics: at least one is required, e.g. [{topic: deploys, source: cdevents}]")
	refuse(c.GroupID == "", "group_id: must not be empty")
	refuse(c.HeartbeatInterval < 100*time.Millisecond || 3*c.HeartbeatInterval > c.SessionTimeout,
		"heartbeat_interval: %v must be at least 100ms and at most a third of session_timeout (%v)", c.HeartbeatInterval, c.SessionTimeout)
	seen := map[string]bool{}
	for i, t := range c.Topics {
		refuse(t.Topic == "", "topics[%d].topic: must not be empty", i)
		refuse(seen[t.Topic], "topics[%d].topic: %q is listed twice; one source reads a topic", i, t.Topic)
		refuse(c.sources != nil && !slices.Contains(c.sources, t.source()),
			"topics[%d].source: %q is unknown; use one of %s", i, t.source(), strings.Join(c.sources, ", "))
		seen[t.Topic] = true
	}
	return errors.Join(errs...)
}

func (t TopicConfig) source() string {
	if t.Source == "" {
		return defaultSource
	}
	return t.Source
}

func (c *Config) topicNames() []string {
	names := make([]string, 0, len(c.Topics))
	for _, t := range c.Topics {
		names = append(names, t.Topic)
	}
	return names
}

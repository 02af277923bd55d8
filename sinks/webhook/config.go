package webhook

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks/call"
	"github.com/shipwake/shipwake/sinks/route"
)

// Config is the configuration of the sink.
type Config struct {
	call.Config `mapstructure:",squash"`
	// Endpoints are the receivers, by a name of yours, which is the one in logs and metrics.
	Endpoints map[string]EndpointConfig `mapstructure:"endpoints"`
}

// EndpointConfig is one receiver.
type EndpointConfig struct {
	// URL is where messages are posted.
	URL configopaque.String `mapstructure:"url"`
	// Secrets sign every message, each with a signature of its own, so that a new one can be introduced before the old
	// one goes. SecretFile holds more of them, one a line, and is read anew for each message.
	Secrets    []configopaque.String `mapstructure:"secrets"`
	SecretFile string                `mapstructure:"secret_file"`
	// Headers are sent along, such as Authorization.
	Headers           map[string]configopaque.String `mapstructure:"headers"`
	call.TargetConfig `mapstructure:",squash"`
	// Only are the verdicts that are sent; none: all three. FinalOnly leaves out what may still change.
	Only      []correlate.Outcome `mapstructure:"only"`
	FinalOnly bool                `mapstructure:"final_only"`
	// LatestOnly passes over revisions that a newer one of the same change has replaced before they could be sent, so that
	// a receiver that was away gets one message for each change. Without it every revision is sent.
	LatestOnly bool `mapstructure:"latest_only"`
	// Rollbacks: it is asked for rollbacks too, and told when that no longer stands. RollbacksOnly: it is told of nothing else.
	Rollbacks     bool `mapstructure:"rollbacks"`
	RollbacksOnly bool `mapstructure:"rollbacks_only"`
	route.Place   `mapstructure:",squash"`
}

// nameOf an endpoint: it is part of a metric's label and of a key in the ledger.
var nameOf = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

// errNoEndpoint ends a configuration that would send nothing.
var errNoEndpoint = errors.New("endpoints: at least one is required: a name with url and secrets below it")

// Validate names what is wrong. No error repeats a value that may be secret.
func (c Config) Validate() error {
	if len(c.Endpoints) == 0 {
		return errNoEndpoint
	}
	_, err := c.open()
	return err
}

// open makes the endpoints, by name.
func (c Config) open() ([]*endpoint, error) {
	caller, err := c.Config.Open(Name)
	if err != nil {
		return nil, err
	}
	var all []*endpoint
	for _, name := range slices.Sorted(maps.Keys(c.Endpoints)) {
		if !nameOf.MatchString(name) {
			return nil, fmt.Errorf("endpoints: %q: a name is made of at most 63 lower-case letters, digits, - and _", name)
		}
		e, err := c.Endpoints[name].open(name, caller)
		if err != nil {
			return nil, fmt.Errorf("endpoints::%s::%w", name, err)
		}
		all = append(all, e)
	}
	return all, nil
}

func (c EndpointConfig) open(name string, caller *call.Caller) (*endpoint, error) {
	if c.URL == "" {
		return nil, errors.New("url: required: where messages are posted to; is an environment variable unset?")
	}
	u, err := call.ParseURL(string(c.URL))
	if err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	if err := caller.Check(u); err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	e := &endpoint{name: name, url: u, selection: c.selection(), header: http.Header{}}
	if err := c.selection().validate(); err != nil {
		return nil, err
	}
	if e.secrets, err = newSecrets(c.Secrets, c.SecretFile); err != nil {
		return nil, err
	}
	if err := c.addHeaders(e.header); err != nil {
		return nil, err
	}
	e.client, err = caller.Client(c.TargetConfig)
	return e, err
}

// ownHeaders are those that the sink sets itself.
var ownHeaders = []string{"Content-Type", "Content-Length", "Host", "User-Agent", headerID, headerTimestamp, headerSignature}

func (c EndpointConfig) addHeaders(h http.Header) error {
	for _, name := range slices.Sorted(maps.Keys(c.Headers)) {
		value := string(c.Headers[name])
		if slices.ContainsFunc(ownHeaders, func(own string) bool { return strings.EqualFold(own, name) }) {
			return fmt.Errorf("headers::%s: this header is set by the sink itself", name)
		}
		if err := call.CheckHeader("headers", name, value); err != nil {
			return err
		}
		h.Set(name, value)
	}
	return nil
}

func (c EndpointConfig) selection() selection {
	return selection{only: c.Only, finalOnly: c.FinalOnly, latestOnly: c.LatestOnly, place: c.Place, rollbacks: c.Rollbacks || c.RollbacksOnly, rollbacksOnly: c.RollbacksOnly}
}

package mapping

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/confmap"

	"github.com/shipwake/shipwake/collector/source"
)

// pullConfig is whom to ask, and for what: the keys api_url, and the one that the file names.
type pullConfig struct {
	pull    *Pull
	program compiled
	own     map[string]string // the parameters that users set

	api    string
	of     []string
	loaded *program
}

// pulling makes a source that can be asked, where its file says how.
func (f File) pulling(program compiled) func(source.Config) (source.PullConfig, error) {
	if f.Pull == nil {
		return nil
	}
	return func(own source.Config) (source.PullConfig, error) {
		return &pullConfig{pull: f.Pull, program: program, own: own.(*config).Parameters, api: f.Pull.API, of: f.Pull.Of.Default}, nil
	}
}

// Keys are those that a configuration may have.
func (c *pullConfig) Keys() []string {
	if c.pull.Of.Key == "" {
		return []string{"api_url"}
	}
	return []string{"api_url", c.pull.Of.Key}
}

// Unmarshal implements confmap.Unmarshaler.
func (c *pullConfig) Unmarshal(conf *confmap.Conf) error {
	if conf.IsSet("api_url") {
		text, ok := conf.Get("api_url").(string)
		if !ok {
			return errors.New("api_url: must be a text")
		}
		c.api = text
	}
	if key := c.pull.Of.Key; key != "" && conf.IsSet(key) {
		c.of = nil
		list, ok := conf.Get(key).([]any)
		if !ok {
			return fmt.Errorf("%s: must be a list of texts", key)
		}
		for i, element := range list {
			text, ok := element.(string)
			if !ok {
				return fmt.Errorf("%s[%d]: must be a text", key, i)
			}
			c.of = append(c.of, text)
		}
	}
	return nil
}

// Validate implements source.PullConfig.
func (c *pullConfig) Validate() error {
	if c.api == "" {
		return fmt.Errorf("api_url: required, such as %s", c.pull.Example)
	}
	if err := source.CheckAPI(c.api, c.pull.Example); err != nil {
		return fmt.Errorf("api_url: %w", err)
	}
	if len(c.of) == 0 {
		return fmt.Errorf("%s: at least one is required, such as %s: %s", c.pull.Of.Key, c.pull.Of.Example, c.pull.Of.Help)
	}
	for i, name := range c.of {
		if name == "" && len(c.of) > 1 || slices.Contains(c.of[:i], name) {
			return fmt.Errorf("%s[%d]: must be a name, and each only once", c.pull.Of.Key, i)
		}
	}
	var err error
	c.loaded, err = c.program.with(c.own)
	return err
}

// Streams implements source.PullConfig: one for each name.
func (c *pullConfig) Streams() []source.Stream {
	var all []source.Stream
	for _, name := range c.of {
		s := &stream{program: c.loaded, api: strings.TrimRight(c.api, "/"), of: name}
		all = append(all, source.Stream{Name: s.name(), URL: s.api, Pull: s.pull})
	}
	return all
}

// Authorize implements source.PullConfig.
func (c *pullConfig) Authorize(header http.Header, secret string) {
	how := c.pull.Secret
	user, password, both := strings.Cut(secret, ":")
	switch {
	case how.Kind == "header":
		header.Set(how.Header, how.Prefix+secret)
	case how.Kind == "basic" && both:
		request := http.Request{Header: header}
		request.SetBasicAuth(user, password)
	default:
		source.SetBearer(header, secret)
	}
}

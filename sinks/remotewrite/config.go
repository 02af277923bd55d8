package remotewrite

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"time"

	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/shipwake/shipwake/internal/opaque"
	"github.com/shipwake/shipwake/sinks/call"
)

// Config is the configuration of the sink.
type Config struct {
	call.Config       `mapstructure:",squash"`
	call.TargetConfig `mapstructure:",squash"`
	// URL is where the receiver takes remote write, as in https://prometheus.example.com/api/v1/write.
	URL configopaque.String `mapstructure:"url"`
	// Headers are sent with each request, such as Authorization or X-Scope-OrgID.
	Headers map[string]configopaque.String `mapstructure:"headers"`
	// Job is the label job of all series.
	Job string `mapstructure:"job"`
	// Step is how exact the time of a sample is: what happened in a step goes by its beginning. Shorter is more exact, and costs more: a message asks the record twice for each step of the window.
	Step time.Duration `mapstructure:"step"`
	// Window is how far back late facts and corrections are sent. Not longer than the receiver takes what is out of order.
	Window time.Duration `mapstructure:"window"`
}

// Bounds of the settings.
const (
	leastStep = time.Minute
	mostSteps = 200
)

func defaults() Config {
	return Config{Job: "shipwake", Step: time.Hour, Window: 24 * time.Hour}
}

// Validate names the first key that is wrong.
func (c Config) Validate() error {
	switch {
	case c.URL == "":
		return errors.New("url: required: where remote write is taken, such as https://prometheus.example.com/api/v1/write")
	case c.Step < leastStep || c.Step%time.Second != 0:
		return fmt.Errorf("step: %s: must be whole seconds, at least %s", c.Step, leastStep)
	case c.Window < c.Step || c.Window > mostSteps*c.Step:
		return fmt.Errorf("window: %s: must be at least step (%s), and at most %d times that", c.Window, c.Step, mostSteps)
	}
	if _, err := call.ParseURL(string(c.URL)); err != nil {
		return fmt.Errorf("url: %w", err)
	}
	for name, value := range c.Headers {
		if err := call.CheckHeader("headers", name, string(value)); err != nil {
			return err
		}
	}
	return nil
}

func prepared(raw map[string]any) (map[string]any, error) {
	raw = maps.Clone(raw)
	for _, key := range []string{"url", "proxy_url"} {
		if err := opaque.Text(raw, key); err != nil {
			return nil, err
		}
	}
	return raw, opaque.Map(raw, "headers", "must be names of headers with their values", func(headers map[string]any) error {
		for name := range headers {
			if err := opaque.Text(headers, name); err != nil {
				return err
			}
		}
		return nil
	})
}

// header is that of each request.
func (c Config) header() http.Header {
	h := http.Header{}
	for name, value := range c.Headers {
		h.Set(name, string(value))
	}
	h.Set("Content-Type", "application/x-protobuf")
	h.Set("Content-Encoding", "snappy")
	h.Set("X-Prometheus-Remote-Write-Version", "0.1.0")
	return h
}

// Package gate answers: how do pipelines and progressive-delivery tools ask whether a change may go on?
//
// GET or POST /api/v1/gate asks about one change and always gets 200 with the decision: proceed, wait or stop (see
// correlate/gate for what decides). Below /gate/ the same question is asked in the words of tools that can't choose
// theirs. An asker may wait for a decision in one request; it is answered as soon as something is committed that decides.
package gate

import (
	"fmt"
	"net/http"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/gate"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/call"
)

// Name is the name of the sink in the configuration.
const Name = "gate"

// Config is its settings.
type Config struct {
	// OnUndecided is the answer when there is none by the deadline: proceed or stop. An asker may say otherwise.
	OnUndecided gate.Decision `mapstructure:"on_undecided"`
	// PublicURL is where people reach the daemon's web listener: the start of the links in answers. Empty: links are paths.
	PublicURL string `mapstructure:"public_url"`
}

// Validate names the first value that is wrong.
func (c Config) Validate() error {
	if c.OnUndecided != gate.Proceed && c.OnUndecided != gate.Stop {
		return fmt.Errorf("on_undecided: %q is unknown; use %s or %s", c.OnUndecided, gate.Proceed, gate.Stop)
	}
	if c.PublicURL != "" {
		if _, err := call.ParseURL(c.PublicURL); err != nil {
			return fmt.Errorf("public_url: %w", err)
		}
	}
	return nil
}

// Factory makes the sink.
func Factory() sinks.Factory {
	return sinks.Kind[Config]{
		Name: Name, Defaults: func() Config { return Config{OnUndecided: gate.Stop} },
		Open: func(r sinks.Reader, c Config) (sinks.Sink, error) {
			return &sink{reader: r, cfg: c, waiting: newWaiters()}, nil
		},
	}.Factory()
}

type sink struct {
	reader  sinks.Reader
	cfg     Config
	waiting *waiters
}

var (
	_ sinks.Publisher = (*sink)(nil)
	_ sinks.Server    = (*sink)(nil)
)

func (s *sink) Name() string { return Name }

func (s *sink) Close() error {
	s.waiting.close()
	return nil
}

// Publish wakes those who wait for an answer about what was committed.
func (s *sink) Publish(effects []correlate.Effect) { s.waiting.wake(effects) }

// Routes are the question itself, and its forms for tools.
func (s *sink) Routes() map[string]http.Handler {
	return map[string]http.Handler{
		"/api/v1/gate":                     http.HandlerFunc(s.serve),
		"POST /gate/flagger/confirm":       s.flagger(gate.Promote, passOnProceed, nil),
		"POST /gate/flagger/confirm-start": s.flagger(gate.Start, passOnProceed, nil),
		"POST /gate/flagger/rollback":      s.flagger(gate.Promote, passOnRegressed, s.holds),
	}
}

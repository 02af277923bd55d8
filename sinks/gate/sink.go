// Package gate answers: how do pipelines and progressive-delivery tools ask whether a change may go on?
//
// GET or POST /api/v1/gate asks about one change and always gets 200 with the decision: proceed, wait or stop (see
// correlate/gate for what decides). Below /gate/ the same question is asked in the words of tools that can't choose
// theirs. An asker may wait for a decision in one request; it is answered as soon as something is committed that decides.
// Tools that ask once and are answered later by a call are in package callback.
package gate

import (
	"fmt"
	"net/http"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/gate"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/call"
	"github.com/shipwake/shipwake/sinks/gate/callback"
)

// Name is the name of the sink in the configuration.
const Name = "gate"

// Config is its settings.
type Config struct {
	// Config says how callers are reached that are answered later. Its PublicURL also begins the links in answers.
	call.Config `mapstructure:",squash"`
	// OnUndecided is the answer when there is none by the deadline: proceed or stop. An asker may say otherwise.
	OnUndecided gate.Decision `mapstructure:"on_undecided"`
	// GitHub asks by a custom deployment protection rule; nil: it doesn't.
	GitHub *callback.GitHub `mapstructure:"github"`
	// Azure asks by a check of Azure Pipelines that is completed by a callback; nil: it doesn't.
	Azure *callback.Azure `mapstructure:"azure"`
	// GitLab asks by external status checks and by blocked deployments; nil: it doesn't.
	GitLab *callback.GitLab `mapstructure:"gitlab"`
}

// Validate names the first value that is wrong.
func (c Config) Validate() error {
	if c.OnUndecided != gate.Proceed && c.OnUndecided != gate.Stop {
		return fmt.Errorf("on_undecided: %q is unknown; use %s or %s", c.OnUndecided, gate.Proceed, gate.Stop)
	}
	callers, err := c.callers()
	for _, caller := range callers {
		caller.Close()
	}
	return err
}

// callers are those that ask once and are answered later.
func (c Config) callers() (all []callback.Caller, err error) {
	through, err := c.Config.Open(Name)
	if err != nil {
		return nil, err
	}
	for _, tool := range []struct {
		name string
		open func() (callback.Caller, error)
	}{
		{"github", opening(c.GitHub, through)},
		{"azure", opening(c.Azure, through)},
		{"gitlab", opening(c.GitLab, through)},
	} {
		if tool.open == nil {
			continue
		}
		caller, err := tool.open()
		if err != nil {
			return all, fmt.Errorf("%s::%w", tool.name, err)
		}
		all = append(all, caller)
	}
	return all, nil
}

// opening is nil for settings that aren't given.
func opening[C interface {
	Open(*call.Caller) (callback.Caller, error)
}](settings *C, through *call.Caller) func() (callback.Caller, error) {
	if settings == nil {
		return nil
	}
	return func() (callback.Caller, error) { return (*settings).Open(through) }
}

// Factory makes the sink.
func Factory() sinks.Factory {
	return sinks.Kind[Config]{
		Name: Name, Prepare: prepared, Defaults: func() Config { return Config{OnUndecided: gate.Stop} }, Open: newSink,
	}.Factory()
}

func newSink(r sinks.Reader, c Config) (sinks.Sink, error) {
	s := &sink{reader: r, cfg: c, waiting: newWaiters()}
	callers, err := c.callers()
	if err != nil || len(callers) == 0 {
		return s, err
	}
	return newAnswering(s, callers), nil
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

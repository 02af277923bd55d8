package host

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/confignet"

	"github.com/shipwake/shipwake/collector/host/rollbacks"
	"github.com/shipwake/shipwake/collector/owners"
	"github.com/shipwake/shipwake/collector/signin"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/engine"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite"
	"github.com/shipwake/shipwake/correlate/names"
	"github.com/shipwake/shipwake/sinks"
)

// Config is the configuration of the extension.
type Config struct {
	// DataDir is where the ledger lives. One daemon owns it at a time.
	DataDir string `mapstructure:"data_dir"`
	// DiskReserve is the space in the data directory, in bytes, that is kept for the daemon's own state when the disk runs
	// full, at most a sixteenth of the disk; 0: none. More keeps it going longer while facts are refused.
	DiskReserve int64         `mapstructure:"disk_reserve"`
	Archive     ArchiveConfig `mapstructure:"archive"`
	// Web serves /metrics, /api/v1, /-/healthy and /-/ready.
	Web confighttp.ServerConfig `mapstructure:"web"`
	// Memory bounds what the daemon takes.
	Memory MemoryConfig `mapstructure:"memory"`
	// Readers says who may read that.
	Readers ReadersConfig `mapstructure:"readers"`
	// Access says who may do more, by name: send facts, or decide as people do.
	Access signin.Config `mapstructure:"access"`
	// Resolution is the width of a bucket. Finer sees sooner and costs memory in proportion.
	Resolution time.Duration `mapstructure:"resolution"`
	// Lateness is how long after its event time a measurement is waited for. Longer corrects less and answers later.
	Lateness time.Duration `mapstructure:"lateness"`
	// AllowedLateness is how much later a measurement is still taken in: what was judged without it is judged again.
	AllowedLateness time.Duration `mapstructure:"allowed_lateness"`
	// IdleAfter is how long all telemetry may be silent before windows go on by the clock.
	IdleAfter time.Duration `mapstructure:"idle_after"`
	// Window is what of event time is looked at around a change.
	Window WindowConfig `mapstructure:"window"`
	// Margins are how much worse a change may have made things to be healthy.
	Margins MarginsConfig `mapstructure:"margins"`
	// Attribution is how far back an incident without caused_by looks for the change behind it.
	Attribution time.Duration `mapstructure:"attribution"`
	// AdoptAfter is how long a new service.version waits for a source to report it before it counts as a change.
	AdoptAfter time.Duration `mapstructure:"adopt_after"`
	// AbandonAfter is how long after its start a change whose end nobody told is given up.
	AbandonAfter time.Duration      `mapstructure:"abandon_after"`
	Signals      []correlate.Signal `mapstructure:"signals"`
	Checks       ChecksConfig       `mapstructure:"checks"`
	// Names are the rules by which services, environments and versions are called, whoever tells them.
	Names names.Config `mapstructure:"names"`
	// Owners say whose a service is: the team and the system of its changes.
	Owners owners.Config `mapstructure:"owners"`
	// Rollback says for which changes whoever deploys is asked to take them back.
	Rollback rollbacks.Config `mapstructure:"rollback"`
	// Sinks are the sinks by name, each with its own part of the configuration.
	Sinks map[string]map[string]any `mapstructure:"sinks"`

	known []sinks.Factory // to check Sinks with
}

// ArchiveConfig says how long measurements stay on disk, so that a change that is reported late can still be judged.
type ArchiveConfig struct {
	// Keep is for how long; 0: not at all.
	Keep time.Duration `mapstructure:"keep"`
	// Limit is how much they may take, beside the ledger; the oldest go first. A hundred services with 20 requests a second
	// and three routes each take some 70 MB a day.
	Limit Bytes `mapstructure:"limit"`
}

func (c ArchiveConfig) validate() error {
	switch {
	case c.Keep < 0 || c.Keep%time.Second != 0:
		return fmt.Errorf("archive::keep: %s: must be whole seconds, or 0 to keep nothing", c.Keep)
	case c.Limit < mebibyte:
		return fmt.Errorf("archive::limit: %s: must be at least 1MiB; archive::keep: 0s turns it off", c.Limit)
	}
	return nil
}

// WindowConfig is what of event time is looked at around a change.
type WindowConfig struct {
	// Baseline is how far before the change is compared.
	Baseline time.Duration `mapstructure:"baseline"`
	// Grace is the warm-up after a change that is not held against it.
	Grace time.Duration `mapstructure:"grace"`
	// MinHealthy is how long a change must be seen before it may be called healthy.
	MinHealthy time.Duration `mapstructure:"min_healthy"`
	// Watch is how long after its completion a change is observed; then its verdict is final.
	Watch time.Duration `mapstructure:"watch"`
}

func createDefaultConfig() component.Config {
	d := engine.DefaultConfig()
	sec := func(n int64) time.Duration { return time.Duration(n) * time.Second }
	web := confighttp.NewDefaultServerConfig()
	web.NetAddr = confignet.AddrConfig{Endpoint: "127.0.0.1:8788", Transport: confignet.TransportTypeTCP}
	web.ReadHeaderTimeout, web.ReadTimeout = 5*time.Second, 10*time.Second
	return &Config{
		DataDir:     "./shipwake-data",
		DiskReserve: sqlite.StandardReserve,
		Archive:     ArchiveConfig{Keep: 7 * 24 * time.Hour, Limit: 1 << 30},
		Web:         web,
		Memory:      MemoryConfig{Limit: defaultLimit},
		Resolution:  sec(d.Resolution),
		Lateness:    sec(d.Lateness),
		IdleAfter:   sec(d.IdleAfter),
		Readers:     ReadersConfig{MaxConnections: 1000},
		Access:      signin.DefaultConfig(),
		Window: WindowConfig{
			Baseline: sec(d.Baseline), Grace: sec(d.Judge.Grace), MinHealthy: sec(d.Judge.MinHealthy), Watch: sec(d.Watch),
		},
		Margins:         marginsOf(&d.Judge),
		Attribution:     sec(d.Attribution),
		AdoptAfter:      sec(d.AdoptAfter),
		AllowedLateness: sec(d.AllowedLateness),
		AbandonAfter:    sec(d.AbandonAfter),
		Names:           names.DefaultConfig(),
		Sinks:           map[string]map[string]any{"prometheus": nil, "api": nil},
	}
}

// Validate names the first key that is wrong and what would be right.
func (c *Config) Validate() error {
	if c.DataDir == "" {
		return errors.New("data_dir: required: the directory that holds the ledger")
	}
	if c.DiskReserve < 0 {
		return fmt.Errorf("disk_reserve: %d: must be a number of bytes, or 0 for none", c.DiskReserve)
	}
	if err := errors.Join(c.Memory.validate(), c.Archive.validate(), c.Readers.validate(), c.Access.Check(), c.validateExposure(), c.Margins.validate(), c.Rollback.Validate()); err != nil {
		return err
	}
	for _, d := range []struct {
		key   string
		value time.Duration
		least time.Duration
	}{
		{"resolution", c.Resolution, time.Second},
		{"lateness", c.Lateness, 0},
		{"allowed_lateness", c.AllowedLateness, 0},
		{"idle_after", c.IdleAfter, time.Second},
		{"attribution", c.Attribution, 0},
		{"adopt_after", c.AdoptAfter, 0},
		{"abandon_after", c.AbandonAfter, c.Window.Grace + c.Window.Watch},
		{"window::baseline", c.Window.Baseline, c.Resolution},
		{"window::grace", c.Window.Grace, 0},
		{"window::min_healthy", c.Window.MinHealthy, c.Resolution},
		{"window::watch", c.Window.Watch, c.Resolution},
	} {
		if d.value < d.least || d.value%time.Second != 0 {
			return fmt.Errorf("%s: %s: must be whole seconds, at least %s", d.key, d.value, d.least)
		}
	}
	if c.IdleAfter <= c.Lateness {
		return fmt.Errorf("idle_after: %s: must be longer than lateness (%s)", c.IdleAfter, c.Lateness)
	}
	if c.Window.MinHealthy > c.Window.Watch {
		return fmt.Errorf("window::min_healthy: %s: must not be longer than window::watch (%s)", c.Window.MinHealthy, c.Window.Watch)
	}
	for i, s := range c.Signals {
		if err := s.Validate(); err != nil {
			return fmt.Errorf("signals[%d]: %w", i, err)
		}
	}
	if err := c.Checks.validate(); err != nil {
		return err
	}
	return c.checkSinks()
}

// looksAtOnce is about half a second of judging.
const looksAtOnce = 30_000

// engineConfig is the part of the configuration that the engine works by.
func (c *Config) engineConfig() engine.Config {
	sec := func(d time.Duration) int64 { return int64(d / time.Second) }
	e := engine.DefaultConfig()
	e.Resolution = sec(c.Resolution)
	e.Coarse = 30 * e.Resolution
	e.Lateness = sec(c.Lateness)
	e.AllowedLateness = sec(c.AllowedLateness)
	e.AbandonAfter = sec(c.AbandonAfter)
	e.IdleAfter = sec(c.IdleAfter)
	e.Baseline = sec(c.Window.Baseline)
	e.Watch = sec(c.Window.Watch)
	e.FineKeep = e.Baseline + e.Watch
	e.LateReach = sec(c.Archive.Keep)
	e.Attribution = sec(c.Attribution)
	e.AdoptAfter = sec(c.AdoptAfter)
	e.Judge = e.Judge.Scale(e.Resolution)
	e.Blame = e.Blame.Scale(e.Resolution)
	e.Judge.Grace = sec(c.Window.Grace)
	e.Judge.MinHealthy = sec(c.Window.MinHealthy)
	c.Margins.apply(&e.Judge)
	e.Signals = c.Signals
	e.RequiredChecks = c.Checks.required()
	e.LooksAtOnce = looksAtOnce
	return e
}

// knowing gives a configuration the sinks that it may name.
func knowing(c component.Config, known []sinks.Factory) component.Config {
	if c, ok := c.(*Config); ok {
		c.known = known
	}
	return c
}

// checkSinks lets each sink check its own part, so that `validate` finds what is wrong without a daemon.
func (c *Config) checkSinks() error {
	for _, name := range slices.Sorted(maps.Keys(c.Sinks)) {
		i := slices.IndexFunc(c.known, func(f sinks.Factory) bool { return f.Name == name })
		if i < 0 || c.known[i].Check == nil {
			continue // startSinks says which names are known
		}
		if err := c.known[i].Check(c.Sinks[name]); err != nil {
			return fmt.Errorf("sinks::%s: %w", name, err)
		}
	}
	return nil
}

// ChecksConfig says which checks changes must pass after their release.
type ChecksConfig struct {
	// Required are the checks that must pass, by service and environment.
	Required []RequiredConfig `mapstructure:"required"`
}

// RequiredConfig are checks that must pass after each rollout of some services to some environments.
type RequiredConfig struct {
	// Service and Environment are patterns such as payments-*; empty is any. A star doesn't match a slash.
	Service     string `mapstructure:"service"`
	Environment string `mapstructure:"environment"`
	// Names are the names of the checks.
	Names []string `mapstructure:"names"`
}

func (c ChecksConfig) validate() error {
	for i, r := range c.Required {
		for key, pattern := range map[string]string{"service": r.Service, "environment": r.Environment} {
			if _, err := path.Match(pattern, ""); err != nil {
				return fmt.Errorf("checks::required[%d]::%s: %q: must be a name or a pattern such as payments-*", i, key, pattern)
			}
		}
		if len(r.Names) == 0 {
			return fmt.Errorf("checks::required[%d]::names: required: the names of the checks, such as [smoke]", i)
		}
		if at := slices.IndexFunc(r.Names, func(n string) bool { return strings.TrimSpace(n) == "" || len(n) > correlate.MaxCheckName }); at >= 0 {
			return fmt.Errorf("checks::required[%d]::names[%d]: must be the name of a check, of at most %d bytes", i, at, correlate.MaxCheckName)
		}
	}
	return nil
}

func (c ChecksConfig) required() (all []engine.RequiredChecks) {
	for _, r := range c.Required {
		all = append(all, engine.RequiredChecks{Service: r.Service, Environment: r.Environment, Names: r.Names})
	}
	return all
}

package template

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"time"

	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/shipwake/shipwake/internal/opaque"
	"github.com/shipwake/shipwake/sinks/call"
	"github.com/shipwake/shipwake/sinks/route"
)

// Config is the configuration of a sink that is told by a file.
type Config struct {
	call.Config `mapstructure:",squash"`
	// Targets are the receivers, by a name of yours, which is the one in logs and metrics.
	Targets map[string]TargetConfig `mapstructure:"targets"`

	sink    string
	shipped *File // nil: each target names a file of its own
}

// TargetConfig is one receiver.
type TargetConfig struct {
	// File is the path of a file of your own, for the sink template.
	File string `mapstructure:"file"`
	// Settings are those that the file asks for. Each may be named with _file at its end, and then is the path of a file
	// that holds it, which is read anew for each message.
	Settings map[string]configopaque.String `mapstructure:"settings"`
	// Pace is the time between two requests; 0: what the file says.
	Pace time.Duration `mapstructure:"pace"`

	GroupConfig       `mapstructure:",squash"`
	route.Config      `mapstructure:",squash"`
	call.TargetConfig `mapstructure:",squash"`
}

// nameOf a target: it is part of a metric's label and of a key in the ledger.
var nameOf = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

// Validate names what is wrong. No error repeats a value that may be secret.
func (c Config) Validate() error {
	_, err := c.open()
	return err
}

// open makes the targets, by name.
func (c Config) open() ([]*target, error) {
	if len(c.Targets) == 0 {
		return nil, errors.New("targets: at least one is required: a name with settings below it")
	}
	caller, err := c.Config.Open(c.sink)
	if err != nil {
		return nil, err
	}
	var all []*target
	for _, name := range slices.Sorted(maps.Keys(c.Targets)) {
		if !nameOf.MatchString(name) {
			return nil, fmt.Errorf("targets: %q: a name is made of at most 63 lower-case letters, digits, - and _", name)
		}
		t, err := c.target(name, caller)
		if err != nil {
			return nil, fmt.Errorf("targets::%s::%w", name, err)
		}
		all = append(all, t)
	}
	return all, nil
}

func (c Config) target(name string, caller *call.Caller) (*target, error) {
	own := c.Targets[name]
	p, err := c.programOf(own)
	if err != nil {
		return nil, err
	}
	t := &target{program: p, name: name, route: own.Config, group: own.GroupConfig}
	if len(t.route.On) == 0 {
		t.route.On = p.On
	}
	if err := t.route.Validate(); err != nil {
		return nil, err
	}
	if err := t.group.validate(); err != nil {
		return nil, err
	}
	if t.settings, err = newSettings(p.Settings, own.Settings); err != nil {
		return nil, err
	}
	if own.Pace < 0 || own.Pace > time.Minute {
		return nil, fmt.Errorf("pace: %s: must be between 0 and 1m", own.Pace)
	}
	if t.pace.gap = own.Pace; own.Pace == 0 {
		t.pace.gap = p.Pace
	}
	if t.client, err = caller.Client(own.TargetConfig); err != nil {
		return nil, err
	}
	return t, t.try(caller, c.PublicURL)
}

// maxFile bounds the text of a file in bytes.
const maxFile = 1 << 20

// programOf is the shipped file of the sink, or the one that a target names.
func (c Config) programOf(own TargetConfig) (*program, error) {
	if c.shipped != nil {
		if own.File != "" {
			return nil, fmt.Errorf("file: goes with the sink template, and not with %s", c.sink)
		}
		return compile(*c.shipped)
	}
	if own.File == "" {
		return nil, errors.New("file: required: the path of a template")
	}
	text, err := readTemplate(own.File)
	if err != nil {
		return nil, fmt.Errorf("file: %w", err)
	}
	p, err := load(text)
	if err != nil {
		return nil, fmt.Errorf("file: %s: %w", own.File, err)
	}
	return p, nil
}

func readTemplate(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%s must not be larger than %d bytes", path, maxFile)
	}
	return os.ReadFile(path)
}

func load(text []byte) (*program, error) {
	f, err := Parse(text)
	if err != nil {
		return nil, err
	}
	return compile(f)
}

// prepared checks what may be secret before the Collector reads it. The configuration itself is left as it is.
func prepared(raw map[string]any) (map[string]any, error) {
	raw = maps.Clone(raw)
	if err := opaque.Text(raw, "proxy_url"); err != nil {
		return nil, err
	}
	err := opaque.Each(raw, "targets", "must be a map from names to the keys of a target", func(targets map[string]any, name string) error {
		return opaque.Map(targets, name, "must be the keys of a target, such as settings", func(own map[string]any) error {
			return opaque.Each(own, "settings", "must be a map from names to texts", opaque.Text)
		})
	})
	return raw, err
}

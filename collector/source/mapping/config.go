package mapping

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/collector/source"
)

// config is the configuration of a mapping.
type config struct {
	// Parameters are the mapping's own, by name.
	Parameters map[string]string `mapstructure:"parameters" json:"parameters"`

	known   map[string]Parameter
	program compiled
}

// Validate refuses what isn't a parameter of the mapping.
func (c *config) Validate() error { return checkParameters(c.Parameters, c.known) }

// Configure makes the parameters those of the mapping.
func (c *config) Configure(s *source.Source) error {
	c.program.into(s, c.Parameters)
	return nil
}

func checkParameters(given map[string]string, known map[string]Parameter) error {
	for _, name := range slices.Sorted(maps.Keys(given)) {
		switch _, ok := known[name]; {
		case len(known) == 0:
			return fmt.Errorf("parameters::%s: the mapping has no parameters", name)
		case !ok:
			return fmt.Errorf("parameters::%s: the mapping has no such parameter; the known ones are %s",
				name, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		}
	}
	return nil
}

// fileConfig is the configuration of a mapping of the user's own.
type fileConfig struct {
	// File is the path of the mapping.
	File string `mapstructure:"file" json:"-"`
	// Parameters are the mapping's own, by name.
	Parameters map[string]string `mapstructure:"parameters" json:"parameters"`
	// Digest is that of the file's text, so that what is kept is read again when it is another.
	Digest string `mapstructure:"-" json:"digest"`

	loaded source.Source
}

// maxFile bounds the text of a mapping in bytes.
const maxFile = 1 << 20

// Validate reads the file.
func (c *fileConfig) Validate() error {
	if c.File == "" {
		return errors.New("file: required: the path of a mapping")
	}
	info, err := os.Stat(c.File)
	if err != nil {
		return fmt.Errorf("file: %w", err)
	}
	if info.Size() > maxFile {
		return fmt.Errorf("file: must not be larger than %d bytes", maxFile)
	}
	text, err := os.ReadFile(c.File)
	if err != nil {
		return fmt.Errorf("file: %w", err)
	}
	if c.loaded, err = Load(text); err != nil {
		return fmt.Errorf("file: %s: %w", c.File, err)
	}
	c.Digest = c.loaded.Version
	return c.own().Validate()
}

// own is the configuration of the file's own source.
func (c *fileConfig) own() *config {
	own := c.loaded.Config().(*config)
	own.Parameters = c.Parameters
	return own
}

// Configure makes the source that of the file.
func (c *fileConfig) Configure(s *source.Source) error {
	s.Version, s.Headers, s.Schemes = c.loaded.Version, c.loaded.Headers, c.loaded.Schemes
	return c.own().Configure(s)
}

// Source is the source of type mapping: what it reads is said by a file of the user's own.
func Source() source.Source {
	return source.Source{Name: "mapping", Config: func() source.Config { return &fileConfig{} }, Pull: pullingFile}
}

// pullingFile asks as the user's file says.
func pullingFile(own source.Config) (source.PullConfig, error) {
	c := own.(*fileConfig)
	if c.loaded.Pull == nil {
		return nil, fmt.Errorf("file: %s: doesn't say how the system is asked: pull", c.File)
	}
	return c.loaded.Pull(c.own())
}

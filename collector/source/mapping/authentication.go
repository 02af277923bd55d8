package mapping

import (
	"time"

	"github.com/shipwake/shipwake/collector/source"
)

// Authentication is a source.Scheme in the keys of a file.
type Authentication struct {
	Kind            source.Kind   `yaml:"kind"`
	Header          string        `yaml:"header"`
	Field           string        `yaml:"field"`
	Hash            string        `yaml:"hash"`
	Encoding        string        `yaml:"encoding"`
	Prefix          string        `yaml:"prefix"`
	Separator       string        `yaml:"separator"`
	Content         string        `yaml:"content"`
	Timestamp       string        `yaml:"timestamp"`
	TimestampPrefix string        `yaml:"timestamp_prefix"`
	Tolerance       time.Duration `yaml:"tolerance"`
	ID              string        `yaml:"id"`
	KeyPrefix       string        `yaml:"key_prefix"`
}

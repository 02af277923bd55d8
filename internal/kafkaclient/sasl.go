package kafkaclient

import (
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"
)

// SASL says who we are.
type SASL struct {
	// Mechanism is PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.
	Mechanism string `mapstructure:"mechanism"`
	// Username and Password are who we say we are, and the proof.
	Username string              `mapstructure:"username"`
	Password configopaque.String `mapstructure:"password"`
}

// Unmarshal reads the password itself, because the Collector's own error for a value of the wrong type repeats the value.
func (c *SASL) Unmarshal(conf *confmap.Conf) error {
	var text struct {
		Password string `mapstructure:"password"`
	}
	if conf.Unmarshal(&text, confmap.WithIgnoreUnused()) != nil {
		return errors.New("password: must be text; put it in quotes")
	}
	conf.Delete("password")
	if err := conf.Unmarshal(c); err != nil {
		return err
	}
	c.Password = configopaque.String(text.Password)
	return nil
}

// Validate checks the keys under sasl.
func (c *SASL) Validate() error {
	if _, err := c.mechanism(); err != nil {
		return err
	}
	if c.Username == "" || c.Password == "" {
		return errors.New("username and password are both required")
	}
	return nil
}

// mechanism never puts the password into an error.
func (c *SASL) mechanism() (sasl.Mechanism, error) {
	switch strings.ToUpper(c.Mechanism) {
	case "PLAIN":
		return plain.Auth{User: c.Username, Pass: string(c.Password)}.AsMechanism(), nil
	case "SCRAM-SHA-256":
		return scram.Auth{User: c.Username, Pass: string(c.Password)}.AsSha256Mechanism(), nil
	case "SCRAM-SHA-512":
		return scram.Auth{User: c.Username, Pass: string(c.Password)}.AsSha512Mechanism(), nil
	}
	return nil, fmt.Errorf("mechanism: %q is unknown; use one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512", c.Mechanism)
}

package callback

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/shipwake/shipwake/correlate/gate"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/call"
)

// Common are the settings that all callers have.
type Common struct {
	// Secrets say who asks; they are valid all at once. SecretFile holds more of them, one a line, and is read anew for each
	// request.
	Secrets    []configopaque.String `mapstructure:"secrets"`
	SecretFile string                `mapstructure:"secret_file"`
	// After names for an environment the one before it, where the same release must be judged healthy first.
	After map[string]string `mapstructure:"after"`
	// Wait is how long an answer may take; then OnUndecided is the answer, that of the sink when it isn't set.
	Wait              time.Duration `mapstructure:"wait"`
	OnUndecided       gate.Decision `mapstructure:"on_undecided"`
	call.TargetConfig `mapstructure:",squash"`
}

// StandardWait is how long an answer may take unless something else is set.
const StandardWait = 24 * time.Hour

func (c Common) validate(most time.Duration) error {
	if len(c.Secrets) == 0 && c.SecretFile == "" {
		return errors.New("secrets: one is required, or a secret_file: it says who asks; is an environment variable unset?")
	}
	if _, err := c.secrets(); err != nil {
		return err
	}
	if c.Wait < time.Minute || c.Wait > most {
		return fmt.Errorf("wait: %s: must be between 1m and %s", c.Wait, most)
	}
	if c.OnUndecided != "" && c.OnUndecided != gate.Proceed && c.OnUndecided != gate.Stop {
		return fmt.Errorf("on_undecided: %q is unknown; use %s or %s", c.OnUndecided, gate.Proceed, gate.Stop)
	}
	for environment, before := range c.After {
		if before == "" || before == environment {
			return fmt.Errorf("after::%s: must name another environment, one that comes before", environment)
		}
	}
	return nil
}

// shortestSecret is how many characters a secret must have: whoever guesses it lets changes through.
const shortestSecret = 16

// secrets reads the file anew: it may have been exchanged.
func (c Common) secrets() (all []string, err error) {
	for i, s := range c.Secrets {
		if all = append(all, string(s)); len(s) < shortestSecret {
			return nil, fmt.Errorf("secrets[%d]: it must have at least %d characters; make one with openssl rand -hex 32", i, shortestSecret)
		}
	}
	lines, err := linesOf("secret_file", c.SecretFile)
	for _, line := range lines {
		if all = append(all, line); len(line) < shortestSecret {
			return nil, fmt.Errorf("secret_file: each line must have at least %d characters; make one with openssl rand -hex 32", shortestSecret)
		}
	}
	return all, err
}

// most bounds a file with a secret.
const mostSecretFile = 64 << 10

// linesOf are the lines of a file that aren't empty; none without a file.
func linesOf(key, path string) (all []string, err error) {
	if path == "" {
		return nil, nil
	}
	text, err := fileOf(key, path)
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("%s: %s holds nothing; write one a line", key, path)
	}
	return all, err
}

func fileOf(key, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", key, err)
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, mostSecretFile+1))
	if err == nil && len(text) > mostSecretFile {
		err = fmt.Errorf("%s is larger than %d bytes", path, mostSecretFile)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", key, err)
	}
	return string(text), nil
}

// vouched checks a request by each of the secrets.
func (c Common) vouched(by func(secret string) bool) error {
	secrets, err := c.secrets()
	if err != nil {
		return refuse(http.StatusServiceUnavailable, "the secrets can't be read now")
	}
	for _, secret := range secrets {
		if by(secret) {
			return nil
		}
	}
	return refuse(http.StatusUnauthorized, "the signature or the secret is missing or wrong")
}

// signed: a text is the HMAC-SHA256 of a body, in hexadecimal digits.
func signed(text, secret string, body []byte) bool {
	given, err := hex.DecodeString(text)
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return hmac.Equal(given, mac.Sum(nil))
}

func same(given, secret string) bool {
	return given != "" && subtle.ConstantTimeCompare([]byte(given), []byte(secret)) == 1
}

// mostAnswer is how many bytes are read of what a tool answers.
const mostAnswer = 64 << 10

// send makes one request with a JSON body, none when it is nil.
func send(ctx context.Context, client *call.Client, method, url string, header http.Header, body any) (call.Answer, error) {
	var content []byte
	if body != nil {
		var err error
		if content, err = json.Marshal(body); err != nil {
			return call.Answer{}, &sinks.Undelivered{Cause: sinks.Refused, Err: err}
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(content))
	if err != nil {
		return call.Answer{}, &sinks.Undelivered{Cause: sinks.Refused, Err: errors.New("the address to answer to is no URL")}
	}
	request.Header = header.Clone()
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	request.Header.Set("User-Agent", "shipwake")
	return client.Do(ctx, request, mostAnswer)
}

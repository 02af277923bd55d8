package webhook

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"go.opentelemetry.io/collector/config/configopaque"
)

const (
	// secretPrefix and the lengths, in bytes, are those of Standard Webhooks.
	secretPrefix               = "whsec_"
	shortestSecret, longestKey = 24, 64
	maxSecretFile              = 64 << 10
)

// errSecret doesn't repeat the secret.
var errSecret = errors.New("it must be whsec_ and 24 to 64 random bytes in base64: make one with " +
	"echo whsec_$(openssl rand -base64 32)")

// secrets are the keys that messages are signed with.
type secrets struct {
	fixed [][]byte
	file  string // "" when there is none
}

func newSecrets(texts []configopaque.String, file string) (secrets, error) {
	s := secrets{file: file}
	for i, text := range texts {
		key, err := parseSecret(string(text))
		if err != nil {
			return secrets{}, fmt.Errorf("secrets[%d]: %w", i, err)
		}
		s.fixed = append(s.fixed, key)
	}
	if len(texts) == 0 && file == "" {
		return secrets{}, fmt.Errorf("secrets: one is required, or a secret_file: receivers know by it who sent a message; %w", errSecret)
	}
	_, err := s.keys()
	return s, err
}

// keys reads the file anew: it may have been exchanged.
func (s secrets) keys() ([][]byte, error) {
	if s.file == "" {
		return s.fixed, nil
	}
	content, err := readSmallFile(s.file)
	if err != nil {
		return nil, fmt.Errorf("secret_file: %w", err)
	}
	keys := append([][]byte{}, s.fixed...)
	for n, line := range strings.Split(string(content), "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		key, err := parseSecret(line)
		if err != nil {
			return nil, fmt.Errorf("secret_file: line %d of %s: %w", n+1, s.file, err)
		}
		keys = append(keys, key)
	}
	if len(keys) == len(s.fixed) {
		return nil, fmt.Errorf("secret_file: %s holds no secret; write one a line", s.file)
	}
	return keys, nil
}

func readSmallFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	content, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	if err == nil && len(content) > maxSecretFile {
		err = fmt.Errorf("%s is larger than %d bytes; write one secret a line", path, maxSecretFile)
	}
	return content, err
}

func parseSecret(text string) ([]byte, error) {
	encoded, ok := strings.CutPrefix(text, secretPrefix)
	if !ok {
		return nil, errSecret
	}
	key, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(encoded, "="))
	if err != nil || len(key) < shortestSecret || len(key) > longestKey {
		return nil, errSecret
	}
	return key, nil
}

package callback

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"go.opentelemetry.io/collector/config/configopaque"
)

// Seal keeps a secret of a tool where it waits for an answer: what lies in the ledger and in its backups can't be read without
// the key of the configuration.
type Seal struct {
	// Keys are 32 random bytes in base64 each. The first one seals; the others open what was sealed before it came. KeyFile
	// holds more of them, one a line, read at the start.
	Keys    []configopaque.String `mapstructure:"seal_keys"`
	KeyFile string                `mapstructure:"seal_key_file"`
}

const keyLength = 32

// errKey doesn't repeat the key.
var errKey = errors.New("it must be 32 random bytes in base64: make one with openssl rand -base64 32")

// seals are the keys, ready for use.
type seals []cipher.AEAD

func (s Seal) open() (all seals, err error) {
	for i, key := range s.Keys {
		if all, err = all.with(string(key)); err != nil {
			return nil, fmt.Errorf("seal_keys[%d]: %w", i, err)
		}
	}
	lines, err := linesOf("seal_key_file", s.KeyFile)
	if err != nil {
		return nil, err
	}
	for _, key := range lines {
		if all, err = all.with(key); err != nil {
			return nil, fmt.Errorf("seal_key_file: %w", err)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("seal_keys: one is required, or a seal_key_file: the token to answer with is kept sealed; %w", errKey)
	}
	return all, nil
}

func (s seals) with(text string) (seals, error) {
	key, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil || len(key) != keyLength {
		return nil, errKey
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, errKey
	}
	sealing, err := cipher.NewGCMWithRandomNonce(block)
	return append(s, sealing), err
}

// seal encrypts a secret for one ask; in another it can't be opened.
func (s seals) seal(secret, ask string) []byte {
	return s[0].Seal(nil, nil, []byte(secret), []byte(ask))
}

// unseal is the secret, false when none of the keys opens it.
func (s seals) unseal(sealed []byte, ask string) (string, bool) {
	for _, key := range s {
		if secret, err := key.Open(nil, nil, sealed, []byte(ask)); err == nil {
			return string(secret), true
		}
	}
	return "", false
}

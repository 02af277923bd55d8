package source

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// verifySignature checks that one of the signatures in the header was made with one of the secrets.
func (s Scheme) verifySignature(value string, req Request, secrets []string) error {
	content, err := s.signed(value, req)
	if err != nil {
		return err
	}
	signatures, err := s.signatures(value)
	if err != nil {
		return err
	}
	for _, secret := range secrets {
		for _, signature := range signatures {
			if s.fits(signature, content, secret) {
				return nil
			}
		}
	}
	return unauthorized("the signature in %s fits none of the configured secrets", s.Header)
}

// signatures are those in a header, decoded. Those in another form are passed over when there may be several.
func (s Scheme) signatures(value string) ([][]byte, error) {
	var found [][]byte
	for _, part := range s.split(value) {
		text, ok := strings.CutPrefix(part, s.Prefix)
		if !ok {
			continue
		}
		if signature, err := s.decode(text); err == nil {
			found = append(found, signature)
		}
	}
	if len(found) == 0 {
		return nil, unauthorized("the header %s must be %sand a signature in %s", s.Header, before(s.Prefix), s.encodingName())
	}
	return found, nil
}

func before(prefix string) string {
	if prefix == "" {
		return ""
	}
	return prefix + " "
}

func (s Scheme) split(value string) []string {
	if s.Separator == "" {
		return []string{value}
	}
	parts := strings.Split(value, s.Separator)
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

// decode is strict, so that a signature has one spelling but for the case of hex digits.
func (s Scheme) decode(text string) ([]byte, error) {
	if s.Encoding != "base64" {
		return hex.DecodeString(text)
	}
	if strings.ContainsAny(text, "\r\n") {
		return nil, base64.CorruptInputError(0)
	}
	return base64.StdEncoding.Strict().DecodeString(text)
}

func (s Scheme) encodingName() string {
	if s.Encoding == "base64" {
		return "Base64"
	}
	return "hex digits"
}

// fits tells whether a signature of the content was made with a secret.
func (s Scheme) fits(signature, content []byte, secret string) bool {
	if s.Kind == PublicKey {
		key, err := publicKey(secret)
		return err == nil && s.signedBy(key, signature, content)
	}
	return hmac.Equal(signature, s.mac(content, secret))
}

func (s Scheme) mac(content []byte, secret string) []byte {
	mac := hmac.New(s.hash().New, s.key(secret))
	mac.Write(content)
	return mac.Sum(nil)
}

// key is what a secret stands for.
func (s Scheme) key(secret string) []byte {
	encoded, ok := strings.CutPrefix(secret, s.KeyPrefix)
	if s.KeyPrefix == "" || !ok {
		return []byte(secret)
	}
	if key, err := base64.StdEncoding.DecodeString(encoded); err == nil {
		return key
	}
	return []byte(secret)
}

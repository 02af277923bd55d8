package source

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
)

// Authenticate checks that a message proves to be its sender's, with one of the secrets. Without secrets everything is
// authentic; with secrets, a source without schemes takes nothing. Every refusal wraps ErrUnauthorized, and says what would
// be right.
func (c Configured) Authenticate(secrets []string, req Request) error {
	if len(secrets) == 0 {
		return nil
	}
	schemes := c.source.Schemes
	if len(schemes) == 0 {
		return unauthorized("the source %s has no way to prove who sent a message", c.source.Name)
	}
	if i := slices.IndexFunc(schemes, func(s Scheme) bool { return s.usedBy(req) }); i >= 0 {
		return schemes[i].verify(req, secrets)
	}
	last := schemes[len(schemes)-1]
	if req.Header.Get(last.header()) != "" {
		return last.verify(req, secrets)
	}
	return unauthorized("%s is missing", wanted(schemes))
}

// CheckSecrets refuses a secret that can't be used, with its place in the list.
func (c Configured) CheckSecrets(secrets []string) error {
	for i, secret := range secrets {
		if secret == "" {
			return fmt.Errorf("secrets[%d] is empty: set it, or remove it to accept unsigned deliveries", i)
		}
		if err := c.usable(secret); err != nil {
			return fmt.Errorf("secrets[%d] %w", i, err)
		}
	}
	return nil
}

// usable refuses a secret that none of the schemes can use.
func (c Configured) usable(secret string) error {
	var refusal error
	for _, s := range c.source.Schemes {
		err := s.checkSecret(secret)
		if err == nil {
			return nil
		}
		refusal = err
	}
	return refusal
}

func unauthorized(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrUnauthorized}, args...)...)
}

// wanted names the places of schemes, with what belongs into them where the name doesn't say it: the headers, and then the members
// of the body.
func wanted(schemes []Scheme) string {
	var headers, fields []string
	for _, s := range schemes {
		switch s.Kind {
		case Bearer:
			headers = append(headers, "Authorization: Bearer …")
		case Basic:
			headers = append(headers, "Authorization: Basic …")
		case Field:
			fields = append(fields, s.Field+" in the body")
		default:
			headers = append(headers, s.Header)
		}
	}
	if len(headers) > 0 {
		headers[0] = "the header " + headers[0]
	}
	return strings.Join(append(headers, fields...), " or ")
}

// usedBy tells whether a message carries the proof of a scheme, right or wrong.
func (s Scheme) usedBy(req Request) bool {
	if s.Kind == Field {
		return s.inBody(req) != ""
	}
	value := req.Header.Get(s.header())
	switch s.Kind {
	case Bearer, Basic:
		word, _, _ := strings.Cut(value, " ")
		return strings.EqualFold(word, string(s.Kind))
	}
	return value != ""
}

func (s Scheme) verify(req Request, secrets []string) error {
	value := req.Header.Get(s.header())
	switch s.Kind {
	case Field:
		return s.verifyPassword(s.inBody(req), secrets)
	case Token:
		return s.verifyPassword(value, secrets)
	case Bearer, Basic:
		return s.verifyAuthorization(value, secrets)
	}
	return s.verifySignature(value, req, secrets)
}

// verifyPassword compares in a time that depends neither on what was given nor on which secret it is.
func (s Scheme) verifyPassword(given string, secrets []string) error {
	digest := sha256.Sum256([]byte(given))
	fits := false
	for _, secret := range secrets {
		want := sha256.Sum256([]byte(secret))
		fits = hmac.Equal(digest[:], want[:]) || fits
	}
	if !fits {
		return unauthorized("what %s holds is none of the configured secrets", wanted([]Scheme{s}))
	}
	return nil
}

func (s Scheme) verifyAuthorization(value string, secrets []string) error {
	word, given, _ := strings.Cut(value, " ")
	if !strings.EqualFold(word, string(s.Kind)) {
		return unauthorized("%s", strings.Replace(wanted([]Scheme{s}), "the header ", "the header must be ", 1))
	}
	given = strings.TrimSpace(given)
	if s.Kind == Basic {
		user, err := base64.StdEncoding.Strict().DecodeString(given)
		if err != nil {
			return unauthorized("the header Authorization must be Basic and user:password in Base64")
		}
		given = string(user)
	}
	return s.verifyPassword(given, secrets)
}

// checkSecret refuses what can't be a secret of the scheme, without repeating it.
func (s Scheme) checkSecret(secret string) error {
	switch s.Kind {
	case PublicKey:
		_, err := publicKey(secret)
		return err
	case Basic:
		if !strings.Contains(secret, ":") {
			return errNoPassword
		}
	}
	return nil
}

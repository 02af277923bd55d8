package source

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
)

// CheckSecrets refuses an empty secret, which anybody could guess; it comes from an unset environment variable.
func CheckSecrets(secrets []string) error {
	for i, s := range secrets {
		if s == "" {
			return fmt.Errorf("secrets[%d] is empty: set it, or remove it to accept unsigned deliveries", i)
		}
	}
	return nil
}

// VerifyHMAC checks the hex HMAC-SHA256 of the body, with the prefix "sha256=" in the named header, against each
// secret in constant time. Without secrets everything is authentic.
func VerifyHMAC(secrets []string, req Request, header string) error {
	if len(secrets) == 0 {
		return nil
	}
	value := req.Header.Get(header)
	if value == "" {
		return fmt.Errorf("%w: the header %s is missing", ErrUnauthorized, header)
	}
	digest, ok := strings.CutPrefix(value, "sha256=")
	if !ok {
		return fmt.Errorf("%w: the header %s must start with sha256=", ErrUnauthorized, header)
	}
	given, err := hex.DecodeString(digest)
	if err != nil {
		return fmt.Errorf("%w: the header %s must be sha256= and 64 hex digits", ErrUnauthorized, header)
	}
	for _, secret := range secrets {
		if hmac.Equal(given, digestOf(secret, req.Body)) {
			return nil
		}
	}
	return fmt.Errorf("%w: the signature in %s fits none of the configured secrets", ErrUnauthorized, header)
}

// Sign is the header value that VerifyHMAC accepts.
func Sign(secret string, body []byte) string {
	return "sha256=" + hex.EncodeToString(digestOf(secret, body))
}

// VerifyBearer checks "Authorization: Bearer <secret>" against each secret in constant time. Without secrets
// everything is authentic.
func VerifyBearer(secrets []string, header http.Header) error {
	if len(secrets) == 0 {
		return nil
	}
	value := header.Get("Authorization")
	if value == "" {
		return fmt.Errorf("%w: the header Authorization: Bearer … is missing", ErrUnauthorized)
	}
	scheme, token, _ := strings.Cut(value, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return fmt.Errorf("%w: the header Authorization must be of the scheme Bearer", ErrUnauthorized)
	}
	given := sha256.Sum256([]byte(strings.TrimSpace(token)))
	for _, secret := range secrets {
		want := sha256.Sum256([]byte(secret))
		if hmac.Equal(given[:], want[:]) {
			return nil
		}
	}
	return fmt.Errorf("%w: the bearer token is none of the configured secrets", ErrUnauthorized)
}

func digestOf(secret string, body []byte) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return mac.Sum(nil)
}

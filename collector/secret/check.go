package secret

import (
	"crypto/sha256"
	"crypto/subtle"
)

// Is tells whether what was given is one of the secrets. The time it takes depends neither on what was given nor on
// which one it is.
func Is(given string, secrets []string) bool {
	digest := sha256.Sum256([]byte(given))
	found := 0
	for _, s := range secrets {
		want := sha256.Sum256([]byte(s))
		found |= subtle.ConstantTimeCompare(digest[:], want[:])
	}
	return found == 1
}

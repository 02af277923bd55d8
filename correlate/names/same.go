package names

import "strings"

// Lengths of what Git and container engines write, in hexadecimal digits.
const (
	shortHash = 7  // git's shortest abbreviation
	fullHash  = 40 // SHA-1; SHA-256 has 64
)

// SameVersion tells whether two texts name the same version, as far as texts can tell: image references, tags, package
// URLs and refs/tags/… hold what Version reads; a leading v, and the sha- that image builders put before a commit, say
// nothing; a commit or a digest may be abbreviated. Nothing is the same as no version.
//
// It is reflexive (but for "") and symmetric. It isn't transitive: two commits may share an abbreviation.
func SameVersion(a, b string) bool {
	for _, x := range versions(a) {
		for _, y := range versions(b) {
			if sameName(plain(x), plain(y)) {
				return true
			}
		}
	}
	return false
}

// plain is a version without what may be left out.
func plain(version string) string {
	for _, prefix := range []string{"sha256:", "sha-"} {
		if rest, ok := strings.CutPrefix(version, prefix); ok && isHash(rest) {
			return strings.ToLower(rest)
		}
	}
	if isHash(version) {
		return strings.ToLower(version)
	}
	if rest, ok := strings.CutPrefix(version, "v"); ok && rest != "" && rest[0] >= '0' && rest[0] <= '9' {
		return rest
	}
	return version
}

func sameName(a, b string) bool {
	if a == b {
		return true
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	return isHash(a) && isHash(b) && strings.HasPrefix(b, a) && (len(b) >= fullHash || hasLetter(a))
}

// isHash: hexadecimal digits, as many as an abbreviated commit has at least.
func isHash(s string) bool {
	if len(s) < shortHash {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return true
}

// hasLetter tells an abbreviated commit from a date or a build number (20260301).
func hasLetter(hash string) bool { return strings.ContainsAny(hash, "abcdef") }

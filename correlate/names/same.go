package names

import "strings"

// Lengths of what Git and container engines write, in hexadecimal digits.
const (
	shortHash = 7  // git's shortest abbreviation
	fullHash  = 40 // SHA-1; SHA-256 has 64
)

// SameVersion tells whether two texts name the same version, as far as texts can tell: image references, tags, package
// URLs and refs/tags/… hold what Version reads; a leading v or V, and the sha- that image builders put before a commit, say
// nothing; a commit or a digest may be abbreviated. Two references to images with a tag and another digest each are not the
// same: the tag was moved. Nothing is the same as no version.
//
// It is reflexive (but for "") and symmetric. It isn't transitive: two commits may share an abbreviation.
func SameVersion(a, b string) bool {
	if x, y := digestIn(a), digestIn(b); x != "" && y != "" {
		return sameName(x, y)
	}
	for _, x := range versions(a) {
		for _, y := range versions(b) {
			if x != "" && y != "" && sameName(plain(x), plain(y)) {
				return true
			}
		}
	}
	return false
}

// digestIn is the digest that a text holds, as plain writes it, or "".
func digestIn(text string) string {
	for _, v := range versions(text) {
		if strings.HasPrefix(v, "sha256:") && isHash(plain(v)) {
			return plain(v)
		}
	}
	return ""
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
	if len(version) > 1 && strings.ContainsRune("vV", rune(version[0])) && version[1] >= '0' && version[1] <= '9' {
		return version[1:]
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
	return abbreviates(a, b) && (len(b) >= fullHash || hasLetter(a))
}

// abbreviates: both are hashes, and one is the beginning of the other.
func abbreviates(a, b string) bool {
	return isHash(a) && isHash(b) && (strings.HasPrefix(a, b) || strings.HasPrefix(b, a))
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

// Digest is the digest of an image or artifact that a text holds, as sha256:…; "" when it holds none.
func Digest(told string) string {
	if digest := digestIn(told); digest != "" {
		return "sha256:" + digest
	}
	return ""
}

// Release is what a deployment brings, as it is told.
type Release struct{ Version, Commit, Digest string }

// SameRelease tells whether two deployments bring the same. Where both tell their digests those decide, and where both tell
// their commits, those decide against it: a label such as latest, or a branch, names another image and another commit from
// one day to the next. Else it is the same version, or a version that is or holds the commit or the digest of the other:
// 1.4-gaaaaaaa, main-aaaaaaa, sha256:aaaaaaa.
func SameRelease(a, b Release) bool {
	if x, y := a.digest(), b.digest(); x != "" && y != "" {
		return SameVersion(x, y)
	}
	if a.Commit != "" && b.Commit != "" && !SameVersion(a.Commit, b.Commit) {
		return false
	}
	if a.Version == "" && b.Version == "" {
		return SameVersion(a.Commit, b.Commit)
	}
	return SameVersion(a.Version, b.Version) || namesCommit(a.Version, b.Commit) || namesCommit(b.Version, a.Commit)
}

// digest is that which is told, be it in the version.
func (r Release) digest() string {
	if r.Digest != "" {
		return r.Digest
	}
	return Digest(r.Version)
}

// IsCommit tells whether a version is nothing but a commit or a digest, in full or abbreviated.
func IsCommit(version string) bool {
	v := plain(version)
	return isHash(v) && (len(v) >= fullHash || hasLetter(v))
}

// NameAndCommit tells whether of two deployments one tells only a name, such as v2, and the other only a commit, so that
// neither contradicts the other. A name that holds a commit or a digest, such as main-8c1f2a0, tells both.
func NameAndCommit(a, b Release) bool { return (named(a) && hashed(b)) || (hashed(a) && named(b)) }

func named(r Release) bool {
	last := strings.TrimPrefix(r.Version[strings.LastIndexAny(r.Version, "-+_.")+1:], "g")
	return r.Version != "" && r.Commit == "" && r.Digest == "" && !IsCommit(r.Version) && !IsCommit(last) && digestIn(r.Version) == ""
}

func hashed(r Release) bool {
	return (r.Version == "" && r.Commit != "") || (IsCommit(r.Version) && (r.Commit == "" || namesCommit(r.Version, r.Commit)))
}

// namesCommit: a version is a commit, or ends with one after a separator, as git describe and image builders write it.
func namesCommit(version, commit string) bool {
	if commit == "" {
		return false
	}
	for _, v := range versions(version) {
		if v == "" {
			break
		}
		last := strings.TrimPrefix(v[strings.LastIndexAny(v, "-+_.")+1:], "g")
		if abbreviates(plain(v), plain(commit)) || abbreviates(strings.ToLower(last), plain(commit)) {
			return true
		}
	}
	return false
}

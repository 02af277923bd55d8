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
	x, y := readVersion(a), readVersion(b)
	return x.same(&y)
}

// version is what a text tells: the names of one version, as they are told and as they are compared, and its digest, if it
// holds one.
type version struct {
	told, plain [2]string
	digest      string
}

func readVersion(text string) version {
	v := version{told: versions(text)}
	for i, name := range v.told {
		if name == "" {
			break
		}
		v.plain[i] = plain(name)
		if v.digest == "" && strings.HasPrefix(name, "sha256:") && isHash(v.plain[i]) {
			v.digest = v.plain[i]
		}
	}
	return v
}

func (v *version) same(o *version) bool {
	if v.digest != "" && o.digest != "" {
		return sameName(v.digest, o.digest)
	}
	for _, x := range v.plain {
		for _, y := range o.plain {
			if x != "" && y != "" && sameName(x, y) {
				return true
			}
		}
	}
	return false
}

// digestIn is the digest that a text holds, as plain writes it, or "".
func digestIn(text string) string { return readVersion(text).digest }

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
// one day to the next; and for it, where one tells no version. Else it is the same version, or a version that is or holds the
// commit or the digest of the other: 1.4-gaaaaaaa, main-aaaaaaa, sha256:aaaaaaa.
func SameRelease(a, b Release) bool {
	m := NewMatcher(a)
	return m.Matches(b)
}

// Matcher tells of many releases whether they are the same as one, by SameRelease.
type Matcher struct {
	Release
	version, commit version
	digest          string
}

// NewMatcher reads a release once.
func NewMatcher(r Release) Matcher {
	return Matcher{Release: r, version: readVersion(r.Version), commit: readVersion(r.Commit), digest: r.digest()}
}

// Matches says whether a release is the same.
func (m *Matcher) Matches(o Release) bool {
	if m.digest != "" {
		if digest := o.digest(); digest != "" {
			return SameVersion(m.digest, digest)
		}
	}
	commit := readVersion(o.Commit)
	if m.Commit != "" && o.Commit != "" && !m.commit.same(&commit) {
		return false
	}
	if (m.Version == "" || o.Version == "") && m.commit.same(&commit) {
		return true
	}
	version := readVersion(o.Version)
	return m.version.same(&version) || m.version.holds(o.Commit) || version.holds(m.Commit)
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

// namesCommit: see version.holds.
func namesCommit(told, commit string) bool {
	v := readVersion(told)
	return v.holds(commit)
}

// holds: a version is a commit, or ends with one after a separator, as git describe and image builders write it.
func (v *version) holds(commit string) bool {
	if commit == "" {
		return false
	}
	commit = plain(commit)
	for i, name := range v.told {
		if name == "" {
			break
		}
		last := strings.TrimPrefix(name[strings.LastIndexAny(name, "-+_.")+1:], "g")
		if abbreviates(v.plain[i], commit) || abbreviates(strings.ToLower(last), commit) {
			return true
		}
	}
	return false
}

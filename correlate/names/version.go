package names

import (
	"net/url"
	"regexp"
	"strings"
)

// Version is the version in a longer text that holds one, as the telemetry of what runs tells it in most shops:
//
//	refs/tags/v2.1.0                              v2.1.0
//	registry.example.com/shop/checkout:v2         v2
//	oci://registry.example.com/charts/shop:1.4.0  1.4.0
//	shop/checkout:v2@sha256:b7f1…                 v2
//	shop/checkout@sha256:b7f1…                    sha256:b7f1…
//	pkg:oci/checkout@sha256%3Ab7f1…?tag=v2        v2
//	pkg:golang/example.com/checkout@v2.1.0        v2.1.0
//
// Everything else is a version already, and stays as it was told. An image's tag is preferred to its digest, because
// that is what telemetry reports. A package URL without a version gives "".
func Version(told string) string {
	return versions(told)[0]
}

// versions are the names of one version that a text holds, the one to go by first, "" behind them.
func versions(told string) [2]string {
	told = strings.TrimSpace(told)
	if tag, ok := strings.CutPrefix(told, "refs/tags/"); ok {
		return versions(tag)
	}
	if purl, ok := strings.CutPrefix(told, "pkg:"); ok {
		return ofPackage(purl)
	}
	if tag, digest, ok := ofImage(told); ok {
		return present(tag, digest)
	}
	return [2]string{told}
}

func present(first, second string) [2]string {
	if first == "" {
		return [2]string{second}
	}
	return [2]string{first, second}
}

// ofPackage reads a package URL without its "pkg:".
func ofPackage(purl string) [2]string {
	purl, _, _ = strings.Cut(purl, "#")
	name, qualifiers, _ := strings.Cut(purl, "?")
	version := ""
	if at := strings.LastIndexByte(name, '@'); at > strings.LastIndexByte(name, '/') {
		version = unescaped(name[at+1:])
	}
	if query, err := url.ParseQuery(qualifiers); err == nil {
		return present(query.Get("tag"), version)
	}
	return [2]string{version}
}

func unescaped(text string) string {
	if plain, err := url.PathUnescape(text); err == nil {
		return plain
	}
	return text
}

// image is the grammar of a reference in the distribution specification: a registry with or without a port, a path in
// small letters, a tag, a digest.
var image = regexp.MustCompile(`^(?:(?:oci|docker|docker-pullable)://)?` +
	`(?:(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::[0-9]+)?/)?[a-z0-9]+(?:(?:[._/]|__|-+)[a-z0-9]+)*` +
	`(?::([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@([a-z0-9]+:[0-9a-fA-F]{32,}))?$`)

// ofImage reads an image reference. A name and a tag without any path may be anything (release:42), so that is none.
func ofImage(told string) (tag, digest string, ok bool) {
	if !strings.Contains(told, "@") && !(strings.Contains(told, ":") && strings.Contains(told, "/")) {
		return "", "", false // the most common case, and the expression costs a microsecond
	}
	m := image.FindStringSubmatch(told)
	if m == nil || (m[1] == "" && m[2] == "") || (m[2] == "" && !strings.Contains(told, "/")) {
		return "", "", false
	}
	return m[1], m[2], true
}

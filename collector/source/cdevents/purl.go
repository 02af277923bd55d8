package cdevents

import (
	"net/url"
	"strings"
)

// versionOf is the version in a package URL: the tag when there is one, since an image's @version is a digest that no
// telemetry reports; else what stands after the @. What is not a package URL says nothing.
//
//	pkg:oci/checkout@sha256%3Ab7f1…?repository_url=registry.example.com&tag=v2   v2
//	pkg:golang/example.com/checkout@v2.1.0                                      v2.1.0
func versionOf(purl string) string {
	rest, ok := strings.CutPrefix(purl, "pkg:")
	if !ok {
		return ""
	}
	rest, _, _ = strings.Cut(rest, "#")
	name, qualifiers, _ := strings.Cut(rest, "?")
	if query, err := url.ParseQuery(qualifiers); err == nil && query.Get("tag") != "" {
		return query.Get("tag")
	}
	at := strings.LastIndexByte(name, '@')
	if at < 0 || at < strings.LastIndexByte(name, '/') {
		return ""
	}
	version, err := url.PathUnescape(name[at+1:])
	if err != nil {
		return name[at+1:]
	}
	return version
}

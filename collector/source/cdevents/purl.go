package cdevents

import (
	"cmp"
	"net/url"
	"strings"
)

// versionOf is the version in a package URL: the tag when there is one, since an image's @version is a digest that no
// telemetry reports; else what stands after the @. What is not a package URL says nothing.
//
//	pkg:oci/checkout@sha256%3Ab7f1…?repository_url=registry.example.com&tag=v2   v2
//	pkg:golang/example.com/checkout@v2.1.0                                      v2.1.0
func versionOf(purl string) string {
	version, tag := partsOf(purl)
	return cmp.Or(tag, version)
}

// digestOf is the digest of the image in a package URL that has a tag as well: who moves the tag brings another one.
func digestOf(purl string) string {
	if version, tag := partsOf(purl); tag != "" && strings.HasPrefix(version, "sha256:") {
		return version
	}
	return ""
}

// partsOf are what stands after the @ of a package URL, and its tag.
func partsOf(purl string) (version, tag string) {
	rest, ok := strings.CutPrefix(purl, "pkg:")
	if !ok {
		return "", ""
	}
	rest, _, _ = strings.Cut(rest, "#")
	name, qualifiers, _ := strings.Cut(rest, "?")
	if query, err := url.ParseQuery(qualifiers); err == nil {
		tag = query.Get("tag")
	}
	at := strings.LastIndexByte(name, '@')
	if at < 0 || at < strings.LastIndexByte(name, '/') {
		return "", tag
	}
	version, err := url.PathUnescape(name[at+1:])
	if err != nil {
		return name[at+1:], tag
	}
	return version, tag
}

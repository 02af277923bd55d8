package source

import "strings"

// ReleaseOf is the version that a deployment brings, chosen so that it equals the service.version of the telemetry in
// most shops: the tag when a tag was deployed, since images are then tagged with it; else the full commit SHA, since a
// branch name says nothing of what runs. Who tags otherwise says so in payload.version.
func ReleaseOf(ref, sha string) string {
	if tag, ok := strings.CutPrefix(ref, "refs/tags/"); ok {
		return tag
	}
	if looksLikeTag(ref) {
		return ref
	}
	return sha
}

// looksLikeTag recognises version numbers, which are tags by convention: v2, 1.4, 2026.03.1, v1.2.3-rc.1. It takes
// neither branches (main, release/1.4) nor commits (9fceb02, 4711000).
func looksLikeTag(ref string) bool {
	digits, marked := ref, false
	if rest, ok := strings.CutPrefix(ref, "v"); ok {
		digits, marked = rest, true
	}
	if digits == "" || digits[0] < '0' || digits[0] > '9' || strings.ContainsAny(digits, "/ ") {
		return false
	}
	number, _, _ := strings.Cut(digits, "-")
	number, _, _ = strings.Cut(number, "+")
	for _, c := range number {
		if c != '.' && (c < '0' || c > '9') {
			return false
		}
	}
	return marked || strings.Contains(number, ".")
}

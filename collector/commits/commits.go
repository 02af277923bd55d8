// Package commits answers: which commits does a deployment bring over the one before it, where its sender didn't tell?
//
// The folders below it ask: git a repository on this disk, github and gitlab the API of a forge. Package follow goes through
// the changes that the daemon knows and tells it what was found, by the receiver change_pull.
//
// What is asked for is always the same: the commits that are reachable from the change's commit and not from the one that was
// live before it at the same service and environment, and how many lines and files lie between the two. It is counted as git
// log A..B and git diff A...B count. Where that can't be told in full, a correlate.Caveat says so; nothing is guessed.
package commits

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/correlate"
)

// Most is how many commits of one deployment are listed, the newest of them. All are counted.
const Most = 1000

// Range is what a deployment brings: what is in Head and wasn't in Base, each a full or an abbreviated commit hash.
type Range struct {
	Base, Head string
	// Paths are the folders and files that the service is built from, from the repository's root and with slashes. None is
	// the whole repository.
	Paths []string
}

// Found is what a repository knows of a range. Commits are the oldest first, with the time of authoring.
type Found struct {
	Commits []correlate.Commit
	Size    correlate.Size
}

// Repository is asked for ranges. It is safe for concurrent use. An error wraps ErrUnknown when there is no such head, or no
// such repository; that of a base that isn't known is no error but a caveat.
type Repository interface {
	Between(ctx context.Context, r Range) (Found, error)
}

// ErrUnknown: the repository doesn't have the commit, or can't be read at all. A commit may come later.
var ErrUnknown = errors.New("there is no such commit")

var hash = regexp.MustCompile(`^(?:[0-9a-f]{7,40}|[0-9a-f]{64})$`)

// IsHash tells whether a text is a commit hash, and not the name of a branch, an option or part of a URL.
func IsHash(text string) bool { return hash.MatchString(text) }

// SameCommit tells whether two hashes, of which one may be abbreviated, are of one commit.
func SameCommit(a, b string) bool {
	return len(a) >= 7 && len(b) >= 7 && (strings.HasPrefix(a, b) || strings.HasPrefix(b, a))
}

// Touches tells whether a file of the repository is one of the paths, or in one of them.
func (r Range) Touches(file string) bool {
	return len(r.Paths) == 0 || slices.ContainsFunc(r.Paths, func(p string) bool {
		rest, ok := strings.CutPrefix(file, strings.TrimSuffix(p, "/"))
		return ok && (rest == "" || rest[0] == '/')
	})
}

// Alone is what is known when Base isn't: the head's own commit.
func Alone(head correlate.Commit, caveats ...correlate.Caveat) Found {
	return Found{
		Commits: []correlate.Commit{head},
		Size:    correlate.Size{Commits: 1, Caveats: append([]correlate.Caveat{correlate.CaveatGone}, caveats...)},
	}
}

// Nothing is what a deployment of the commit that is live brings.
func Nothing(base string) Found { return Found{Size: correlate.Size{Since: base}} }

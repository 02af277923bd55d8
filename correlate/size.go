package correlate

import (
	"fmt"
	"slices"
	"strings"
)

// Size is how much a change brings over what was live before it. What isn't told is 0.
type Size struct {
	Commits int `json:"commits"`
	Files   int `json:"files_changed"`
	Added   int `json:"lines_added"`
	Removed int `json:"lines_removed"`
	// Since is the commit that it is counted from: the one that was live before, or where the two histories parted.
	Since string `json:"since,omitempty"`
	// Caveats say in what way the numbers are not the whole.
	Caveats []Caveat `json:"caveats,omitempty"`
}

// Caveat says in what way a Size is not the whole.
type Caveat string

// The caveats.
const (
	// CaveatRewritten: what was live before is no ancestor of the change; it is counted from where the two parted.
	CaveatRewritten Caveat = "history_rewritten"
	// CaveatGone: nobody knows the commit that was live before any more; only the change's own commit is told.
	CaveatGone Caveat = "previous_commit_gone"
	// CaveatUnknown: nobody knows the change's own commit; nothing is counted.
	CaveatUnknown Caveat = "commit_unknown"
	// CaveatShallow: the repository was cloned without its whole history, and not all commits may be there.
	CaveatShallow Caveat = "shallow_clone"
	// CaveatCommitsCut: there are more commits than are listed; Commits counts them all.
	CaveatCommitsCut Caveat = "commits_cut"
	// CaveatLinesCut: there are more files or lines than were told; Files, Added and Removed are less than there are.
	CaveatLinesCut Caveat = "lines_cut"
)

// Caveats lists every Caveat.
func Caveats() []Caveat {
	return []Caveat{CaveatRewritten, CaveatGone, CaveatUnknown, CaveatShallow, CaveatCommitsCut, CaveatLinesCut}
}

// String is the size in words, such as "3 commits, +120 -14 in 6 files (shallow_clone)".
func (s Size) String() string {
	var b strings.Builder
	b.WriteString(counted(s.Commits, "commit"))
	if s.Files+s.Added+s.Removed > 0 {
		fmt.Fprintf(&b, ", +%d -%d in %s", s.Added, s.Removed, counted(s.Files, "file"))
	}
	if len(s.Caveats) > 0 {
		b.WriteString(" (")
		for i, c := range s.Caveats {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(string(c))
		}
		b.WriteByte(')')
	}
	return b.String()
}

func counted(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// validSize returns a *FieldError for numbers that nothing can have.
func validSize(s *Size) error {
	if s == nil {
		return nil
	}
	if min(s.Commits, s.Files, s.Added, s.Removed) < 0 {
		return &FieldError{"size", "commits, files_changed, lines_added and lines_removed must not be less than 0"}
	}
	for _, c := range s.Caveats {
		if !slices.Contains(Caveats(), c) {
			return &FieldError{"size", fmt.Sprintf("there is an unknown one among its caveats; use those of %v", Caveats())}
		}
	}
	return nil
}

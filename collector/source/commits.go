package source

import (
	"fmt"
	"slices"

	"github.com/shipwake/shipwake/correlate"
)

// Commits reads commits as the generic format has them: objects with sha and authored_at.
func Commits(v JSON) []correlate.Commit {
	var all []correlate.Commit
	for _, item := range v.Items() {
		if !item.IsObject() {
			item.Fail("must be an object with sha and authored_at")
			return nil
		}
		item.Only("sha", "authored_at")
		commit := correlate.Commit{SHA: item.Get("sha").Text(), AuthoredAt: item.Get("authored_at").Time()}
		if commit.SHA == "" {
			item.Get("sha").Fail("required: the hash of the commit")
			return nil
		}
		all = append(all, commit)
	}
	return all
}

// Size reads how much a change brings, as the generic format has it; nil when nothing is said of it.
func Size(v JSON) *correlate.Size {
	if !v.Exists() {
		return nil
	}
	if !v.IsObject() {
		v.Fail("must be an object with commits, files_changed, lines_added and lines_removed")
		return nil
	}
	v.Only("commits", "files_changed", "lines_added", "lines_removed", "since", "caveats")
	s := &correlate.Size{
		Commits: v.Get("commits").Count(), Files: v.Get("files_changed").Count(),
		Added: v.Get("lines_added").Count(), Removed: v.Get("lines_removed").Count(),
		Since: v.Get("since").Text(),
	}
	for _, item := range v.Get("caveats").Items() {
		caveat := correlate.Caveat(item.Text())
		if !slices.Contains(correlate.Caveats(), caveat) {
			item.Fail(fmt.Sprintf("unknown; use one of %v", correlate.Caveats()))
			return nil
		}
		s.Caveats = append(s.Caveats, caveat)
	}
	return s
}

// AnyCommits reads the keys commits and size of an object that users fill freely. What isn't in the form of the generic format
// says nothing.
func AnyCommits(v JSON, c *correlate.Change) {
	if !v.IsObject() {
		return
	}
	doc, err := ParseJSON(v.Raw(), v.Path())
	if err != nil {
		return
	}
	commits, size := Commits(doc.Get("commits")), Size(doc.Get("size"))
	if doc.Err() == nil {
		c.Commits, c.Size = commits, size
	}
}

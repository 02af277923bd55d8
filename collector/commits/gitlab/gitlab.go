// Package gitlab answers: which commits lie between two, by the API of GitLab?
//
// It reads GET /projects/{id}/repository/compare, which tells all commits and the text of the differences, of which lines are
// counted, and …/repository/merge_base, which tells where two histories parted. Which of the commits touch a service's paths,
// the list of commits tells (…/repository/commits?ref_name=base..head&path=…). Where the API doesn't know the base any more, it
// is asked for the head alone. docs.gitlab.com/api/repositories and …/api/commits have the documentation.
package gitlab

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/shipwake/shipwake/collector/commits"
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// API is where GitLab answers; another instance does at https://HOST/api/v4.
const API = "https://gitlab.com/api/v4"

// mostFiles is how many files of a comparison are told at most, unless an instance is configured to tell more.
const mostFiles = 1000

// Repository is a project of GitLab.
type Repository struct {
	API, Name string // Name is the full path of the project
	Client    *http.Client
}

// Between implements commits.Repository.
func (r Repository) Between(ctx context.Context, of commits.Range) (commits.Found, error) {
	alone := func(err error) (commits.Found, error) {
		return commits.AloneOr(ctx, err, func(ctx context.Context) (correlate.Commit, error) { return r.one(ctx, of.Head) })
	}
	parted, err := r.mergeBase(ctx, of)
	if commits.Gone(err) || err == nil && parted == "" {
		return alone(err)
	}
	if err != nil {
		return commits.Found{}, err
	}
	c, err := r.compare(ctx, of)
	if commits.Gone(err) {
		return alone(err)
	}
	if err != nil {
		return commits.Found{}, err
	}
	found := commits.Found{Size: c.size(of, parted)}
	listed, whole := c.listed(), true
	if len(of.Paths) > 0 && len(listed) > 0 {
		var touching map[string]bool
		if touching, whole, err = r.touching(ctx, of); err != nil {
			return commits.Found{}, err
		}
		listed = commits.Keep(listed, touching)
	}
	found.Size.Commits, found.Commits = len(listed), commits.Newest(listed)
	if !whole || len(found.Commits) < len(listed) {
		found.Size.Caveats = append(found.Size.Caveats, correlate.CaveatCommitsCut)
	}
	return found, nil
}

// comparison is the API's answer.
type comparison struct {
	Commits  []commit `json:"commits"`
	Diffs    []diff   `json:"diffs"`
	TimedOut bool     `json:"compare_timeout"`
}

type commit struct {
	ID          string    `json:"id"`
	AuthoredAt  time.Time `json:"authored_date"`
	CommittedAt time.Time `json:"committed_date"`
}

type diff struct {
	Before    string `json:"old_path"`
	After     string `json:"new_path"`
	Text      string `json:"diff"`
	Collapsed bool   `json:"collapsed"`
	TooLarge  bool   `json:"too_large"`
}

func (c comparison) listed() []commits.Listed {
	var all []commits.Listed
	for _, one := range c.Commits {
		all = append(all, commits.Listed{Commit: correlate.Commit{SHA: one.ID, AuthoredAt: one.AuthoredAt}, CommittedAt: one.CommittedAt})
	}
	return all
}

// size is what is told of files and lines, and of where the range begins.
func (c comparison) size(of commits.Range, parted string) correlate.Size {
	s := correlate.Size{Since: parted}
	switch {
	case commits.SameCommit(parted, of.Base):
	case commits.SameCommit(parted, of.Head): // it goes back
		s.Since = of.Base
	default:
		s.Caveats = append(s.Caveats, correlate.CaveatRewritten)
	}
	cut := c.TimedOut || len(c.Diffs) >= mostFiles
	for _, d := range c.Diffs {
		if !of.Touches(d.After) && !of.Touches(d.Before) {
			continue
		}
		added, removed := d.lines()
		s.Files, s.Added, s.Removed = s.Files+1, s.Added+added, s.Removed+removed
		cut = cut || d.Collapsed || d.TooLarge
	}
	if cut {
		s.Caveats = append(s.Caveats, correlate.CaveatLinesCut)
	}
	return s
}

// lines counts those that were added and removed. What comes before the first hunk names the files.
func (d diff) lines() (added, removed int) {
	hunk := false
	for line := range strings.Lines(d.Text) {
		switch {
		case strings.HasPrefix(line, "@@"):
			hunk = true
		case hunk && line[0] == '+':
			added++
		case hunk && line[0] == '-':
			removed++
		}
	}
	return added, removed
}

func (r Repository) compare(ctx context.Context, of commits.Range) (c comparison, err error) {
	return c, r.get(ctx, "/compare?"+url.Values{"from": {of.Base}, "to": {of.Head}}.Encode(), &c)
}

// mergeBase is where two histories parted, "" when they have nothing in common.
func (r Repository) mergeBase(ctx context.Context, of commits.Range) (string, error) {
	var c commit
	err := r.get(ctx, "/merge_base?"+url.Values{"refs[]": {of.Base, of.Head}}.Encode(), &c)
	return c.ID, err
}

// one is a single commit.
func (r Repository) one(ctx context.Context, sha string) (correlate.Commit, error) {
	var c commit
	err := r.get(ctx, "/commits/"+sha+"?stats=false", &c)
	return correlate.Commit{SHA: c.ID, AuthoredAt: c.AuthoredAt}, err
}

// touching are the hashes of the commits of a range that touch one of the paths. All is false when there are more than are
// read.
func (r Repository) touching(ctx context.Context, of commits.Range) (hashes map[string]bool, all bool, err error) {
	hashes, all = map[string]bool{}, true
	for _, path := range of.Paths {
		query := url.Values{"ref_name": {of.Base + ".." + of.Head}, "path": {strings.TrimSuffix(path, "/")}, "per_page": {"100"}}
		whole, err := commits.Pages(ctx, r.Client, r.address("/commits?"+query.Encode()), header(), func(body []byte) (bool, error) {
			var page []commit
			if err := json.Unmarshal(body, &page); err != nil {
				return false, unreadable(err)
			}
			for _, c := range page {
				hashes[c.ID] = true
			}
			return len(page) > 0, nil
		})
		if err != nil {
			return nil, false, err
		}
		all = all && whole
	}
	return hashes, all, nil
}

func (r Repository) address(path string) string {
	return r.API + "/projects/" + url.PathEscape(r.Name) + "/repository" + path
}

func (r Repository) get(ctx context.Context, path string, into any) error {
	answer, err := source.Fetch(ctx, r.Client, r.address(path), header())
	if err != nil {
		return err
	}
	if err := json.Unmarshal(answer.Body, into); err != nil {
		return unreadable(err)
	}
	return nil
}

func unreadable(err error) error { return fmt.Errorf("GitLab answered what can't be read: %w", err) }

func header() http.Header { return http.Header{"Accept": {"application/json"}} }

// Package github answers: which commits lie between two, by the API of GitHub?
//
// It reads GET /repos/{owner}/{repository}/compare/{base}...{head}, which tells the commits in pages of 100, the oldest first,
// and on the first page at most 300 files with their lines. Of long ranges the first page and the last ones are read. Which of
// the commits touch a service's paths, the list of commits tells (GET …/commits?sha=…&path=…). Where the API doesn't know the
// base any more, it is asked for the head alone. docs.github.com/rest/commits/commits has the documentation.
package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/shipwake/shipwake/collector/commits"
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// API is where GitHub answers; GitHub Enterprise Server does at https://HOST/api/v3.
const API = "https://api.github.com"

const (
	perPage = 100
	// mostFiles is how many files a comparison tells at most.
	mostFiles = 300
)

// Repository is one of GitHub.
type Repository struct {
	API, Name string // Name is owner/name
	Client    *http.Client
}

// Between implements commits.Repository.
func (r Repository) Between(ctx context.Context, of commits.Range) (commits.Found, error) {
	first, err := r.compare(ctx, of, 1)
	if commits.Gone(err) {
		return commits.AloneOr(ctx, err, func(ctx context.Context) (correlate.Commit, error) { return r.one(ctx, of.Head) })
	}
	if err != nil {
		return commits.Found{}, err
	}
	listed, err := r.listed(ctx, of, first)
	if err != nil {
		return commits.Found{}, err
	}
	found := commits.Found{Size: first.size(of)}
	whole := len(listed) >= first.Total
	found.Size.Commits = max(first.Total, len(listed))
	if len(of.Paths) > 0 && len(listed) > 0 {
		touching, all, err := r.touching(ctx, of, commits.Earliest(listed))
		if err != nil {
			return commits.Found{}, err
		}
		listed = commits.Keep(listed, touching)
		found.Size.Commits, whole = len(listed), whole && all
	}
	found.Commits = commits.Newest(listed)
	if !whole {
		found.Size.Caveats = append(found.Size.Caveats, correlate.CaveatCommitsCut)
	}
	return found, nil
}

// comparison is a page of the API's answer.
type comparison struct {
	Status    string `json:"status"`
	Total     int    `json:"total_commits"`
	MergeBase struct {
		SHA string `json:"sha"`
	} `json:"merge_base_commit"`
	Commits []commit `json:"commits"`
	Files   []struct {
		Name    string `json:"filename"`
		Before  string `json:"previous_filename"`
		Added   int    `json:"additions"`
		Removed int    `json:"deletions"`
	} `json:"files"`
}

type commit struct {
	SHA    string `json:"sha"`
	Commit struct {
		Author    dated `json:"author"`
		Committer dated `json:"committer"`
	} `json:"commit"`
}

type dated struct {
	Date time.Time `json:"date"`
}

func (c commit) listed() commits.Listed {
	return commits.Listed{
		Commit:      correlate.Commit{SHA: c.SHA, AuthoredAt: c.Commit.Author.Date},
		CommittedAt: c.Commit.Committer.Date,
	}
}

// size is what the first page tells of files and lines, and of where the range begins.
func (c comparison) size(of commits.Range) correlate.Size {
	s := correlate.Size{Since: c.MergeBase.SHA}
	switch c.Status {
	case "diverged":
		s.Caveats = append(s.Caveats, correlate.CaveatRewritten)
	case "behind", "identical":
		s.Since = of.Base
	}
	for _, f := range c.Files {
		if of.Touches(f.Name) || f.Before != "" && of.Touches(f.Before) {
			s.Files, s.Added, s.Removed = s.Files+1, s.Added+f.Added, s.Removed+f.Removed
		}
	}
	if len(c.Files) >= mostFiles {
		s.Caveats = append(s.Caveats, correlate.CaveatLinesCut)
	}
	return s
}

// listed are the commits of a range, the oldest first: all of them, or the newest.
func (r Repository) listed(ctx context.Context, of commits.Range, first comparison) (all []commits.Listed, err error) {
	pages := (first.Total + perPage - 1) / perPage
	from := max(2, pages-commits.Most/perPage+1)
	seen := map[string]bool{} // an old server that knows no pages answers with the same one again
	take := func(page []commit) {
		for _, c := range page {
			if !seen[c.SHA] {
				seen[c.SHA] = true
				all = append(all, c.listed())
			}
		}
	}
	if from == 2 {
		take(first.Commits)
	}
	for n := from; n <= pages; n++ {
		page, err := r.compare(ctx, of, n)
		if err != nil {
			return nil, err
		}
		take(page.Commits)
	}
	return all, nil
}

func (r Repository) compare(ctx context.Context, of commits.Range, page int) (c comparison, err error) {
	path := fmt.Sprintf("/compare/%s...%s?per_page=%d&page=%d", of.Base, of.Head, perPage, page)
	return c, r.get(ctx, path, &c)
}

// one is a single commit.
func (r Repository) one(ctx context.Context, sha string) (correlate.Commit, error) {
	var c commit
	err := r.get(ctx, "/commits/"+sha+"?per_page=1", &c)
	return c.listed().Commit, err
}

// touching are the hashes of the commits up to the head, since a time, that touch one of the paths. All is false when there
// are more than are read.
func (r Repository) touching(ctx context.Context, of commits.Range, since time.Time) (hashes map[string]bool, all bool, err error) {
	hashes, all = map[string]bool{}, true
	for _, path := range of.Paths {
		query := url.Values{"sha": {of.Head}, "path": {strings.TrimSuffix(path, "/")}, "per_page": {strconv.Itoa(perPage)}}
		if !since.IsZero() {
			query.Set("since", since.UTC().Format(time.RFC3339))
		}
		whole, err := commits.Pages(ctx, r.Client, r.address("/commits?"+query.Encode()), header(), func(body []byte) (bool, error) {
			var page []commit
			if err := json.Unmarshal(body, &page); err != nil {
				return false, unreadable(err)
			}
			for _, c := range page {
				hashes[c.SHA] = true
			}
			return len(page) > 0, nil
		})
		if err != nil {
			return nil, false, busy(err)
		}
		all = all && whole
	}
	return hashes, all, nil
}

func (r Repository) address(path string) string { return r.API + "/repos/" + r.Name + path }

func (r Repository) get(ctx context.Context, path string, into any) error {
	answer, err := source.Fetch(ctx, r.Client, r.address(path), header())
	if err != nil {
		return busy(err)
	}
	if err := json.Unmarshal(answer.Body, into); err != nil {
		return unreadable(err)
	}
	return nil
}

func unreadable(err error) error { return fmt.Errorf("GitHub answered what can't be read: %w", err) }

func header() http.Header {
	return http.Header{"Accept": {"application/vnd.github+json"}, "X-Github-Api-Version": {"2022-11-28"}}
}

// busy reads how GitHub says that somebody asks too much at once: 403 with words, and often nothing else.
func busy(err error) error {
	var status *source.StatusError
	if errors.As(err, &status) && status.Code == http.StatusForbidden &&
		(strings.Contains(status.Reason, "rate limit") || strings.Contains(status.Reason, "abuse detection")) {
		return &source.BusyError{Wait: time.Minute, Why: "a rate limit of GitHub"}
	}
	return err
}

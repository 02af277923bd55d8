package github_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/commits"
	"github.com/shipwake/shipwake/collector/commits/github"
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func sha(n int) string { return fmt.Sprintf("%040x", n) }

// commit is the nth, authored n minutes after noon.
func commit(n int) correlate.Commit {
	return correlate.Commit{SHA: sha(n), AuthoredAt: noon.Add(time.Duration(n) * time.Minute)}
}

type object = map[string]any

// fake is octo/shop, whose commits are numbered and follow one another, as the API shows it.
type fake struct {
	t        *testing.T
	status   string // "" for ahead
	parted   int    // the merge base, 0 for the base
	files    []object
	touching map[string][]int // commits by path
	refuse   func(w http.ResponseWriter, r *http.Request) bool
	unpaged  bool // an old server
	asked    atomic.Int32
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.asked.Add(1)
	require.Equal(f.t, "application/vnd.github+json", r.Header.Get("Accept"))
	if f.refuse != nil && f.refuse(w, r) {
		return
	}
	rest, ok := strings.CutPrefix(r.URL.Path, "/repos/octo/shop/")
	require.True(f.t, ok, r.URL.Path)
	var answer any
	switch of, found := strings.CutPrefix(rest, "compare/"); {
	case found:
		answer = f.compare(of, r.URL.Query().Get("page"))
	case rest == "commits":
		answer = f.list(w, r)
	default:
		answer = listed(number(f.t, strings.TrimPrefix(rest, "commits/")))
	}
	require.NoError(f.t, json.NewEncoder(w).Encode(answer))
}

func number(t *testing.T, hash string) int {
	n, err := strconv.ParseInt(hash, 16, 64)
	require.NoError(t, err)
	return int(n)
}

func listed(n int) object {
	return object{"sha": sha(n), "commit": object{
		"author":    object{"name": "a", "date": commit(n).AuthoredAt},
		"committer": object{"name": "a", "date": commit(n).AuthoredAt.Add(time.Hour)},
	}}
}

func (f *fake) compare(of, page string) object {
	base, head, _ := strings.Cut(of, "...")
	from, to := number(f.t, base), number(f.t, head)
	parted, status := from, "ahead"
	if f.parted > 0 {
		parted = f.parted
	}
	if f.status != "" {
		status = f.status
	}
	n, err := strconv.Atoi(page)
	require.NoError(f.t, err)
	if f.unpaged {
		n = 1
	}
	answer := object{"status": status, "total_commits": max(0, to-parted), "merge_base_commit": listed(parted)}
	var all []object
	for i := parted + 1 + 100*(n-1); i <= min(to, parted+100*n); i++ {
		all = append(all, listed(i))
	}
	answer["commits"] = all
	if n == 1 {
		answer["files"] = f.files
	}
	return answer
}

// list is in pages of one.
func (f *fake) list(w http.ResponseWriter, r *http.Request) []object {
	query := r.URL.Query()
	require.Equal(f.t, noon.Add(-23*time.Hour+2*time.Minute).Format(time.RFC3339), query.Get("since"), "a day before the oldest was committed")
	all := f.touching[query.Get("path")]
	page, _ := strconv.Atoi(query.Get("page"))
	if page+1 < len(all) {
		query.Set("page", strconv.Itoa(page+1))
		w.Header().Set("Link", fmt.Sprintf(`<%s?%s>; rel="next"`, r.URL.Path, query.Encode()))
	}
	if len(all) == 0 {
		return nil
	}
	return []object{listed(all[page])}
}

func (f *fake) open(t *testing.T) github.Repository {
	f.t = t
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return github.Repository{API: server.URL, Name: "octo/shop", Client: server.Client()}
}

func file(name string, added, removed int) object {
	return object{"filename": name, "status": "modified", "additions": added, "deletions": removed, "changes": added + removed}
}

func all(from, to int) (commits []correlate.Commit) {
	for n := from; n <= to; n++ {
		commits = append(commits, commit(n))
	}
	return commits
}

func TestWhatADeploymentBrings(t *testing.T) {
	files := []object{file("services/checkout/a.go", 3, 1), file("lib/b.go", 10, 0), {"filename": "docs/a.go", "previous_filename": "services/checkout/old.go", "additions": 2, "deletions": 2}}
	for name, c := range map[string]struct {
		*fake
		of     commits.Range
		want   commits.Found
		asking int32
	}{
		"what was committed since": {
			&fake{files: files}, commits.Range{Base: sha(1), Head: sha(3)},
			commits.Found{Commits: all(2, 3), Size: correlate.Size{Commits: 2, Files: 3, Added: 15, Removed: 3, Since: sha(1)}}, 1,
		},
		"in pages": {
			&fake{files: files[:1]}, commits.Range{Base: sha(1), Head: sha(252)},
			commits.Found{Commits: all(2, 252), Size: correlate.Size{Commits: 251, Files: 1, Added: 3, Removed: 1, Since: sha(1)}}, 3,
		},
		"more than are listed: the newest": {
			&fake{}, commits.Range{Base: sha(1), Head: sha(2351)},
			commits.Found{Commits: all(1402, 2351), Size: correlate.Size{Commits: 2350, Since: sha(1), Caveats: []correlate.Caveat{correlate.CaveatCommitsCut}}}, 11,
		},
		"an old server without pages": {
			&fake{unpaged: true}, commits.Range{Base: sha(1), Head: sha(252)},
			commits.Found{Commits: all(2, 101), Size: correlate.Size{Commits: 251, Since: sha(1), Caveats: []correlate.Caveat{correlate.CaveatCommitsCut}}}, 3,
		},
		"as many files as are told at most": {
			&fake{files: slices.Repeat(files[:1], 300)}, commits.Range{Base: sha(1), Head: sha(2)},
			commits.Found{Commits: all(2, 2), Size: correlate.Size{Commits: 1, Files: 300, Added: 900, Removed: 300, Since: sha(1), Caveats: []correlate.Caveat{correlate.CaveatLinesCut}}}, 1,
		},
		"a force-push: from where the histories parted": {
			&fake{status: "diverged", parted: 2}, commits.Range{Base: sha(9), Head: sha(4)},
			commits.Found{Commits: all(3, 4), Size: correlate.Size{Commits: 2, Since: sha(2), Caveats: []correlate.Caveat{correlate.CaveatRewritten}}}, 1,
		},
		"going back": {
			&fake{status: "behind", parted: 2}, commits.Range{Base: sha(9), Head: sha(2)}, commits.Found{Size: correlate.Size{Since: sha(9)}}, 1,
		},
		"a service of a monorepo": {
			&fake{files: files, touching: map[string][]int{"services/checkout": {5, 3, 1}, "lib": {3}}},
			commits.Range{Base: sha(1), Head: sha(5), Paths: []string{"services/checkout/", "lib"}},
			commits.Found{Commits: []correlate.Commit{commit(3), commit(5)}, Size: correlate.Size{Commits: 2, Files: 3, Added: 15, Removed: 3, Since: sha(1)}}, 5,
		},
		"a service that nothing touches": {
			&fake{files: files[1:2]}, commits.Range{Base: sha(1), Head: sha(5), Paths: []string{"web"}}, commits.Found{Size: correlate.Size{Since: sha(1)}}, 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.open(t).Between(t.Context(), c.of)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
			require.Equal(t, c.asking, c.asked.Load(), "requests")
		})
	}
}

// refusing answers requests whose path has a part in it.
func refusing(part string, status int, header http.Header, body string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, part) {
			return false
		}
		for name := range header {
			w.Header().Set(name, header.Get(name))
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
		return true
	}
}

func TestABaseThatIsGone(t *testing.T) {
	f := &fake{refuse: refusing("/compare/", 404, nil, `{"message":"Not Found"}`)}
	got, err := f.open(t).Between(t.Context(), commits.Range{Base: sha(1), Head: sha(3)})
	require.NoError(t, err)
	require.Equal(t, commits.Alone(commit(3)), got, "only the head is known")
}

func TestWhenItCannotBeTold(t *testing.T) {
	date := http.Header{"Date": {noon.Format(http.TimeFormat)}}
	limited := date.Clone()
	limited.Set("X-Ratelimit-Remaining", "0")
	limited.Set("X-Ratelimit-Reset", strconv.FormatInt(noon.Add(10*time.Minute).Unix(), 10))
	again := http.Header{"Retry-After": {"30"}}
	for name, c := range map[string]struct {
		refuse  func(http.ResponseWriter, *http.Request) bool
		unknown bool
		busy    time.Duration
		says    string
	}{
		"no such commit, or repository":    {refusing("/repos/", 404, nil, "{}"), true, 0, "404 Not Found; does it exist, and may the secret read it?"},
		"a hash that isn't a commit":       {refusing("/repos/", 422, nil, "{}"), true, 0, "there is no such commit"},
		"an empty repository":              {refusing("/repos/", 409, nil, "{}"), true, 0, "there is no such commit"},
		"the token may not":                {refusing("/repos/", 403, nil, `{"message":"Resource not accessible"}`), true, 0, "403 Forbidden"},
		"a token that isn't valid":         {refusing("/repos/", 401, nil, "{}"), false, 0, "is the secret valid?"},
		"the limit is used up":             {refusing("/repos/", 403, limited, "{}"), false, 10*time.Minute + time.Second, "the rate limit is used up"},
		"a secondary limit":                {refusing("/repos/", 403, again, `{"message":"You have exceeded a secondary rate limit"}`), false, 30 * time.Second, "Retry-After"},
		"a secondary limit without a time": {refusing("/repos/", 403, nil, `{"message":"You have exceeded a secondary rate limit"}`), false, time.Minute, "a rate limit of GitHub"},
		"too many requests":                {refusing("/repos/", 429, nil, "{}"), false, time.Minute, "too many requests"},
		"unavailable for a while":          {refusing("/repos/", 503, again, "{}"), false, 30 * time.Second, "Retry-After"},
		"broken":                           {refusing("/repos/", 502, nil, "<html>"), false, 0, "502 Bad Gateway"},
		"an answer that breaks off":        {refusing("/repos/", 200, nil, `{"status":"ahead","commits":[`), false, 0, "GitHub answered what can't be read"},
		"a page that breaks off": {func(w http.ResponseWriter, r *http.Request) bool {
			return r.URL.Query().Get("page") == "2" && refusing("", 500, nil, "")(w, r)
		}, false, 0, "500"},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{refuse: c.refuse}
			_, err := f.open(t).Between(t.Context(), commits.Range{Base: sha(1), Head: sha(152)})
			require.ErrorContains(t, err, c.says)
			if c.unknown {
				require.ErrorIs(t, err, commits.ErrUnknown)
			} else {
				require.NotErrorIs(t, err, commits.ErrUnknown)
			}
			var busy *source.BusyError
			if c.busy > 0 {
				require.ErrorAs(t, err, &busy)
				require.Equal(t, c.busy, busy.Wait)
			} else {
				require.NotErrorAs(t, err, &busy)
			}
		})
	}
}

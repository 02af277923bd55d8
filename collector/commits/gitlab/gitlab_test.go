package gitlab_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/commits"
	"github.com/shipwake/shipwake/collector/commits/gitlab"
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func sha(n int) string { return fmt.Sprintf("%040x", n) }

// commit is the nth, authored n minutes after noon.
func commit(n int) correlate.Commit {
	return correlate.Commit{SHA: sha(n), AuthoredAt: noon.Add(time.Duration(n) * time.Minute)}
}

func all(from, to int) (commits []correlate.Commit) {
	for n := from; n <= to; n++ {
		commits = append(commits, commit(n))
	}
	return commits
}

type object = map[string]any

// fake is the project acme/shop, whose commits are numbered and follow one another, as the API shows it.
type fake struct {
	t        *testing.T
	parted   int // the merge base: 0 for the base, less for none
	diffs    []object
	timedOut bool
	touching map[string][]int // commits by path
	refuse   func(w http.ResponseWriter, r *http.Request) bool
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.refuse != nil && f.refuse(w, r) {
		return
	}
	rest, ok := strings.CutPrefix(r.URL.EscapedPath(), "/projects/acme%2Fshop/repository/")
	require.True(f.t, ok, r.URL.EscapedPath())
	query := r.URL.Query()
	var answer any
	switch rest {
	case "merge_base":
		answer = f.mergeBase(query["refs[]"])
	case "compare":
		answer = f.compare(query.Get("from"), query.Get("to"))
	case "commits":
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

// listed has the times with the offset of their author.
func listed(n int) object {
	at := commit(n).AuthoredAt.In(time.FixedZone("", 3600))
	return object{"id": sha(n), "short_id": sha(n)[:8], "authored_date": at, "committed_date": at.Add(time.Hour), "created_at": at.Add(time.Hour)}
}

func (f *fake) from(base string) int {
	if f.parted > 0 {
		return f.parted
	}
	return number(f.t, base)
}

func (f *fake) mergeBase(refs []string) object {
	require.Len(f.t, refs, 2)
	if f.parted < 0 {
		return nil
	}
	return listed(f.from(refs[0]))
}

func (f *fake) compare(base, head string) object {
	var all []object
	for n := f.from(base) + 1; n <= number(f.t, head); n++ {
		all = append(all, listed(n))
	}
	return object{"commits": all, "diffs": f.diffs, "compare_timeout": f.timedOut, "compare_same_ref": false}
}

// list is in pages of one.
func (f *fake) list(w http.ResponseWriter, r *http.Request) []object {
	query := r.URL.Query()
	require.Regexp(f.t, `^[0-9a-f]{40}\.\.[0-9a-f]{40}$`, query.Get("ref_name"))
	touching := f.touching[query.Get("path")]
	page, _ := strconv.Atoi(query.Get("page"))
	if page+1 < len(touching) {
		query.Set("page", strconv.Itoa(page+1))
		w.Header().Set("Link", fmt.Sprintf(`<http://%s%s?%s>; rel="next"`, r.Host, r.URL.EscapedPath(), query.Encode()))
	}
	if len(touching) == 0 {
		return nil
	}
	return []object{listed(touching[page])}
}

func (f *fake) open(t *testing.T) gitlab.Repository {
	f.t = t
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return gitlab.Repository{API: server.URL, Name: "acme/shop", Client: server.Client()}
}

// changed is a file of which two lines were taken and three put in their place; one of each looks like the head of a file.
func changed(name string) object {
	return object{"old_path": name, "new_path": name, "diff": "@@ -1,3 +1,4 @@ func a()\n one\n-two\n--- three\n+zwei\n++++ drei\n+vier\n"}
}

func TestWhatADeploymentBrings(t *testing.T) {
	headed := object{"old_path": "lib/old.go", "new_path": "lib/b.go", "renamed_file": true, "diff": "--- a/lib/old.go\n+++ b/lib/b.go\n@@ -1 +1 @@\n-x\n+y\n"}
	hidden := object{"old_path": "big.json", "new_path": "big.json", "diff": "", "too_large": true}
	diffs := []object{changed("services/checkout/a.go"), headed}
	for name, c := range map[string]struct {
		fake *fake
		of   commits.Range
		want commits.Found
	}{
		"what was committed since": {
			&fake{diffs: diffs}, commits.Range{Base: sha(1), Head: sha(3)},
			commits.Found{Commits: all(2, 3), Size: correlate.Size{Commits: 2, Files: 2, Added: 4, Removed: 3, Since: sha(1)}},
		},
		"more than are listed: the newest": {
			&fake{}, commits.Range{Base: sha(1), Head: sha(1501)},
			commits.Found{Commits: all(502, 1501), Size: correlate.Size{Commits: 1500, Since: sha(1), Caveats: []correlate.Caveat{correlate.CaveatCommitsCut}}},
		},
		"a file that is too large to be told": {
			&fake{diffs: []object{hidden}}, commits.Range{Base: sha(1), Head: sha(2)},
			commits.Found{Commits: all(2, 2), Size: correlate.Size{Commits: 1, Files: 1, Since: sha(1), Caveats: []correlate.Caveat{correlate.CaveatLinesCut}}},
		},
		"as many files as are told at most": {
			&fake{diffs: slices.Repeat(diffs[:1], 1000)}, commits.Range{Base: sha(1), Head: sha(2)},
			commits.Found{Commits: all(2, 2), Size: correlate.Size{Commits: 1, Files: 1000, Added: 3000, Removed: 2000, Since: sha(1), Caveats: []correlate.Caveat{correlate.CaveatLinesCut}}},
		},
		"a comparison that took too long": {
			&fake{timedOut: true}, commits.Range{Base: sha(1), Head: sha(2)},
			commits.Found{Commits: all(2, 2), Size: correlate.Size{Commits: 1, Since: sha(1), Caveats: []correlate.Caveat{correlate.CaveatLinesCut}}},
		},
		"a force-push: from where the histories parted": {
			&fake{parted: 2}, commits.Range{Base: sha(9), Head: sha(4)},
			commits.Found{Commits: all(3, 4), Size: correlate.Size{Commits: 2, Since: sha(2), Caveats: []correlate.Caveat{correlate.CaveatRewritten}}},
		},
		"histories with nothing in common": {&fake{parted: -1}, commits.Range{Base: sha(9), Head: sha(4)}, commits.Alone(commit(4))},
		"going back":                       {&fake{parted: 2}, commits.Range{Base: sha(9), Head: sha(2)}, commits.Found{Size: correlate.Size{Since: sha(9)}}},
		"a service of a monorepo": {
			&fake{diffs: append(diffs, hidden), touching: map[string][]int{"services/checkout": {5, 3}, "lib": {3}}},
			commits.Range{Base: sha(1), Head: sha(5), Paths: []string{"services/checkout/", "lib"}},
			commits.Found{Commits: []correlate.Commit{commit(3), commit(5)}, Size: correlate.Size{Commits: 2, Files: 2, Added: 4, Removed: 3, Since: sha(1)}},
		},
		"a service that nothing touches": {
			&fake{diffs: diffs}, commits.Range{Base: sha(1), Head: sha(5), Paths: []string{"web"}}, commits.Found{Size: correlate.Size{Since: sha(1)}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.fake.open(t).Between(t.Context(), c.of)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
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
	for _, where := range []string{"/merge_base", "/compare"} {
		f := &fake{refuse: refusing(where, 404, nil, `{"message":"404 Ref Not Found"}`)}
		got, err := f.open(t).Between(t.Context(), commits.Range{Base: sha(1), Head: sha(3)})
		require.NoError(t, err)
		require.Equal(t, commits.Alone(commit(3)), got, "only the head is known")
	}
}

func TestWhenItCannotBeTold(t *testing.T) {
	limited := http.Header{"Date": {noon.Format(http.TimeFormat)}, "Ratelimit-Remaining": {"0"}, "Ratelimit-Reset": {strconv.FormatInt(noon.Add(time.Minute).Unix(), 10)}}
	for name, c := range map[string]struct {
		refuse  func(http.ResponseWriter, *http.Request) bool
		unknown bool
		busy    time.Duration
		says    string
	}{
		"no such commit, or project": {refusing("/", 404, nil, `{"message":"404 Project Not Found"}`), true, 0, "404 Not Found; does it exist, and may the secret read it?"},
		"the token may not":          {refusing("/", 403, nil, "{}"), true, 0, "403 Forbidden"},
		"a token that isn't valid":   {refusing("/", 401, nil, "{}"), false, 0, "is the secret valid?"},
		"the limit is used up":       {refusing("/", 429, limited, "{}"), false, time.Minute + time.Second, "the rate limit is used up"},
		"asked for patience":         {refusing("/compare", 429, http.Header{"Retry-After": {"42"}}, "Retry later"), false, 42 * time.Second, "Retry-After"},
		"broken":                     {refusing("/compare", 500, nil, "{}"), false, 0, "500 Internal Server Error"},
		"an answer that breaks off":  {refusing("/compare", 200, nil, `{"commits":[`), false, 0, "GitLab answered what can't be read"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := (&fake{refuse: c.refuse}).open(t).Between(t.Context(), commits.Range{Base: sha(1), Head: sha(2)})
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

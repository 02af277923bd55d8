package git_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/commits"
	"github.com/shipwake/shipwake/collector/commits/git"
	"github.com/shipwake/shipwake/collector/commits/git/gittest"
	"github.com/shipwake/shipwake/correlate"
)

func between(t *testing.T, dir string, of commits.Range) commits.Found {
	t.Helper()
	r, err := git.Open(t.Context(), dir)
	require.NoError(t, err)
	found, err := r.Between(t.Context(), of)
	require.NoError(t, err)
	return found
}

// from is a range of two commits.
func from(base, head correlate.Commit) commits.Range {
	return commits.Range{Base: base.SHA, Head: head.SHA}
}

func TestADeploymentBringsWhatWasCommittedSince(t *testing.T) {
	r := gittest.New(t)
	base := r.Commit("a.go", "1", "2", "3")
	second := r.Commit("a.go", "1", "2", "three", "4")
	third := r.Commit("b.go", "x")
	want := commits.Found{
		Commits: []correlate.Commit{second, third}, Size: correlate.Size{Commits: 2, Files: 2, Added: 3, Removed: 1, Since: base.SHA},
	}
	require.Equal(t, want, between(t, r.Dir, from(base, third)))
	require.Equal(t, want, between(t, r.Dir, commits.Range{Base: base.SHA[:8], Head: third.SHA[:9]}), "abbreviated")
	require.Equal(t, commits.Nothing(third.SHA), between(t, r.Dir, from(third, third)), "a redeployment brings nothing")
	require.Equal(t, commits.Found{Size: correlate.Size{Files: 2, Added: 1, Removed: 3, Since: third.SHA}}, between(t, r.Dir, from(third, base)),
		"going back brings no commit, but the lines")
}

func TestARevertIsACommitOfItsOwn(t *testing.T) {
	r := gittest.New(t)
	base := r.Commit("a.go", "1")
	bad := r.Commit("a.go", "1", "2")
	revert := r.Make("revert", "--no-edit", bad.SHA)
	require.Equal(t, commits.Found{
		Commits: []correlate.Commit{bad, revert}, Size: correlate.Size{Commits: 2, Since: base.SHA},
	}, between(t, r.Dir, from(base, revert)), "two commits that leave no line behind")
}

func TestAForcePushIsCountedFromWhereTheHistoriesParted(t *testing.T) {
	r := gittest.New(t)
	common := r.Commit("a.go", "1")
	gone := r.Commit("a.go", "1", "2")
	r.Git("reset", "--hard", "--quiet", common.SHA)
	instead := r.Commit("a.go", "1", "two")
	require.Equal(t, commits.Found{
		Commits: []correlate.Commit{instead},
		Size:    correlate.Size{Commits: 1, Files: 1, Added: 1, Since: common.SHA, Caveats: []correlate.Caveat{correlate.CaveatRewritten}},
	}, between(t, r.Dir, from(gone, instead)))

	r.Git("reflog", "expire", "--expire=now", "--all")
	r.Git("gc", "--quiet", "--prune=now")
	require.Equal(t, commits.Alone(instead), between(t, r.Dir, from(gone, instead)), "nobody knows it any more")

	r.Git("checkout", "--quiet", "--orphan", "anew")
	unrelated := r.Commit("a.go", "1")
	require.Equal(t, commits.Alone(unrelated), between(t, r.Dir, from(instead, unrelated)), "the two have nothing in common")
}

func TestASquashHasTheTimeAtWhichItWasMade(t *testing.T) {
	r := gittest.New(t)
	base := r.Commit("a.go", "1")
	r.Git("checkout", "--quiet", "-b", "feature")
	r.Commit("a.go", "1", "2")
	r.Commit("a.go", "1", "2", "3")
	r.Git("checkout", "--quiet", "main")
	r.Git("merge", "--quiet", "--squash", "feature")
	squash := r.Make("commit", "--quiet", "--message", "the feature")
	require.Equal(t, []correlate.Commit{squash}, between(t, r.Dir, from(base, squash)).Commits)

	r.Git("reset", "--hard", "--quiet", base.SHA)
	merge := r.Make("merge", "--quiet", "--no-ff", "--message", "merge", "feature")
	require.Len(t, between(t, r.Dir, from(base, merge)).Commits, 3, "a merge brings those of the branch, and itself")
}

func TestAShallowCloneSaysSo(t *testing.T) {
	r := gittest.New(t)
	var all []correlate.Commit
	for i := range 6 {
		all = append(all, r.Commit("a.go", fmt.Sprint(i)))
	}
	clone := filepath.Join(t.TempDir(), "clone")
	r.Git("clone", "--quiet", "--depth=3", "file://"+r.Dir, clone)
	require.Empty(t, between(t, clone, from(all[4], all[5])).Size.Caveats, "what is asked for is there")
	require.Equal(t, commits.Alone(all[5], correlate.CaveatShallow), between(t, clone, from(all[0], all[5])), "the base isn't")

	r.Git("checkout", "--quiet", "-b", "long", all[0].SHA)
	r.Commit("b.go", "x")
	r.Commit("b.go", "x", "y")
	r.Git("checkout", "--quiet", "main")
	merge := r.Make("merge", "--quiet", "--no-ff", "--message", "merge", "long")
	clone = filepath.Join(t.TempDir(), "another")
	r.Git("clone", "--quiet", "--depth=2", "file://"+r.Dir, clone)
	require.Equal(t, []correlate.Caveat{correlate.CaveatShallow}, between(t, clone, from(all[5], merge)).Size.Caveats,
		"of a branch that began before the clone does, one is missing")
	require.Len(t, between(t, r.Dir, from(all[5], merge)).Commits, 3)
}

func TestAServiceOfAMonorepoBringsWhatTouchesIt(t *testing.T) {
	r := gittest.New(t)
	base := r.Commit("services/checkout/a.go", "1")
	r.Commit("services/checkout-web/a.go", "1")
	own := r.Commit("services/checkout/a.go", "1", "2")
	shared := r.Commit("lib/[x].go", "1", "2", "3")
	head := r.Commit("lib/x.go", "1")
	of := from(base, head)
	of.Paths = []string{"services/checkout/", "lib/[x].go"}
	require.Equal(t, commits.Found{
		Commits: []correlate.Commit{own, shared}, Size: correlate.Size{Commits: 2, Files: 2, Added: 4, Since: base.SHA},
	}, between(t, r.Dir, of))
	require.Equal(t, between(t, r.Dir, of), between(t, filepath.Join(r.Dir, "services", "checkout"), of), "paths begin at the root, wherever one stands")
}

func TestWithoutBlobsNoLinesAreTold(t *testing.T) {
	r := gittest.New(t)
	base := r.Commit("a.go", "1")
	head := r.Commit("a.go", "1", "2")
	blob := r.Git("rev-parse", base.SHA+":a.go")
	require.NoError(t, os.Remove(filepath.Join(r.Dir, ".git", "objects", blob[:2], blob[2:])))
	require.Equal(t, commits.Found{
		Commits: []correlate.Commit{head}, Size: correlate.Size{Commits: 1, Since: base.SHA, Caveats: []correlate.Caveat{correlate.CaveatLinesCut}},
	}, between(t, r.Dir, from(base, head)))
}

func TestALongRangeIsCut(t *testing.T) {
	r := gittest.New(t)
	r.Commit("a.go", "1")
	const n = commits.Most + 5
	base, head := r.Linear(n)
	found := between(t, r.Dir, commits.Range{Base: base, Head: head})
	require.Equal(t, n, found.Size.Commits)
	require.Equal(t, []correlate.Caveat{correlate.CaveatCommitsCut}, found.Size.Caveats)
	require.Len(t, found.Commits, commits.Most)
	require.Equal(t, gittest.Noon.Add(5*time.Second), found.Commits[0].AuthoredAt, "the newest are listed, the oldest of them first")
}

func TestWhatIsNoRepositoryOrNoCommit(t *testing.T) {
	r := gittest.New(t)
	base := r.Commit("a.go", "1")
	opened, err := git.Open(t.Context(), r.Dir)
	require.NoError(t, err)
	for name, head := range map[string]string{"a hash of nothing": strings.Repeat("ab", 20), "an option": "--output=x", "no name": ""} {
		t.Run(name, func(t *testing.T) {
			_, err := opened.Between(t.Context(), commits.Range{Base: base.SHA, Head: head})
			require.ErrorIs(t, err, commits.ErrUnknown)
		})
	}
	_, err = git.Open(t.Context(), t.TempDir())
	require.ErrorContains(t, err, "not a git repository")
	over, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = opened.Between(over, from(base, base))
	require.ErrorIs(t, err, context.Canceled)
	sha, err := opened.Commit(t.Context(), "main")
	require.NoError(t, err)
	require.Equal(t, base.SHA, sha)
}

// BenchmarkBetween asks a repository of 20,000 commits for the last 20 and the last 2,000 of them.
func BenchmarkBetween(b *testing.B) {
	r := gittest.New(b)
	r.Commit("a.go", "1")
	_, head := r.Linear(20_000)
	opened, err := git.Open(b.Context(), r.Dir)
	require.NoError(b, err)
	for _, n := range []int{20, 2000} {
		base := r.Git("rev-parse", fmt.Sprintf("%s~%d", head, n))
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				found, err := opened.Between(b.Context(), commits.Range{Base: base, Head: head})
				require.NoError(b, err)
				require.Equal(b, n, found.Size.Commits)
			}
		})
	}
}

package tell

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/commits/git/gittest"
	"github.com/shipwake/shipwake/correlate"
)

// live is a daemon that knows of deployments of commits, the newest first.
func live(commits ...string) func(context.Context, correlate.Change) ([]correlate.ChangeRecord, error) {
	return func(context.Context, correlate.Change) (all []correlate.ChangeRecord, err error) {
		for _, sha := range commits {
			all = append(all, correlate.ChangeRecord{Change: correlate.Change{
				ID: "of " + sha, Kind: correlate.KindDeployment, Status: correlate.StatusSucceeded, Commit: sha,
			}})
		}
		return all, nil
	}
}

func TestAChangeBringsWhatWasCommittedSinceTheLast(t *testing.T) {
	r := gittest.New(t)
	first := r.Commit("a.go", "1")
	second := r.Commit("b/b.go", "1")
	third := r.Commit("a.go", "1", "2")
	away := errors.New("the daemon is away")
	for name, c := range map[string]struct {
		brings Brings
		change correlate.Change
		want   correlate.Change
		said   string
		err    string
	}{
		"what is checked out, since what the daemon knows": {
			Brings{Before: live(first.SHA[:9])}, correlate.Change{},
			correlate.Change{Commit: third.SHA, Commits: []correlate.Commit{second, third}, Size: &correlate.Size{Commits: 2, Files: 2, Added: 2, Since: first.SHA}},
			"2 commits, +2 -0 in 2 files since " + first.SHA[:9], "",
		},
		"a folder of it": {
			Brings{Before: live(first.SHA), Paths: []string{"b"}}, correlate.Change{Commit: third.SHA},
			correlate.Change{Commit: third.SHA, Commits: []correlate.Commit{second}, Size: &correlate.Size{Commits: 1, Files: 1, Added: 1, Since: first.SHA}},
			"1 commit, +1 -0 in 1 file since " + first.SHA[:12], "",
		},
		"the commit of the run, since one that is named": {
			Brings{Since: "HEAD~2", Before: nil}, correlate.Change{Commit: second.SHA},
			correlate.Change{Commit: second.SHA, Commits: []correlate.Commit{second}, Size: &correlate.Size{Commits: 1, Files: 1, Added: 1, Since: first.SHA}},
			"1 commit, +1 -0 in 1 file since " + first.SHA[:12], "",
		},
		"its own report isn't what was live before": {
			Brings{Before: live(third.SHA, second.SHA)}, correlate.Change{ID: "of " + third.SHA},
			correlate.Change{ID: "of " + third.SHA, Commit: third.SHA, Commits: []correlate.Commit{third}, Size: &correlate.Size{Commits: 1, Files: 1, Added: 1, Since: second.SHA}},
			"1 commit, +1 -0 in 1 file since " + second.SHA[:12], "",
		},
		"the first deployment ever": {
			Brings{Before: live()}, correlate.Change{}, correlate.Change{Commit: third.SHA},
			"Nothing that tells a commit was live before: it brings what is told in the change itself.", "",
		},
		"a daemon that is away": {
			Brings{Before: func(context.Context, correlate.Change) ([]correlate.ChangeRecord, error) { return nil, away }}, correlate.Change{},
			correlate.Change{Commit: third.SHA}, "", "the daemon is away",
		},
		"a commit that isn't there": {
			Brings{Since: "nowhere"}, correlate.Change{}, correlate.Change{Commit: third.SHA}, "", "nowhere: there is no such commit in " + r.Dir,
		},
		"no repository": {Brings{Dir: t.TempDir()}, correlate.Change{}, correlate.Change{}, "", "not a git repository"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.brings.Dir == "" {
				c.brings.Dir = r.Dir
			}
			said, err := c.brings.Complete(t.Context(), &c.change)
			require.Equal(t, c.want, c.change)
			require.Equal(t, c.said, said)
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
		})
	}
}

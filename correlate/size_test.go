package correlate_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

func TestASizeInWords(t *testing.T) {
	for want, s := range map[string]correlate.Size{
		"0 commits":                          {},
		"1 commit":                           {Commits: 1},
		"3 commits, +120 -14 in 6 files":     {Commits: 3, Added: 120, Removed: 14, Files: 6},
		"1 commit, +0 -0 in 1 file":          {Commits: 1, Files: 1, Since: "abc"},
		"2 commits (shallow_clone)":          {Commits: 2, Caveats: []correlate.Caveat{correlate.CaveatShallow}},
		"9 commits (commits_cut, lines_cut)": {Commits: 9, Caveats: []correlate.Caveat{correlate.CaveatCommitsCut, correlate.CaveatLinesCut}},
	} {
		t.Run(want, func(t *testing.T) { require.Equal(t, want, s.String()) })
	}
}

func TestASizeIsValidated(t *testing.T) {
	for name, c := range map[string]struct {
		size *correlate.Size
		want string
	}{
		"not told":            {nil, ""},
		"every caveat":        {&correlate.Size{Caveats: correlate.Caveats()}, ""},
		"less than nothing":   {&correlate.Size{Removed: -1}, "size: commits, files_changed, lines_added and lines_removed must not be less than 0"},
		"a caveat of no name": {&correlate.Size{Caveats: []correlate.Caveat{"shallow"}}, "size: there is an unknown one among its caveats; use those of [history_rewritten"},
	} {
		t.Run(name, func(t *testing.T) {
			err := correlate.Change{ID: "c", Service: "s", StartedAt: ten, Size: c.size}.Validate()
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestTheSizeThatWasToldLastCounts(t *testing.T) {
	told := correlate.Change{ID: "c", FinishedAt: at(5), Size: &correlate.Size{Commits: 3}}
	bare := correlate.Change{ID: "c", FinishedAt: at(5)}
	require.Equal(t, 3, told.Merge(bare).Size.Commits, "who says nothing of it takes nothing back")
	require.Equal(t, 3, bare.Merge(told).Size.Commits)
	require.Equal(t, 4, told.Merge(correlate.Change{ID: "c", Size: &correlate.Size{Commits: 4}}).Size.Commits)
	text, err := json.Marshal(told)
	require.NoError(t, err)
	require.Contains(t, string(text), `"size":{"commits":3,"files_changed":0,"lines_added":0,"lines_removed":0}`)
}

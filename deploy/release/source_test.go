package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// repository is one with two commits, of which the first has a tag.
func repository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	run := func(args ...string) {
		t.Helper()
		_, err := git(t.Context(), dir, args...)
		require.NoError(t, err)
	}
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	for key, value := range map[string]string{"AUTHOR": "A", "COMMITTER": "C"} {
		t.Setenv("GIT_"+key+"_NAME", value)
		t.Setenv("GIT_"+key+"_EMAIL", value+"@example.com")
		t.Setenv("GIT_"+key+"_DATE", "2026-03-01T12:00:00Z")
	}
	run("init", "--quiet")
	for i, text := range []string{"first", "second"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), []byte(text), 0o600))
		run("add", ".")
		run("commit", "--quiet", "-m", text)
		if i == 0 {
			run("tag", "v1.2.3")
		}
	}
	return dir
}

func TestTheVersionIsThatOfTheTagOrSortsBeforeEveryRelease(t *testing.T) {
	dir := repository(t)
	head, err := sourceOf(t.Context(), dir, "HEAD", "")
	require.NoError(t, err)
	require.Equal(t, "0.0.0-dev.20260301120000.g"+head.Commit[:12], head.Version)
	_, err = git(t.Context(), dir, "checkout", "--quiet", "v1.2.3")
	require.NoError(t, err)
	tagged, err := sourceOf(t.Context(), dir, "HEAD", "")
	require.NoError(t, err)
	require.Equal(t, "1.2.3", tagged.Version)
}

// TestWhatIsNotCommittedIsNotReleased: a release can be made again of its commit.
func TestWhatIsNotCommittedIsNotReleased(t *testing.T) {
	dir := repository(t)
	source, err := sourceOf(t.Context(), dir, "HEAD", "")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), []byte("changed"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "new"), nil, 0o600))
	clone := filepath.Join(t.TempDir(), "clone")
	require.NoError(t, source.clone(t.Context(), clone))
	text, err := os.ReadFile(filepath.Join(clone, "file"))
	require.NoError(t, err)
	require.Equal(t, "second", string(text))
	require.NoFileExists(t, filepath.Join(clone, "new"))
}

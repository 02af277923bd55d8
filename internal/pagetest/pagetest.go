// Package pagetest answers: are the pages of a folder those that are made of the code?
package pagetest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Folder is a folder of pages that are made of the code, one by one.
type Folder struct {
	t       *testing.T
	dir     string
	update  bool
	written map[string]bool
}

// In is a folder. Update writes the pages instead of comparing them.
func In(t *testing.T, dir string, update bool) *Folder {
	return &Folder{t: t, dir: dir, update: update, written: map[string]bool{}}
}

// Require fails unless a page has a text, below the line that says who writes it.
func (f *Folder) Require(name, text string) {
	f.t.Helper()
	text = "<!-- Written by `make gen`. -->\n" + text
	path := filepath.Join(f.dir, name)
	f.written[name] = true
	if f.update {
		require.NoError(f.t, os.MkdirAll(f.dir, 0o755))
		require.NoError(f.t, os.WriteFile(path, []byte(text), 0o644))
	}
	have, err := os.ReadFile(path)
	require.NoError(f.t, err, "make gen writes it")
	require.Equal(f.t, text, string(have), "make gen writes it anew")
}

// Complete fails if there is a page that is neither required nor written by hand.
func (f *Folder) Complete(byHand ...string) {
	f.t.Helper()
	for _, name := range byHand {
		f.written[name] = true
	}
	entries, err := os.ReadDir(f.dir)
	require.NoError(f.t, err)
	for _, e := range entries {
		require.True(f.t, f.written[e.Name()], "%s is a page of nothing that there is", e.Name())
	}
}

// Package gittest answers: what is a repository that a test writes to?
package gittest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// Noon is when the first commit would be authored.
var Noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Repository is one in a folder of the test. Each commit is authored a minute after the one before, and committed an hour later.
type Repository struct {
	Dir string
	t   testing.TB
	n   int
}

// New makes an empty repository with the branch main. Without git the test is skipped.
func New(t testing.TB) *Repository {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git here")
	}
	r := &Repository{Dir: t.TempDir(), t: t}
	r.Git("init", "--quiet", "--initial-branch=main")
	return r
}

// Git runs a command that must succeed, and returns what it says.
func (r *Repository) Git(args ...string) string {
	r.t.Helper()
	authored := r.at()
	cmd := exec.Command("git", append([]string{"-C", r.Dir, "-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		fmt.Sprintf("GIT_AUTHOR_DATE=%d +0100", authored.Unix()), fmt.Sprintf("GIT_COMMITTER_DATE=%d +0000", authored.Add(time.Hour).Unix()))
	out, err := cmd.CombinedOutput()
	require.NoError(r.t, err, string(out))
	return strings.TrimSpace(string(out))
}

func (r *Repository) at() time.Time { return Noon.Add(time.Duration(r.n) * time.Minute) }

// Commit writes lines to a file and commits it.
func (r *Repository) Commit(file string, lines ...string) correlate.Commit {
	r.t.Helper()
	at := filepath.Join(r.Dir, file)
	require.NoError(r.t, os.MkdirAll(filepath.Dir(at), 0o755))
	require.NoError(r.t, os.WriteFile(at, []byte(strings.Join(lines, "\n")+"\n"), 0o600))
	r.Git("add", "--all")
	return r.Make("commit", "--quiet", "--message", "change "+file)
}

// Make runs a command that makes a commit: a merge, a revert.
func (r *Repository) Make(args ...string) correlate.Commit {
	r.t.Helper()
	r.n++
	r.Git(args...)
	return correlate.Commit{SHA: r.Git("rev-parse", "HEAD"), AuthoredAt: r.at()}
}

// Linear adds n commits to the branch main, a second after one another from Noon on, each of which rewrites one of 400 files
// of 60 lines. It returns the hashes of the commit before and of the last.
func (r *Repository) Linear(n int) (base, head string) {
	r.t.Helper()
	base = r.Git("rev-parse", "HEAD")
	var stream strings.Builder
	for i := range n {
		at := Noon.Add(time.Duration(i) * time.Second).Unix()
		fmt.Fprintf(&stream, "commit refs/heads/main\nauthor a <a@x> %d +0000\ncommitter a <a@x> %d +0000\ndata 1\nx", at, at)
		if i == 0 {
			fmt.Fprintf(&stream, "\nfrom %s", base)
		}
		text := strings.Repeat("a line that stays as it is\n", 60) + fmt.Sprintln(i)
		fmt.Fprintf(&stream, "\nM 644 inline services/s%d/f%d.go\ndata %d\n%s", i%4, i%400, len(text), text)
	}
	cmd := exec.Command("git", "-C", r.Dir, "fast-import", "--quiet")
	cmd.Stdin = strings.NewReader(stream.String())
	out, err := cmd.CombinedOutput()
	require.NoError(r.t, err, string(out))
	return base, r.Git("rev-parse", "main")
}

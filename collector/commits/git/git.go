// Package git answers: which commits lie between two, by a repository on this disk?
//
// It asks the git program, by commands whose output is made for programs, and reads no more of it than it keeps. Neither the
// configuration of the user nor that of the repository decides what comes out. It fetches nothing, and has git fetch nothing
// either, as far as git (2.44) can be told so.
package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/shipwake/shipwake/collector/commits"
	"github.com/shipwake/shipwake/correlate"
)

// Repository is a folder that is a git repository, or lies in one.
type Repository struct{ dir string }

// Open finds the repository. The error says what is wrong with the folder, or that there is no git.
func Open(ctx context.Context, dir string) (*Repository, error) {
	r := &Repository{dir}
	_, err := r.git(ctx, "rev-parse", "--git-dir")
	return r, err
}

// Commit resolves what the repository calls a commit, such as HEAD or a tag, to its hash. The error wraps commits.ErrUnknown.
func (r *Repository) Commit(ctx context.Context, name string) (string, error) {
	out, err := r.git(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{commit}")
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		return "", fmt.Errorf("%s: %w in %s", name, commits.ErrUnknown, r.dir)
	}
	return out, err
}

// Between implements commits.Repository.
func (r *Repository) Between(ctx context.Context, of commits.Range) (commits.Found, error) {
	head, err := r.Commit(ctx, of.Head)
	if err != nil {
		return commits.Found{}, err
	}
	base, err := r.Commit(ctx, of.Base)
	if errors.Is(err, commits.ErrUnknown) {
		return r.alone(ctx, head)
	}
	if err != nil {
		return commits.Found{}, err
	}
	parted, err := r.mergeBase(ctx, base, head)
	switch {
	case err != nil:
		return commits.Found{}, err
	case parted == "":
		return r.alone(ctx, head)
	}
	s := span{Repository: r, ctx: ctx, base: base, head: head, parted: parted, paths: pathspecs(of.Paths)}
	return s.read()
}

// alone is what is known of a head whose base isn't there.
func (r *Repository) alone(ctx context.Context, head string) (commits.Found, error) {
	log, err := r.git(ctx, "log", "--no-walk", format, head)
	if err != nil {
		return commits.Found{}, err
	}
	found := commits.Alone(readLog(log)[0])
	shallow, err := r.shallow(ctx)
	if shallow {
		found.Size.Caveats = append(found.Size.Caveats, correlate.CaveatShallow)
	}
	return found, err
}

func (r *Repository) shallow(ctx context.Context) (bool, error) {
	out, err := r.git(ctx, "rev-parse", "--is-shallow-repository")
	return out == "true", err
}

// mergeBase is where two histories parted, "" when they have nothing in common.
func (r *Repository) mergeBase(ctx context.Context, a, b string) (string, error) {
	out, err := r.git(ctx, "merge-base", a, b)
	var failed *exec.ExitError
	if errors.As(err, &failed) && failed.ExitCode() == 1 {
		return "", nil
	}
	return out, err
}

// span is a range of a repository whose ends are there.
type span struct {
	*Repository
	ctx                context.Context
	base, head, parted string
	paths              []string
}

func (s span) read() (found commits.Found, err error) {
	found.Size.Since = s.parted
	switch s.parted {
	case s.base:
	case s.head: // it goes back
		found.Size.Since = s.base
	default:
		found.Size.Caveats = append(found.Size.Caveats, correlate.CaveatRewritten)
	}
	cut, err := s.endsEarly()
	if err != nil {
		return found, err
	}
	if cut {
		found.Size.Caveats = append(found.Size.Caveats, correlate.CaveatShallow)
	}
	if err := s.log(&found); err != nil {
		return found, err
	}
	return found, s.diff(&found.Size)
}

// endsEarly: the range has commits whose parents weren't cloned.
func (s span) endsEarly() (bool, error) {
	shallow, err := s.shallow(s.ctx)
	if err != nil || !shallow {
		return false, err
	}
	root, err := s.git(s.ctx, "rev-list", "--max-parents=0", "--max-count=1", s.base+".."+s.head)
	return root != "", err
}

// format tells of each commit its hash and the time of authoring in Unix seconds.
const format = "--format=%H %at"

func (s span) log(found *commits.Found) error {
	of := append([]string{s.base + ".." + s.head, "--"}, s.paths...)
	count, err := s.git(s.ctx, append([]string{"rev-list", "--count"}, of...)...)
	if err != nil {
		return err
	}
	if found.Size.Commits, err = strconv.Atoi(count); err != nil {
		return fmt.Errorf("git rev-list --count: %w", err)
	}
	log, err := s.git(s.ctx, append([]string{"log", "--no-show-signature", "--reverse", "--max-count=" + strconv.Itoa(commits.Most), format}, of...)...)
	if err != nil {
		return err
	}
	found.Commits = readLog(log)
	if len(found.Commits) < found.Size.Commits {
		found.Size.Caveats = append(found.Size.Caveats, correlate.CaveatCommitsCut)
	}
	return nil
}

// readLog reads lines of the format. A time that is none is unknown.
func readLog(log string) (all []correlate.Commit) {
	for line := range strings.Lines(log) {
		sha, at, _ := strings.Cut(strings.TrimSpace(line), " ")
		commit := correlate.Commit{SHA: sha}
		if seconds, err := strconv.ParseInt(at, 10, 64); err == nil && seconds > 0 && seconds < latest {
			commit.AuthoredAt = time.Unix(seconds, 0).UTC()
		}
		all = append(all, commit)
	}
	return all
}

// latest is the first second of the year 10000, which JSON can't tell.
const latest = 253402300800

var shortstat = regexp.MustCompile(`([0-9]+) (file|insertion|deletion)`)

// diff counts files and lines. In a clone without all blobs that can't be done, and is no reason not to tell the commits.
func (s span) diff(size *correlate.Size) error {
	out, err := s.git(s.ctx, append([]string{"diff-tree", "-r", "-M", "--shortstat", "--no-ext-diff", size.Since, s.head, "--"}, s.paths...)...)
	var failed *exec.ExitError
	switch {
	case errors.As(err, &failed):
		size.Caveats = append(size.Caveats, correlate.CaveatLinesCut)
		return nil
	case err != nil:
		return err
	}
	into := map[string]*int{"file": &size.Files, "insertion": &size.Added, "deletion": &size.Removed}
	for _, m := range shortstat.FindAllStringSubmatch(out, -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			return fmt.Errorf("git diff-tree --shortstat: %w", err)
		}
		*into[m[2]] = n
	}
	return nil
}

// pathspecs are paths from the root of the repository, of which no character is special.
func pathspecs(paths []string) (specs []string) {
	for _, p := range paths {
		specs = append(specs, ":(top,literal)"+strings.TrimSuffix(p, "/"))
	}
	return specs
}

// mostOutput bounds what is read of a command: the longest log takes a tenth of it.
const mostOutput = 1 << 20

// git runs a command and returns what it writes, without the last line's end.
func (r *Repository) git(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"--no-pager", "-C", r.dir}, args...)...)
	cmd.Env = append(cmd.Environ(), "LC_ALL=C", "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "GIT_NO_LAZY_FETCH=1", "GIT_NO_REPLACE_OBJECTS=1")
	out, said := bounded{most: mostOutput}, bounded{most: 4 << 10}
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		line, _, _ := strings.Cut(strings.TrimSpace(said.String()), "\n")
		return "", fmt.Errorf("git %s in %s: %w: %s", args[0], r.dir, err, line)
	}
	return strings.TrimSpace(out.String()), nil
}

// bounded keeps the beginning of what is written.
type bounded struct {
	bytes.Buffer
	most int
}

// Write implements io.Writer. What is beyond the bound is dropped.
func (b *bounded) Write(p []byte) (int, error) {
	_, err := b.Buffer.Write(p[:min(len(p), b.most-b.Len())])
	return len(p), err
}

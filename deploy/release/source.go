package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Source is the commit that is built, and what follows from it alone.
type Source struct {
	repo    string
	Commit  string
	Time    time.Time // of the commit: that of every file
	Version string    // without a v
}

// versions are those of Semantic Versioning that may be part of a file's name, a tag of an image and a version of a package.
var versions = regexp.MustCompile(`^\d+\.\d+\.\d+(-[0-9A-Za-z.]+)?$`)

// sourceOf is a revision of a repository. Without a version it has that of its tag.
func sourceOf(ctx context.Context, repo, revision, version string) (Source, error) {
	repo, err := filepath.Abs(repo)
	if err != nil {
		return Source{}, err
	}
	said, err := git(ctx, repo, "log", "-1", "--format=%H %ct", revision)
	if err != nil {
		return Source{}, err
	}
	commit, seconds, _ := strings.Cut(said, " ")
	at, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return Source{}, fmt.Errorf("the time of commit %s: %w", commit, err)
	}
	s := Source{repo: repo, Commit: commit, Time: time.Unix(at, 0).UTC(), Version: strings.TrimPrefix(version, "v")}
	if s.Version == "" {
		s.Version = s.versionByTag(ctx)
	}
	if !versions.MatchString(s.Version) {
		return Source{}, fmt.Errorf("version %q: want one like 1.2.3 or 1.2.3-rc.1", s.Version)
	}
	return s, nil
}

// versionByTag is that of the commit's tag; without one it sorts before every release, and after that of an earlier commit.
func (s Source) versionByTag(ctx context.Context) string {
	tag, err := git(ctx, s.repo, "describe", "--tags", "--exact-match", "--match", "v[0-9]*", s.Commit)
	if err == nil {
		return strings.TrimPrefix(tag, "v")
	}
	return fmt.Sprintf("0.0.0-dev.%s.g%s", s.Time.Format("20060102150405"), s.Commit[:12])
}

// clone makes a clean checkout of the commit: what isn't committed is not released.
func (s Source) clone(ctx context.Context, dir string) error {
	if _, err := git(ctx, s.repo, "clone", "--quiet", "--shared", "--no-checkout", s.repo, dir); err != nil {
		return err
	}
	_, err := git(ctx, dir, "checkout", "--quiet", "--detach", s.Commit)
	return err
}

func git(ctx context.Context, dir string, args ...string) (string, error) {
	said, err := exec.CommandContext(ctx, "git", append([]string{"-C", dir}, args...)...).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(string(exit.Stderr)))
	}
	return strings.TrimSpace(string(said)), err
}

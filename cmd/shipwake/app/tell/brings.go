package tell

import (
	"context"
	"fmt"

	"github.com/shipwake/shipwake/collector/commits"
	"github.com/shipwake/shipwake/collector/commits/git"
	"github.com/shipwake/shipwake/correlate"
)

// Brings finds out what a change brings, by a git repository.
type Brings struct {
	Dir   string
	Paths []string // of the service in the repository; none: all of it
	// Since is the commit that was live before; "" asks Before.
	Since string
	// Before are the changes of the same service and environment that the daemon knows, the newest first.
	Before func(context.Context, correlate.Change) ([]correlate.ChangeRecord, error)
}

// Complete adds to a change the commits that it brings and how much they are, and the commit itself where it isn't told. It
// says in a line what it found. An error leaves the change as it was, apart from the commit.
func (b Brings) Complete(ctx context.Context, c *correlate.Change) (said string, err error) {
	repository, err := git.Open(ctx, b.Dir)
	if err != nil {
		return "", err
	}
	if c.Commit == "" {
		if c.Commit, err = repository.Commit(ctx, "HEAD"); err != nil {
			return "", err
		}
	}
	base, err := b.base(ctx, repository, *c)
	if err != nil {
		return "", err
	}
	if base == "" {
		return "Nothing that tells a commit was live before: it brings what is told in the change itself.", nil
	}
	found, err := repository.Between(ctx, commits.Range{Base: base, Head: c.Commit, Paths: b.Paths})
	if err != nil {
		return "", err
	}
	c.Commits, c.Size = found.Commits, &found.Size
	return fmt.Sprintf("%s since %.12s", found.Size, base), nil
}

// base is the commit that was live before, "" when there is none.
func (b Brings) base(ctx context.Context, repository *git.Repository, c correlate.Change) (string, error) {
	if b.Since != "" {
		return repository.Commit(ctx, b.Since)
	}
	before, err := b.Before(ctx, c)
	if err != nil {
		return "", err
	}
	return commits.Live(before, c.ID), nil
}

package tell

import (
	"context"
	"errors"
	"fmt"

	"github.com/shipwake/shipwake/collector/commits"
	"github.com/shipwake/shipwake/correlate"
)

// Lacking goes through the changes that a daemon knows, and tells it what those bring of which nobody told that.
type Lacking struct {
	// Page are changes that the daemon knows, the newest first, after the one with an id; "" is the beginning.
	Page func(ctx context.Context, after string) ([]correlate.ChangeRecord, error)
	// Wanted says of which changes the repository is.
	Wanted     func(correlate.ChangeRecord) bool
	Repository commits.Repository
	Paths      []string // of the service in the repository; none: all of it
	// Tell tells the daemon of a report.
	Tell func(context.Context, correlate.Change) error
}

// Filled says what came of it.
type Filled struct {
	Told    int // changes
	Unknown int // those whose commit the repository doesn't have
	First   int // those before which nothing was live that tells a commit, as far as was looked
}

func (f Filled) String() string {
	return fmt.Sprintf("%d told what they bring; of %d the commit isn't there; before %d nothing was live, as far as was looked.", f.Told, f.Unknown, f.First)
}

// Fill tells what is lacking. What it told is told when it ends with an error: another call goes on there.
func (l Lacking) Fill(ctx context.Context) (f Filled, err error) {
	waiting := map[correlate.Place]correlate.Change{} // for what was live before
	for after := ""; ; {
		page, err := l.Page(ctx, after)
		if err != nil {
			return f, err
		}
		for _, c := range page {
			if err := l.pass(ctx, c, waiting, &f); err != nil {
				return f, err
			}
		}
		if len(page) == 0 {
			f.First = len(waiting)
			return f, nil
		}
		after = page[len(page)-1].ID
	}
}

// pass takes the next change: what was live before the one that waits at its place, and perhaps one that waits itself.
func (l Lacking) pass(ctx context.Context, c correlate.ChangeRecord, waiting map[correlate.Place]correlate.Change, f *Filled) error {
	at := correlate.Place{Service: c.Service, Environment: c.Environment}
	if commits.Arrived(c) && commits.IsHash(c.Commit) {
		if next, ok := waiting[at]; ok {
			delete(waiting, at)
			if err := l.fill(ctx, next, c.Commit, f); err != nil {
				return err
			}
		}
	}
	if commits.Lacking(c) && l.Wanted(c) {
		waiting[at] = c.Change
	}
	return nil
}

func (l Lacking) fill(ctx context.Context, c correlate.Change, base string, f *Filled) error {
	found, err := l.Repository.Between(ctx, commits.Range{Base: base, Head: c.Commit, Paths: l.Paths})
	switch {
	case errors.Is(err, commits.ErrUnknown):
		f.Unknown++
		return nil
	case err != nil:
		return err
	}
	if err := l.Tell(ctx, found.Of(c)); err != nil {
		return err
	}
	f.Told++
	return nil
}

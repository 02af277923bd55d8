package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// checkFirst is the size up to which a ledger is checked before it is opened, in bytes. It takes about a second for
// 200 MB; a restart doesn't wait so long, and a larger one is checked while it is used.
const checkFirst = 16 << 20

// checkAfter is how long the check beside leaves the processors to the start of the daemon.
const checkAfter = 30 * time.Second

// damage is what SQLite found wrong with a file.
type damage string

func (d damage) Error() string { return string(d) }

// check has SQLite walk through every page of the file. It finds pages that aren't what they should be. A bit that
// flipped within a value isn't found: there are no checksums.
func check(ctx context.Context, readers querier) error {
	findings, err := list(ctx, readers, scanText, "PRAGMA quick_check(1)")
	if err != nil {
		return err
	}
	if len(findings) != 1 || findings[0] != "ok" {
		return damage(fmt.Sprint(findings))
	}
	return nil
}

// checkBeside checks while the ledger is in use. When it finds damage, every write from then on is refused: what is
// added to a damaged file can't be promised to last.
func (l *Ledger) checkBeside(ctx context.Context) {
	select {
	case <-ctx.Done():
		return
	case <-time.After(l.options.checkAfter):
	}
	if err := check(ctx, l.readers); damaged(err) {
		err = fmt.Errorf("%w: %w", correlate.ErrUnavailable, explained(l.path, err))
		l.writer.broken.Store(&err)
	}
}

// explained says what to do about a damaged file, and leaves other errors as they are.
func explained(path string, err error) error {
	if damaged(err) {
		return fmt.Errorf("%s is damaged: %w; restore it from a backup, or move it away to start with an empty ledger",
			path, err)
	}
	return err
}

package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/shipwake/shipwake/correlate/ledger/sqlite"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite/migrations"
)

// checkUpTo is the size of a ledger whose pages are looked at, in bytes: some five seconds.
const checkUpTo = 1 << 30

// ledger reads the ledger, whether a daemon runs on it or not: is it sound, and whose schema does it have?
func ledger(ctx context.Context, p *Patient) []Finding {
	c := p.Configuration
	switch {
	case c == nil:
		return skip(noConfiguration)
	case c.DataDir == "":
		return skip("the configuration can't be read, so it isn't known where it is")
	}
	x, err := sqlite.Examine(ctx, c.DataDir, checkUpTo)
	var newer *migrations.NewerError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return skip("there is none in %s yet", c.DataDir)
	case errors.As(err, &newer):
		return fail("start the release that wrote it again, or this one on a copy of a backup from before: docs/upgrade.md", "%v", err)
	case errors.Is(err, fs.ErrPermission):
		return fail("run this as the daemon's user", "%v", err)
	case err != nil:
		return fail("restore a backup (docs/upgrade.md, Going back), or find out what is wrong with the disk", "%v", err)
	case x.Schema == 0:
		return skip("%s is empty: no daemon has been started on it", x.Path)
	}
	p.ledger = &x
	schema := fmt.Sprintf("schema %d", x.Schema)
	if x.Schema < x.Newest {
		schema += fmt.Sprintf(", which this release brings forward to %d,", x.Newest)
	}
	return ok("%s, %s, %s in %s, %s", bytesOf(x.Bytes), schema, counted(int(x.Facts), "fact", "facts"),
		counted(int(x.Deliveries), "delivery", "deliveries"), pick(x.Checked, "every page is sound", "too large to look at every page here"))
}

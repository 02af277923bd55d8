// Package numbers answers: where do DORA numbers come from while the daemon runs?
//
// From a table in memory that follows what is committed. At the start it is read from a file that the daemon left, and
// from what the ledger recorded since; without that file, from all records of the ledger. That happens in the background:
// whoever asks meanwhile waits.
package numbers

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/correlate/ledger"
)

// Source is what is read of a ledger.
type Source interface {
	HistorySince(ctx context.Context) (time.Time, error)
	Recorded(ctx context.Context, after ledger.Mark, limit int) (ledger.Recorded, error)
	RecordedTo(ctx context.Context) (ledger.Mark, error)
}

// Desk is what Numbers need.
type Desk struct {
	Dir string // of the file
	Log *zap.Logger
	// Most is how many changes there is room for.
	Most int
	// Told returns a mark up to which all that was recorded was published, and false while that can't be said.
	Told func(ctx context.Context) (ledger.Mark, bool)
}

// Numbers are DORA numbers of now. They are safe for concurrent use.
type Numbers struct {
	desk   Desk
	ledger Source        // since Run
	filled chan struct{} // closed once the table has what the ledger had at the start
	wake   chan struct{} // something was published

	mu    sync.Mutex
	table *dora.Table

	published sync.Mutex // held for no longer than it takes to add to the news
	news      []correlate.Effect
	revision  uint64
}

// New returns numbers that are filled by Run.
func New(d Desk) *Numbers {
	return &Numbers{desk: d, table: dora.NewTable(), filled: make(chan struct{}), wake: make(chan struct{}, 1)}
}

// Publish takes note of what was committed. It doesn't block, and leaves the effects as they are.
func (n *Numbers) Publish(effects []correlate.Effect) {
	n.published.Lock()
	before := len(n.news)
	for _, e := range effects {
		if e.Change != nil || e.Verdict != nil || e.Incident != nil {
			n.news = append(n.news, e)
		}
	}
	moved := len(n.news) > before
	if moved {
		n.revision++
	}
	n.published.Unlock()
	if moved {
		select {
		case n.wake <- struct{}{}:
		default:
		}
	}
}

// Revision grows with what was published.
func (n *Numbers) Revision() uint64 {
	n.published.Lock()
	defer n.published.Unlock()
	return n.revision
}

// ErrForgotten says that a report reaches back further than there is room for, or looks at what isn't kept.
var ErrForgotten = errors.New("what this report counts is not in memory")

// Report gives the numbers of now. It waits until they are known.
func (n *Numbers) Report(ctx context.Context, q dora.Query, now time.Time) (dora.Report, error) {
	select {
	case <-n.filled:
	case <-ctx.Done():
		return dora.Report{}, ctx.Err()
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.catchUp()
	if !n.table.Covers(q) {
		return dora.Report{}, ErrForgotten
	}
	return n.table.Report(q, now), nil
}

// Names are dora.Names of now. It waits until they are known.
func (n *Numbers) Names(ctx context.Context, by dora.GroupBy) ([]string, bool, error) {
	select {
	case <-n.filled:
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.catchUp()
	names, all := dora.Names(n.table, by)
	return names, all, nil
}

// catchUp enters what was published, and returns how much that was. The table is the caller's.
func (n *Numbers) catchUp() int {
	n.published.Lock()
	news := n.news
	n.news = nil
	n.published.Unlock()
	for _, e := range news {
		switch {
		case e.Change != nil:
			n.table.Change(e.Change)
		case e.Verdict != nil:
			n.table.Verdict(e.Verdict)
		case e.Incident != nil:
			n.table.Incident(e.Incident)
		}
	}
	n.table.Forget(n.desk.Most)
	return len(news)
}

// How the table follows.
const (
	page       = 2000             // records read from the ledger at once
	againAfter = 10 * time.Second // the ledger failed
	lookEvery  = time.Minute      // whether the file is to be written
)

// Run fills the table from a ledger and has it follow, until the context ends.
func (n *Numbers) Run(ctx context.Context, of Source) {
	n.ledger = of
	for !n.fill(ctx) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(againAfter):
		}
	}
	close(n.filled)
	n.follow(ctx)
}

// fill reads what was there at the start.
func (n *Numbers) fill(ctx context.Context) bool {
	mark, err := n.load(ctx)
	if err != nil {
		n.desk.Log.Info("the DORA numbers are read anew from the ledger", zap.NamedError("why", err))
		n.mu.Lock()
		n.table = dora.NewTable()
		n.mu.Unlock()
		mark = ledger.Mark{}
	}
	err = n.read(ctx, mark)
	if err != nil && ctx.Err() == nil {
		n.desk.Log.Error("the DORA numbers can't be read from the ledger", zap.Error(err))
	}
	return err == nil
}

// read enters what the ledger recorded after a mark. Whatever is published meanwhile is as new as what is read or newer,
// and is entered after it.
func (n *Numbers) read(ctx context.Context, after ledger.Mark) error {
	for {
		found, err := n.ledger.Recorded(ctx, after, page)
		if err != nil {
			return err
		}
		n.mu.Lock()
		for i := range found.Changes {
			n.table.Change(&found.Changes[i])
		}
		for i := range found.Incidents {
			n.table.Incident(&found.Incidents[i])
		}
		n.catchUp()
		n.mu.Unlock()
		if found.To == after {
			return nil
		}
		after = found.To
	}
}

// follow enters what is published, and now and then leaves the table on disk.
func (n *Numbers) follow(ctx context.Context) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	var unsaved int
	saved := time.Time{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.wake:
			n.mu.Lock()
			unsaved += n.catchUp()
			n.mu.Unlock()
		case now := <-ticker.C:
			if unsaved < fewUnsaved && now.Sub(saved) < saveAfter || unsaved == 0 && !saved.IsZero() {
				continue
			}
			if mark, ok := n.desk.Told(ctx); ok && n.keep(mark) {
				unsaved, saved = 0, now
			}
		}
	}
}

// When the file is written again: then at the latest at the end.
const (
	fewUnsaved = 20_000
	saveAfter  = time.Hour
)

// keep writes the file, and says whether it did.
func (n *Numbers) keep(mark ledger.Mark) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.catchUp()
	since, err := n.ledger.HistorySince(context.Background())
	if err == nil {
		err = write(n.desk.Dir, of{since, mark}, n.table)
	}
	if err != nil {
		n.desk.Log.Warn("the DORA numbers can't be left for the next start, which will take longer", zap.Error(err))
	}
	return err == nil
}

// Close leaves the table for the next start: everything that the ledger has recorded was published. Run has ended.
func (n *Numbers) Close(ctx context.Context) {
	select {
	case <-n.filled:
	default:
		return
	}
	if mark, err := n.ledger.RecordedTo(ctx); err == nil {
		n.keep(mark)
	}
}

// load reads the file. Without one, or with that of another ledger, it returns an error.
func (n *Numbers) load(ctx context.Context) (ledger.Mark, error) {
	since, err := n.ledger.HistorySince(ctx)
	if err != nil {
		return ledger.Mark{}, err
	}
	end, err := n.ledger.RecordedTo(ctx)
	if err != nil {
		return ledger.Mark{}, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	of, err := read(n.desk.Dir, n.table)
	switch {
	case err != nil:
		return ledger.Mark{}, err
	case !of.since.Equal(since) || of.mark.Changes > end.Changes || of.mark.Incidents > end.Incidents:
		return ledger.Mark{}, errors.New("what was left is of another ledger")
	}
	return of.mark, nil
}

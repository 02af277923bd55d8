// Package importer answers: how do years of history get into a daemon?
//
// Files are read record by record. Facts go out in batches, as lines of our own format, and messages one by one, each to the door
// of its source; the daemon answers when it has stored them. What is sent is known by its content, so that what was sent before
// changes nothing, and a batch ends where its content says so, so that files that overlap give the same batches. How far everything
// is sent stands in a file: who is interrupted, or killed, goes on from there. Memory holds a few batches, whatever the size of a file.
package importer

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/shipwake/shipwake/collector/history"
)

// senders is how many parcels are under way at once. The daemon commits those that come together at once.
const senders = 4

// Import is one run.
type Import struct {
	Plan []history.Step
	// State is the file that says how far an import is; "" for none. Identity tells imports apart.
	State    string
	Identity string
	// Strict ends the import at the first record that is wrong.
	Strict bool
	Door   Door
	Report *Report
	// Progress is told of what happens.
	Progress *Progress
	Now      func() time.Time
}

// Door takes parcels. It is called by several goroutines.
type Door interface {
	// Take returns when the daemon has a parcel. A *RefusedError is about the parcel alone; any other ends the import.
	Take(ctx context.Context, p Parcel) (Receipt, error)
}

// Receipt is what became of a parcel.
type Receipt struct {
	Known  bool   // the daemon had it already
	Why    string // it is kept in quarantine
	Silent string // it says nothing of a change or an incident
}

// RefusedError is why the daemon doesn't take a parcel.
type RefusedError struct{ Why string }

func (e *RefusedError) Error() string { return e.Why }

// Run imports. What was sent before an error stays sent, and the next run goes on after it.
func (im *Import) Run(ctx context.Context) error {
	start, err := loadState(im.State, im.Identity)
	if err != nil {
		return err
	}
	im.Report.begin(start)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	parcels := make(chan Parcel)
	t := newTracker(start, im)
	var working sync.WaitGroup
	for range senders {
		working.Go(func() {
			for p := range parcels {
				if err := im.send(ctx, p, t); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	err = im.read(ctx, start, func(p Parcel) error {
		select {
		case parcels <- p:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
	close(parcels)
	working.Wait()
	if sent := context.Cause(ctx); sent != nil {
		err = sent
	}
	return errors.Join(err, t.close(err == nil))
}

// send hands over a parcel and notes what becomes of it.
func (im *Import) send(ctx context.Context, p Parcel, t *tracker) error {
	receipt, err := im.Door.Take(ctx, p)
	var refused *RefusedError
	switch {
	case errors.As(err, &refused):
		im.Report.wrong(&history.Wrong{At: p.At, Want: "the daemon doesn't take it: " + refused.Why})
		if im.Strict {
			return errStrict
		}
	case err != nil:
		return err
	default:
		im.Report.sent(p, receipt)
	}
	return t.done(p)
}

// errStrict ends an import at a record that is wrong, which was reported.
var errStrict = errors.New("a record is wrong, and --strict ends the import there")

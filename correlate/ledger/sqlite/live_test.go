package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/correlate/ledger/ledgertest"
)

// diary is what a process tells on its way to being killed, a line each: "+step" and "-step" around whatever it is doing,
// and "fact ID", "held ID", "sent KEY", "alive TIME" for what the ledger has acknowledged. A line that was written is read by the
// parent, however the process ends.
type diary struct {
	mu  sync.Mutex
	out io.Writer
}

func (d *diary) write(what, which string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, _ = fmt.Fprintln(d.out, what+which)
}

func (d *diary) during(step string, do func() error) error {
	d.write("+", step)
	err := do()
	d.write("-", step)
	return err
}

// senders is how many goroutines of a life commit facts of their own.
const senders = 6

// live does what a daemon does until it is killed: it opens the ledger, migrates it when it is old, restores, and then
// takes facts, follows a stream, reads again what it has, applies, sends, checkpoints, expires and is backed up, all at once. Number tells one
// life of a directory from the next.
func live(ctx context.Context, dir, number string, out io.Writer) error {
	d := &diary{out: out}
	var l *Ledger
	err := d.during("open", func() (err error) {
		l, err = Open(ctx, Options{Dir: dir, migrated: func(version, statement int) error {
			if statement == 1 {
				d.write("+", "migrate")
			}
			d.write(fmt.Sprintf("migrated %d/%d", version, statement), "")
			return nil
		}})
		d.write("-", "migrate")
		return err
	})
	if err != nil {
		return err
	}
	if err := d.during("restore", func() error { return restoreAll(ctx, l) }); err != nil {
		return err
	}
	errs := make(chan error)
	start := func(do func() error) { go func() { errs <- do() }() }
	for k := range senders {
		start(func() error { return commitOwn(ctx, l, fmt.Sprintf("%s/%d", number, k), d) })
	}
	start(func() error { return followStream(ctx, l, number) })
	start(func() error { return holdAndRelease(ctx, l, number, d) })
	start(func() error { return keepState(ctx, l, d) })
	start(func() error { return sendMessages(ctx, l, d) })
	start(func() error { return backUpAgain(ctx, dir, number, d) })
	return <-errs
}

func restoreAll(ctx context.Context, l *Ledger) error {
	_, err := l.Restore(ctx, time.Time{})
	return errors.Join(err,
		l.Rollups(ctx, func(correlate.Rollup) error { return nil }),
		l.Checkpoints(ctx, func(time.Time, []correlate.Measurement) error { return nil }))
}

func commitOwn(ctx context.Context, l ledger.Ledger, prefix string, d *diary) error {
	for n := 0; ; n++ {
		id := fmt.Sprintf("%s/%d", prefix, n)
		delivery := ledgertest.Entry("github", id)
		delivery.Body = make([]byte, (n%40)*200)
		if _, _, err := l.Append(ctx, []correlate.Entry{delivery}, nil); err != nil {
			return err
		}
		d.write("fact ", id)
		// A sender that saw no answer sends again.
		if _, _, err := l.Append(ctx, []correlate.Entry{delivery}, nil); err != nil {
			return err
		}
	}
}

// followStream applies message n of an endless stream once each, with nothing but the cursor to say what was applied: the
// delivery ids differ from one life to the next.
func followStream(ctx context.Context, l ledger.Ledger, number string) error {
	for {
		at, err := l.Cursor(ctx, "stream")
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(cmp.Or(string(at), "0"))
		if err != nil {
			return err
		}
		delivery := ledgertest.Entry("kafka", fmt.Sprintf("stream %d in life %s", n, number))
		delivery.Facts[0].Change.ID = fmt.Sprintf("stream/%d", n)
		move := correlate.Move{Stream: "stream", Expect: at, Next: fmt.Append(nil, n+1)}
		if _, _, err := l.Append(ctx, []correlate.Entry{delivery}, &move); err != nil {
			return err
		}
	}
}

// holdAndRelease takes deliveries that nobody can map, and every fourth time has a next version read what an earlier one
// has read: what was held is released, and of every third the version is corrected, which retracts what it said before.
func holdAndRelease(ctx context.Context, l ledger.Ledger, number string, d *diary) error {
	for n := 1; ; n++ {
		id := fmt.Sprintf("held/%s/%d", number, n)
		delivery := ledgertest.Entry("holder", id)
		delivery.Facts, delivery.Problem = nil, "unmapped"
		if _, _, err := l.Append(ctx, []correlate.Entry{delivery}, nil); err != nil {
			return err
		}
		d.write("held ", id)
		if n%4 != 0 {
			continue
		}
		if err := d.during("release", func() error { return readNext(ctx, l, fmt.Sprintf("next/%s/%d", number, n)) }); err != nil {
			return err
		}
		d.write("fact ", id)
	}
}

// readNext reads all that is stale for a version.
func readNext(ctx context.Context, l ledger.Ledger, digest string) error {
	for {
		found, err := l.Stale(ctx, "holder", digest, time.Time{})
		if err != nil || len(found) == 0 {
			return err
		}
		var readings []ledger.Reading
		for i, k := range found {
			f := ledgertest.Entry("holder", k.ID).Facts[0]
			if i%3 == 0 {
				f.Change.Version = digest
			}
			readings = append(readings, ledger.Reading{Number: k.Number, Projection: correlate.Projection{Digest: digest, Facts: []correlate.Fact{f}}})
		}
		if _, err := l.Project(ctx, readings); err != nil {
			return err
		}
	}
}

// keepState applies facts as the host does: for each its record with a verdict, and a message, in one transaction with
// the number that says so. After that, a checkpoint, and at times the expiry of old ones.
func keepState(ctx context.Context, l ledger.Ledger, d *diary) error {
	for n := 0; ; n++ {
		facts, err := l.Unapplied(ctx, 0)
		if err != nil {
			return err
		}
		var effects []correlate.Effect
		var rows []ledger.OutboxRow
		var applied int64
		for _, f := range facts {
			applied = f.Seq
			if f.Retracted {
				continue
			}
			effects = append(effects, correlate.Effect{Change: recordOf(f)})
			rows = append(rows, ledger.OutboxRow{Sink: "slack", Subject: f.Change.ID, Key: f.Change.ID, Payload: []byte(f.Change.ID)})
		}
		at := time.Now().UTC().Truncate(time.Microsecond)
		err = errors.Join(
			d.during("effects", func() error { return l.CommitEffects(ctx, effects, rows, applied) }),
			d.during("checkpoint", func() error { return l.Checkpoint(ctx, at, make([]correlate.Measurement, n%200)) }))
		if err != nil {
			return err
		}
		d.write("alive ", at.Format(time.RFC3339Nano))
		if n%4 == 3 {
			if err := d.during("expire", func() error { return l.Expire(ctx, at.Add(-50*time.Millisecond), time.Time{}) }); err != nil {
				return err
			}
		}
	}
}

func recordOf(f ledger.Fact) *correlate.ChangeRecord {
	c := correlate.ChangeRecord{Change: *f.Change, Phase: correlate.PhaseClosed}
	c.Verdict = &correlate.Verdict{ChangeID: c.ID, Revision: 1, Outcome: correlate.Healthy, DecidedAt: f.ReceivedAt}
	return &c
}

// sendMessages says that messages were delivered.
func sendMessages(ctx context.Context, l ledger.Ledger, d *diary) error {
	for {
		rows, err := l.Outbox(ctx, "slack", 0, 10)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := l.Delivered(ctx, row.Sink, row.Key, []byte(row.Key)); err != nil {
				return err
			}
			d.write("sent ", row.Key)
		}
		if len(rows) == 0 {
			time.Sleep(time.Millisecond)
		}
	}
}

// backUpAgain makes backups, and keeps the last.
func backUpAgain(ctx context.Context, dir, number string, d *diary) error {
	for n := 0; ; n++ {
		time.Sleep(5 * time.Millisecond)
		to := backupOf(dir, number, n)
		if err := d.during("backup", func() error { _, err := BackUp(ctx, dir, to); return err }); err != nil {
			return err
		}
		d.write("backed up ", to)
		if n > 0 {
			last := backupOf(dir, number, n-1)
			if err := errors.Join(os.Rename(last, last+partialSuffix), os.RemoveAll(last+partialSuffix)); err != nil {
				return err
			}
		}
	}
}

func backupOf(dir, number string, n int) string {
	return filepath.Join(filepath.Dir(dir), fmt.Sprintf("backup-%s-%d", number, n))
}

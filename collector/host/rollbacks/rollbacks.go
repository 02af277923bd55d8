package rollbacks

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
)

const (
	// mostAround is how many of the newest changes of a place a decision knows.
	mostAround = 20
	// mostEarlier bounds the earlier decisions that are read of one kind. Of more the budgets are spent anyway.
	mostEarlier = 200
	// followFor is how long the change that takes another back may be told after the request.
	followFor = 24 * time.Hour
	// readWithin bounds what the engine's loop waits for what is read for all decisions of a transaction.
	readWithin = 5 * time.Second
)

// Ledger is what is needed of the ledger.
type Ledger interface {
	Change(ctx context.Context, id string) (correlate.ChangeRecord, []correlate.Verdict, error)
	Changes(ctx context.Context, q ledger.ChangeFilter) ([]correlate.ChangeRecord, error)
	Rollbacks(ctx context.Context, q ledger.RollbackFilter) ([]correlate.Rollback, error)
	KillSwitch(ctx context.Context) (correlate.KillSwitch, error)
	Arrived(ctx context.Context, sinks []string, key string) (time.Time, error)
}

// Options are what a Desk is made of.
type Options struct {
	Config Config
	Ledger Ledger
	Log    *zap.Logger
	Tally  *correlate.Tally
	Now    func() time.Time
}

// Desk decides on requests for rollbacks beside the engine, and follows what becomes of them. Everything it decides by is in the
// ledger; what it holds is for speed. But for Killed and the Guard it is the loop's alone.
type Desk struct {
	Options
	// Queues are those by which somebody is asked who carries a request out, as the ledger names them: what is delivered by one of
	// them is acknowledged. They are set before the first request is sent.
	Queues []string
	// open are the requests of the last day that may still become something else; nil until they were read.
	open map[string]correlate.Rollback
	// pending are the effects of the commit that is under way that the engine knows nothing of, added those of the last one.
	pending, added []correlate.Effect
}

// New makes a Desk.
func New(o Options) *Desk { return &Desk{Options: o} }

// With adds to the effects of a commit what becomes of requests because of them, and what is decided on changes that they judge.
// The same effects may come twice when it is not known what became of the first time.
func (d *Desk) With(now time.Time, effects []correlate.Effect) []correlate.Effect {
	d.pending = nil
	ctx, cancel := context.WithTimeout(context.Background(), readWithin)
	defer cancel()
	if err := d.load(ctx, now); err != nil || len(d.Config.Rules) == 0 && len(d.open) == 0 {
		return effects // the next tick tells that the ledger fails
	}
	t := newTransaction(d, now, effects)
	d.pending = append(t.follow(ctx, t.touches), t.decide(ctx)...)
	return append(slices.Clip(effects), d.pending...)
}

// Kept notes what was committed.
func (d *Desk) Kept(effects []correlate.Effect) {
	d.added, d.pending = d.pending, nil
	for _, e := range effects {
		if e.Rollback != nil {
			d.note(*e.Rollback)
		}
	}
}

// Added are the effects that With added to those that were committed last.
func (d *Desk) Added() []correlate.Effect { return d.added }

func (d *Desk) note(is correlate.Rollback) {
	if d.open == nil {
		return // it will be read
	}
	if is.Result == correlate.RollbackRequested && is.DoneAt.IsZero() {
		d.open[is.ID] = is
	} else {
		delete(d.open, is.ID)
	}
}

// load reads which requests are open, once.
func (d *Desk) load(ctx context.Context, now time.Time) error {
	if d.open != nil {
		return nil
	}
	found, err := d.Ledger.Rollbacks(ctx, ledger.RollbackFilter{Open: true, From: now.Add(-followFor), Limit: mostEarlier})
	if err != nil {
		return err
	}
	d.open = map[string]correlate.Rollback{}
	for _, is := range found {
		d.open[is.ID] = is
	}
	return nil
}

// Tick has an effect for each request that stands of which there is news, to be committed.
func (d *Desk) Tick(now time.Time) ([]correlate.Effect, error) {
	ctx, cancel := context.WithTimeout(context.Background(), readWithin)
	defer cancel()
	if err := d.load(ctx, now); err != nil {
		return nil, err
	}
	for id, is := range d.open {
		if now.Sub(is.DecidedAt) > followFor {
			delete(d.open, id)
		}
	}
	return newTransaction(d, now, nil).follow(ctx, correlate.Rollback.Standing), nil
}

// Killed says whether all requests are stopped, and by whom. What can't be told stops them too.
func (d *Desk) Killed(ctx context.Context) correlate.KillSwitch {
	if d.Config.KillSwitch {
		return correlate.KillSwitch{On: true, By: "the configuration", Why: "rollback::kill_switch is true"}
	}
	if path := d.Config.KillSwitchFile; path != "" {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			return correlate.KillSwitch{On: true, By: "the file", Why: "rollback::kill_switch_file exists, or can't be looked at"}
		}
	}
	turned, err := d.Ledger.KillSwitch(ctx)
	if err != nil {
		return correlate.KillSwitch{On: true, By: "the daemon", Why: "whether somebody turned it on can't be read"}
	}
	return turned
}

// counts is the tally's name for decisions and what became of them.
const counts = "rollbacks"

// Told counts what was decided and what became of it, and writes a line for each.
func (d *Desk) Told(effects []correlate.Effect) {
	for _, e := range effects {
		switch {
		case e.Rollback != nil:
			is := *e.Rollback
			reason := is.Reason
			if is.State() == correlate.RollbackStateWithdrawn {
				reason = is.WithdrawnFor
			}
			d.Tally.Add(correlate.Count{What: counts, Source: string(reason), Result: string(is.State())}, 1)
			d.Log.Info("rollback", zap.String("change_id", is.ChangeID), zap.String("service", is.Service), zap.String("environment", is.Environment),
				zap.String("state", string(is.State())), zap.String("reason", string(reason)), zap.String("to", is.To), zap.Int("revision", is.Revision))
		case e.KillSwitch != nil:
			d.Log.Warn("The kill switch of rollbacks was turned", zap.Bool("on", e.KillSwitch.On), zap.String("by", e.KillSwitch.By), zap.String("why", e.KillSwitch.Why))
		}
	}
}

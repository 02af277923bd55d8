package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/route"
)

// RollbackConfig says for which changes whoever deploys is asked to take them back. Without rules for none.
type RollbackConfig struct {
	// Rules are gone through in their order; the first that a change is of counts.
	Rules []RollbackRule `mapstructure:"rules"`
	// KillSwitch stops all requests; so does KillSwitchFile while there is such a file.
	KillSwitch     bool   `mapstructure:"kill_switch"`
	KillSwitchFile string `mapstructure:"kill_switch_file"`
}

// RollbackRule is what is done about the changes of a place.
type RollbackRule struct {
	// Mode is off, dry_run or on; dry_run unless it is set.
	Mode        correlate.RollbackMode `mapstructure:"mode"`
	route.Place `mapstructure:",squash"`
}

func (c RollbackConfig) validate() error {
	for i, r := range c.Rules {
		if r.Mode != "" && !slices.Contains(correlate.RollbackModes(), r.Mode) {
			return fmt.Errorf("rollback::rules[%d]::mode: %q is unknown; use one of %v", i, r.Mode, correlate.RollbackModes())
		}
		if err := r.Place.Validate(); err != nil {
			return fmt.Errorf("rollback::rules[%d]::%w", i, err)
		}
	}
	return nil
}

// mode is what is done about a change.
func (c RollbackConfig) mode(of correlate.Change) correlate.RollbackMode {
	for _, r := range c.Rules {
		if !r.Holds(of.Service, of.Environment, of.Team) {
			continue
		}
		if r.Mode == "" {
			return correlate.RollbackDryRun
		}
		return r.Mode
	}
	return correlate.RollbackOff
}

const (
	// mostAround is how many of the newest changes of a place a decision knows.
	mostAroundOne = 20
	// mostEarlier bounds the earlier decisions that are read of one kind. Of more the budgets are spent anyway.
	mostEarlier = 200
	// followFor is how long the change that takes another back may be told after the request.
	followFor = 24 * time.Hour
)

// rollbacks decides on requests for rollbacks beside the engine, and follows what becomes of them. Everything it decides by is in
// the ledger; what it holds is for speed. Only the loop changes it.
type rollbacks struct {
	cfg RollbackConfig
	*Host
	// open are the requests of the last day that may still become something else; nil until they were read.
	open map[string]correlate.Rollback
	// pending are the effects of the commit that is under way that the engine knows nothing of, added those of the last one.
	pending, added []correlate.Effect
}

// decidedAt is the time of decisions that are made beside the engine's.
func (l *loop) decidedAt() time.Time {
	if l.ticked.IsZero() {
		return l.opt.Now().UTC()
	}
	return l.ticked.UTC()
}

// with adds to the effects of a commit what becomes of requests because of them, and what is decided on changes that they judge.
func (r *rollbacks) with(now time.Time, effects []correlate.Effect) []correlate.Effect {
	r.pending = nil
	ctx, cancel := context.WithTimeout(context.Background(), pastWithin)
	defer cancel()
	if err := r.load(ctx, now); err != nil || len(r.cfg.Rules) == 0 && len(r.open) == 0 {
		return effects // the next tick tells that the ledger fails
	}
	t := newTransaction(r, now, effects)
	r.pending = append(t.follow(ctx, t.touches), t.decide(ctx)...)
	return append(slices.Clip(effects), r.pending...)
}

// kept notes what was committed.
func (r *rollbacks) kept(effects []correlate.Effect) {
	r.added, r.pending = r.pending, nil
	for _, e := range effects {
		if e.Rollback != nil {
			r.note(*e.Rollback)
		}
	}
}

func (r *rollbacks) note(is correlate.Rollback) {
	if r.open == nil {
		return // it will be read
	}
	if is.Result == correlate.RollbackRequested && is.DoneAt.IsZero() {
		r.open[is.ID] = is
	} else {
		delete(r.open, is.ID)
	}
}

// load reads which requests are open, once.
func (r *rollbacks) load(ctx context.Context, now time.Time) error {
	if r.open != nil {
		return nil
	}
	found, err := r.ledger.Rollbacks(ctx, ledger.RollbackFilter{Open: true, From: now.Add(-followFor), Limit: mostEarlier})
	if err != nil {
		return err
	}
	r.open = map[string]correlate.Rollback{}
	for _, is := range found {
		r.open[is.ID] = is
	}
	return nil
}

// killed says whether all requests are stopped, and by whom. What can't be told stops them too.
func (r *rollbacks) killed(ctx context.Context) correlate.KillSwitch {
	if r.cfg.KillSwitch {
		return correlate.KillSwitch{On: true, By: "the configuration", Why: "rollback::kill_switch is true"}
	}
	if path := r.cfg.KillSwitchFile; path != "" {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			return correlate.KillSwitch{On: true, By: "the file", Why: "rollback::kill_switch_file exists, or can't be looked at"}
		}
	}
	turned, err := r.ledger.KillSwitch(ctx)
	if err != nil {
		return correlate.KillSwitch{On: true, By: "the daemon", Why: "whether somebody turned it on can't be read"}
	}
	return turned
}

// followRollbacks looks what became of the requests that stand. It is called with every tick.
func (l *loop) followRollbacks(now time.Time) {
	r := l.rollbacks
	ctx, cancel := context.WithTimeout(context.Background(), pastWithin)
	defer cancel()
	if l.trouble("read requests for rollbacks", r.load(ctx, now)) {
		return
	}
	standing := func(is correlate.Rollback) bool { return is.Standing() }
	effects := newTransaction(r, now.UTC(), nil).follow(ctx, standing)
	for id, is := range r.open {
		if now.Sub(is.DecidedAt) > followFor {
			delete(r.open, id)
		}
	}
	if len(effects) > 0 && l.Commit(effects, 0) == nil {
		l.Publish(effects)
	}
}

// queueNames are those of the queues that a request may go by.
func (r *rollbacks) queueNames() (names []string) {
	if r.outbox == nil {
		return nil
	}
	for _, c := range r.outbox.couriers {
		names = append(names, c.Name())
	}
	return names
}

// rollbackCounts is the tally's name for decisions on rollbacks and what became of them.
const rollbackCounts = "rollbacks"

// told counts what was decided and what became of it, and writes a line for each.
func (r *rollbacks) told(effects []correlate.Effect) {
	for _, e := range effects {
		switch {
		case e.Rollback != nil:
			is := *e.Rollback
			reason := is.Reason
			if is.State() == correlate.RollbackStateWithdrawn {
				reason = is.WithdrawnFor
			}
			r.opt.Tally.Add(correlate.Count{What: rollbackCounts, Source: string(reason), Result: string(is.State())}, 1)
			r.set.Logger.Info("rollback", zap.String("change_id", is.ChangeID), zap.String("service", is.Service), zap.String("environment", is.Environment),
				zap.String("state", string(is.State())), zap.String("reason", string(reason)), zap.String("to", is.To), zap.Int("revision", is.Revision))
		case e.KillSwitch != nil:
			r.set.Logger.Warn("The kill switch of rollbacks was turned", zap.Bool("on", e.KillSwitch.On), zap.String("by", e.KillSwitch.By), zap.String("why", e.KillSwitch.Why))
		}
	}
}

// turn turns the kill switch, and returns when that is kept.
func (h *Host) turn(ctx context.Context, k correlate.KillSwitch) (err error) {
	answered := h.ask(ctx, func(l *loop) {
		effects := []correlate.Effect{{KillSwitch: &k}}
		if err = l.Commit(effects, 0); err == nil {
			l.Publish(effects)
		}
	})
	if !answered {
		return correlate.ErrUnavailable
	}
	return err
}

// Rollbacks implements sinks.Reader.
func (r reader) Rollbacks(ctx context.Context, q sinks.RollbackQuery) ([]correlate.Rollback, error) {
	return r.h.ledger.Rollbacks(ctx, ledger.RollbackFilter{
		ChangeID: q.ChangeID, Service: q.Service, Environment: q.Environment, Result: q.Result, From: q.From, To: q.To, Limit: bounded(q.Limit),
	})
}

// RollbackMode implements sinks.Reader.
func (r reader) RollbackMode(c correlate.ChangeRecord) correlate.RollbackMode {
	return r.h.cfg.Rollback.mode(c.Change)
}

// KillSwitch implements sinks.Reader.
func (r reader) KillSwitch(ctx context.Context) (correlate.KillSwitch, error) {
	return r.h.rollbacks.killed(ctx), ctx.Err()
}

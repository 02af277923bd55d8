package host

import (
	"context"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/engine"
	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/correlate/window"
	"github.com/shipwake/shipwake/sinks"
)

const (
	tickEvery   = time.Second
	expireEvery = 10 * time.Minute
	// factsAtOnce bounds the facts applied before the loop looks at the clock again. Of many at once several are of the same
	// service, and pages of the ledger that they share are written once. It begins with factsLeast, and stays with fewer where
	// so many take longer than batchMost.
	factsAtOnce = 2000
	factsLeast  = 250
	batchMost   = 500 * time.Millisecond
	// gatherMost bounds the facts applied while something is still to be judged: each may have it judged once more from an
	// earlier instant on.
	gatherMost = 20_000
	// applyEvery is how often facts are applied while they come one after the other. What many of them share is then worked
	// out, written and synced once, and those whose facts are being committed wait for it less often.
	applyEvery = 50 * time.Millisecond
)

// loop is the only place that touches the engine after the start. It keeps what the engine's Driver wants kept in the
// ledger, and tells the sinks.
type loop struct {
	*Host
	driver  *engine.Driver
	expired time.Time
	failing bool
	seen    engine.Stats
	saved   int64
	losses  *losses
	clock   *clock
	pacer   *pacer
	newest  time.Time // event time of a fact since the start
	ticked  time.Time // the last tick
	asked   outlooks
	// more: the ledger may hold more facts than were applied last, when at most atOnce were read; gathered is how many were
	// applied while the engine is behind.
	more     bool
	atOnce   int
	gathered int
	// applied is the sequence number up to which facts are applied, 0 while only the ledger knows; began, when the last were.
	applied int64
	began   time.Time
	since   func(time.Time) time.Duration // time.Since, and in tests what they say
}

func newLoop(h *Host) *loop {
	l := &loop{Host: h, losses: newLosses(), clock: newClock(h.opt.Now()), pacer: newPacer(h.memory.runtime), atOnce: factsLeast, since: time.Since}
	l.driver = engine.NewDriver(h.engine, l)
	return l
}

func (l *loop) run(ctx context.Context) {
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	defer l.pacer.stop()
	rested := time.NewTimer(applyEvery)
	defer rested.Stop()
	l.facts()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-l.wake:
			if rest := l.rest(); rest > 0 {
				rested.Reset(rest)
			} else {
				l.woken()
			}
		case <-rested.C:
			l.woken()
		case q := <-l.questions:
			l.answer(q)
		case f := <-l.findings():
			f.done <- l.driver.Rejudged(f.of)
		case now := <-ticker.C:
			l.facts()
			l.tick(l.now(now))
		}
	}
	if !l.more { // else it takes too long, and what waits is applied after the next start
		l.facts()
	}
	l.tick(l.now(time.Now()))
}

// rest is how long to wait for more facts before those that came are applied.
func (l *loop) rest() time.Duration {
	if l.more || engine.Behind(l.engine) {
		return 0
	}
	return applyEvery - time.Since(l.began)
}

// woken applies the facts that came, or goes on with what is left to be judged.
func (l *loop) woken() {
	if l.facts(); engine.Behind(l.engine) && !l.more {
		l.tick(l.now(time.Now()))
	}
}

// now is the time to go by at an instant that was read from the machine's clock.
func (l *loop) now(read time.Time) time.Time {
	newest := l.newest
	for _, m := range l.measurers() {
		if at := m.Newest(); at > 0 && time.Unix(0, at).After(newest) {
			newest = time.Unix(0, at)
		}
	}
	was := l.clock.off
	now := l.clock.look(read, newest)
	if off := l.clock.off; (off == 0) != (was == 0) {
		l.set.Logger.Warn("the clock of this machine was set; the time that the windows go by is not that of the clock until what comes in agrees with it",
			zap.Bool("followed", off == 0), zap.Duration("clock_ahead_by", off))
	}
	return now
}

// findings are what was judged from disk. They wait while the engine is behind.
func (l *loop) findings() <-chan finding {
	if engine.Behind(l.engine) {
		return nil
	}
	return l.found
}

// waits: facts wait until what is known is judged, but for those that came with the ones that it is judged for.
func (l *loop) waits() bool {
	if !engine.Behind(l.engine) {
		l.gathered = 0
		return false
	}
	l.more = l.more && l.gathered < gatherMost
	return !l.more
}

// facts applies what the ledger holds and the engine has not seen, as much of it as may be applied at once. When there is
// more, the loop comes back to it; ticks go on in between.
func (l *loop) facts() {
	if l.driver.Flush() != nil || l.waits() {
		return
	}
	if l.more && !l.ahead() {
		return
	}
	l.more = false
	most := l.atOnce
	l.began = time.Now()
	facts, err := l.unapplied(most)
	if l.trouble("read facts", err) || len(facts) == 0 {
		return
	}
	l.gathered += len(facts)
	last := facts[len(facts)-1].Seq
	l.applied = 0
	if l.apply(facts, last) != nil {
		return
	}
	l.applied = last
	l.express.applied(last)
	if l.more = len(facts) == most; l.more {
		l.atOnce = paced(most, l.since(l.began))
		l.awake()
	}
}

// unapplied are the facts whose turn it is: those that were just committed, or what the ledger says.
func (l *loop) unapplied(most int) ([]ledger.Fact, error) {
	if l.applied > 0 {
		if facts := l.fresh.after(l.applied, most); len(facts) > 0 {
			return facts, nil
		}
	}
	return l.ledger.Unapplied(context.Background(), most)
}

// paced is how many facts to apply at once after as many as were allowed took so long.
func paced(most int, took time.Duration) int {
	switch {
	case took > batchMost:
		return max(factsLeast, most/2)
	case took < batchMost/4:
		return min(factsAtOnce, most*2)
	}
	return most
}

// ahead applies facts of the present before it is their turn.
func (l *loop) ahead() (ok bool) {
	facts := l.express.take()
	return len(facts) == 0 || l.apply(facts, 0) == nil
}

func (l *loop) apply(facts []ledger.Fact, seq int64) error {
	batch := make([]engine.Fact, len(facts))
	for i, f := range facts {
		if at := f.EventTime(); at.After(l.newest) {
			l.newest = at
		}
		batch[i] = engine.Fact{Fact: f.Fact, ReceivedAt: f.ReceivedAt, Retracted: f.Retracted}
	}
	return l.driver.Facts(batch, seq)
}

// tick takes in what was measured, and lets the engine decide up to the watermark, or as much of it as it does at once: then
// the loop comes back to it. It says how things stand also while the ledger fails.
func (l *loop) tick(now time.Time) {
	l.ticked = now
	if l.driver.Tick(now, l.drain) == nil {
		l.followRollbacks(now)
		l.expire(now)
		if engine.Behind(l.engine) {
			l.awake()
		}
	}
	l.report(now)
	l.pacer.pace()
	if l.opt.Health != nil {
		l.opt.Health.Alive()
	}
}

// drain takes what was measured. While the ledger fails the reducers go on merging in place, so memory stays flat.
func (l *loop) drain() (all []correlate.Measurement) {
	for _, m := range l.measurers() {
		drained := m.Drain()
		l.naming.Measurements(drained)
		all = append(all, drained...)
	}
	width := int64(l.cfg.Resolution / time.Second)
	missed := l.opt.Tally.TakeMissed(width)
	l.naming.Measurements(missed)
	return append(append(all, missed...), l.opt.Tally.TakeRefused(window.Floor(l.ticked.Unix(), width))...)
}

// Recall implements engine.Keeper.
func (l *loop) Recall(facts []engine.Fact) (engine.Recall, error) {
	r, err := recallFor(context.Background(), l.engine, l.ledger, facts)
	l.trouble("recall what facts are about", err)
	return r, err
}

// Checkpoint implements engine.Keeper.
func (l *loop) Checkpoint(now time.Time, measured []correlate.Measurement) error {
	err := l.ledger.Checkpoint(context.Background(), now, measured)
	if !l.trouble("checkpoint", err) {
		l.saved++
		l.losses.note(measured, now)
	}
	return err
}

// Commit implements engine.Keeper.
func (l *loop) Commit(effects []correlate.Effect, applied int64) error {
	effects = l.rollbacks.With(l.decidedAt(), effects)
	err := l.ledger.CommitEffects(context.Background(), effects, l.outbox.rows(effects), applied)
	if !l.trouble("commit decisions", err) {
		l.rollbacks.Kept(effects)
	}
	return err
}

// decidedAt is the time of decisions that are made beside the engine's.
func (l *loop) decidedAt() time.Time {
	if l.ticked.IsZero() {
		return l.opt.Now().UTC()
	}
	return l.ticked.UTC()
}

// followRollbacks looks what became of the requests for rollbacks that stand.
func (l *loop) followRollbacks(now time.Time) {
	effects, err := l.rollbacks.Tick(now.UTC())
	if l.trouble("read requests for rollbacks", err) || len(effects) == 0 {
		return
	}
	if l.Commit(effects, 0) == nil {
		l.Publish(effects)
	}
}

// Publish implements engine.Keeper: it tells the sinks.
func (l *loop) Publish(effects []correlate.Effect) {
	effects = append(slices.Clip(effects), l.rollbacks.Added()...)
	for _, e := range effects {
		if e.Rollup != nil {
			l.losses.forgot(e.Rollup.Forgotten, l.ticked)
		}
	}
	l.numbers.Publish(effects)
	for _, s := range l.sinks {
		if p, follows := s.(sinks.Publisher); follows {
			p.Publish(effects)
		}
	}
	l.outbox.wake()
	l.marked(effects)
	l.rollbacks.Told(effects)
	l.log(effects)
}

func (l *loop) expire(now time.Time) {
	if now.Sub(l.expired) < expireEvery {
		return
	}
	l.expired = now
	fine, coarse := l.needed(now, l.cfg.engineConfig())
	l.trouble("expire old measurements", l.ledger.Expire(context.Background(), fine, coarse))
}

// trouble logs the first of a row of failures and the end of it.
func (l *loop) trouble(what string, err error) bool {
	switch {
	case err != nil && !l.failing:
		l.failing = true
		l.set.Logger.Error("the ledger fails; decisions wait until it works again", zap.String("step", what), zap.Error(err))
	case err == nil && l.failing:
		l.failing = false
		l.set.Logger.Info("the ledger works again", zap.String("step", what))
	}
	return err != nil
}

// log writes one line for each new revision of a verdict.
func (l *loop) log(effects []correlate.Effect) {
	for _, e := range effects {
		if v := e.Verdict; v != nil {
			l.set.Logger.Info("verdict",
				zap.String("change_id", v.ChangeID), zap.String("service", v.Service), zap.String("verdict", string(v.Outcome)),
				zap.String("reason", string(v.Reason)), zap.Int("revision", v.Revision), zap.Bool("final", v.Final))
		}
	}
}

// report publishes the daemon's health for readers.
func (l *loop) report(now time.Time) {
	s := l.engine.Stats()
	tally := l.opt.Tally
	tally.Add(correlate.Count{What: "cells", Result: "late"}, s.Late-l.seen.Late)
	tally.Add(correlate.Count{What: "cells", Result: "future"}, s.Future-l.seen.Future)
	l.seen = s
	l.status.Store(&sinks.Status{
		Now: now, Watermark: l.engine.Watermark(), TelemetryIdle: l.engine.Idle(),
		OpenWindows: l.engine.OpenWindows(), Series: l.engine.Memory().Series, Checkpoints: l.saved,
		QueuedInputs: l.driver.Pending(), Placebos: s.Placebos, FalseAlarms: s.FalseAlarms,
		Limits: l.limits(now), Archive: l.archived(),
	})
}

// limits is what the parts take and may take.
func (l *loop) limits(now time.Time) sinks.Limits {
	told := l.losses.limits(now)
	is := l.engine.Memory()
	told.Limit, told.Resident = l.memory.limit, resident()
	told.Heap, told.HeapMost = l.memory.heapLive(), l.memory.refuse
	told.Store, told.StoreMost, told.Full = is.Bytes, is.Budget, is.Full
	told.Uses = []correlate.Use{
		{Class: "services", Used: int64(is.Services)},
		{Class: "series", Used: int64(is.Series)},
		{Class: "series_apart", Used: int64(is.Apart)},
	}
	for _, m := range l.measurers() {
		told.Uses = append(told.Uses, m.Use()...)
	}
	return told
}

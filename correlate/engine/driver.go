package engine

import (
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/record"
)

// Keeper is where whoever drives an engine keeps what the engine must not lose. An error means "not yet": nothing has
// happened, and the Driver asks again.
type Keeper interface {
	// Recall returns the records that facts are about and that have left the engine's memory.
	Recall(facts []Fact) (Recall, error)
	// Checkpoint keeps measurements, and that they were all there was at an instant.
	Checkpoint(now time.Time, measured []correlate.Measurement) error
	// Commit keeps effects, and that the facts up to a sequence number are applied (0: none), both or neither. The same
	// effects may come twice when it is not known what became of the first time.
	Commit(effects []correlate.Effect, applied int64) error
	// Publish tells the world of effects that are kept.
	Publish(effects []correlate.Effect)
}

// Driver does what an Engine is owed, in the order in which it is owed:
//
//  1. What was decided is committed before anything else is decided, and published once it is committed. So the world
//     never learns of a decision that a restart would forget.
//  2. Records that facts are about and that have left memory are recalled before the facts are applied.
//  3. Measurements are folded before they are kept, and kept before they are applied. So a restored engine has seen what
//     a living one has, and memory stays flat when names are made up.
//  4. That nothing more was there at an instant is said with each tick, also when nothing was: a stretch in which it is
//     not said is one without coverage.
//  5. The tick comes last, so that what was measured before it is part of what it decides.
//
// While its Keeper fails a Driver decides nothing; what was drained is kept and asked for no more. A Driver must be used
// from one goroutine.
type Driver struct {
	engine   *Engine
	keeper   Keeper
	pending  []correlate.Effect // decided and not committed
	applied  int64              // the sequence number that goes with them
	measured []correlate.Measurement
}

// NewDriver drives an engine that is new or restored.
func NewDriver(e *Engine, k Keeper) *Driver { return &Driver{engine: e, keeper: k} }

// Pending is how many effects are not committed yet.
func (d *Driver) Pending() int { return len(d.pending) }

// Flush commits what is pending, and publishes it. An error is the Keeper's.
func (d *Driver) Flush() error {
	if len(d.pending) == 0 && d.applied == 0 {
		return nil
	}
	if err := d.keeper.Commit(d.pending, d.applied); err != nil {
		return err
	}
	d.keeper.Publish(d.pending)
	d.pending, d.applied = nil, 0
	return nil
}

// Facts applies facts that end with a sequence number. After an error they are to be offered again, once Flush has
// succeeded, unless they are applied by then.
func (d *Driver) Facts(facts []Fact, seq int64) error {
	if err := d.Flush(); err != nil {
		return err
	}
	r, err := d.keeper.Recall(facts)
	if err != nil {
		return err
	}
	if !r.empty() {
		d.engine.Apply(Input{Recall: &r})
	}
	d.pending, d.applied = d.engine.Apply(Input{Facts: facts}), seq
	if err := d.complete(); err != nil {
		return err
	}
	return d.Flush()
}

// complete says of changes that have left memory what was just decided of them. When that fails it is made up for with the next
// facts.
func (d *Driver) complete() error {
	if len(record.Missing(d.engine.book)) == 0 {
		return nil
	}
	r, err := d.keeper.Recall(nil)
	if err != nil {
		return err
	}
	d.engine.Apply(Input{Recall: &r})
	d.pending = append(d.pending, d.engine.Apply(Input{Facts: []Fact{}})...)
	return nil
}

// Rejudged applies what a retrial found. After an error nothing of it has happened, unless Flush commits it later.
func (d *Driver) Rejudged(found Rejudged) error {
	if err := d.Flush(); err != nil {
		return err
	}
	about := []Fact{{Fact: correlate.Fact{Change: &correlate.Change{ID: found.By}}}}
	for i := range found.Courses {
		about = append(about, Fact{Fact: correlate.Fact{Change: &found.Courses[i].Change}})
	}
	r, err := d.keeper.Recall(about)
	if err != nil {
		return err
	}
	if !r.empty() {
		d.engine.Apply(Input{Recall: &r})
	}
	d.pending = d.engine.Apply(Input{Rejudged: &found})
	return d.Flush()
}

// Past takes in what is told of the past. After an error it may be told once more.
func (d *Driver) Past(p Past) error {
	if err := d.Flush(); err != nil {
		return err
	}
	d.pending = d.engine.Apply(Input{Past: &p})
	return d.Flush()
}

// Tick takes in what was measured and has the engine decide what follows at an instant. Drain is not called while what it
// returned before is still to be kept.
func (d *Driver) Tick(now time.Time, drain func() []correlate.Measurement) error {
	if err := d.Flush(); err != nil {
		return err
	}
	if len(d.measured) == 0 {
		d.measured = d.engine.Fold(drain())
	}
	if err := d.keeper.Checkpoint(now, d.measured); err != nil {
		return err
	}
	if len(d.measured) > 0 {
		d.engine.Apply(Input{Measured: d.measured})
		d.measured = nil
	}
	d.engine.Apply(Input{Drained: now})
	d.pending = d.engine.Apply(Input{Tick: now})
	return d.Flush()
}

// Conclude ends every open window: nothing more will come.
func (d *Driver) Conclude() error {
	if err := d.Flush(); err != nil {
		return err
	}
	d.pending = d.engine.Conclude()
	return d.Flush()
}

// Recording is facts and measurements, each in the order of event time, and the stretch of time that they are about, in
// Unix seconds.
type Recording struct {
	Facts       []correlate.Fact
	Cells       []correlate.Measurement
	From, Until int64
}

// Replay drives an engine through a recording in event time, looking after every bucket, and returns what follows, in the
// order in which it was decided. Facts that are dated later than the end come at the end.
func Replay(e *Engine, r Recording) []correlate.Effect {
	k := &recorder{}
	d := NewDriver(e, k)
	for now := r.From; now <= r.Until; now += e.cfg.Resolution {
		r.Facts = k.facts(d, r.Facts, now, now)
		_ = d.Tick(at(now+e.cfg.Lateness), func() (drained []correlate.Measurement) {
			n := 0
			for n < len(r.Cells) && r.Cells[n].Start+e.cfg.Resolution <= now {
				n++
			}
			drained, r.Cells = r.Cells[:n], r.Cells[n:]
			return drained
		}) // a recorder does not fail
	}
	k.facts(d, r.Facts, never, r.Until)
	_ = d.Conclude()
	return k.effects
}

// recorder keeps everything in memory, and does not fail.
type recorder struct{ effects []correlate.Effect }

// facts applies those that happened by an instant one by one, and returns the others.
func (k *recorder) facts(d *Driver, facts []correlate.Fact, by, receivedAt int64) []correlate.Fact {
	for len(facts) > 0 && facts[0].EventTime().Unix() <= by {
		_ = d.Facts([]Fact{{Fact: facts[0], ReceivedAt: at(receivedAt)}}, 0)
		facts = facts[1:]
	}
	return facts
}

func (k *recorder) Recall([]Fact) (Recall, error)                          { return Recall{}, nil }
func (k *recorder) Checkpoint(time.Time, []correlate.Measurement) error    { return nil }
func (k *recorder) Commit(effects []correlate.Effect, applied int64) error { return nil }
func (k *recorder) Publish(effects []correlate.Effect)                     { k.effects = append(k.effects, effects...) }

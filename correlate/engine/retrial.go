package engine

import (
	"maps"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/record"
	"github.com/shipwake/shipwake/correlate/window"
)

// Stretch is the time that is to be judged once more because a change was reported late, in Unix seconds.
type Stretch struct {
	By       string // the change
	From, To int64  // what was decided in it may come out otherwise
	Fine     int64  // fine cells are needed from here on
	// open are the changes that are observed in it, derived those of them that are given what comes out.
	open, derived map[string]bool
}

// NewStretch is the stretch of a late change among all that are known of its time: its window, and the windows of those
// that were observed at some time in it. Of the latter, one that goes on for much longer is left as it was judged.
func NewStretch(cfg Config, late correlate.ChangeRecord, all []correlate.ChangeRecord) Stretch {
	of := cfg.records()
	from, end := everTold(of, late)
	s := Stretch{By: late.ID, From: window.Floor(from, cfg.Resolution), To: end, open: map[string]bool{}, derived: map[string]bool{}}
	for _, r := range all {
		to := of.WindowEnd(r.Change)
		if judgeable(r) && record.Began(r.Change) <= end && to > s.From && to <= end+2*(cfg.Watch+cfg.Judge.Grace) {
			s.derived[r.ID] = true
			s.To = max(s.To, to)
		}
	}
	oldest := s.From
	for _, r := range all {
		if from := record.Began(r.Change); judgeable(r) && from <= s.To && of.WindowEnd(r.Change) > s.From {
			s.open[r.ID] = true
			oldest = min(oldest, from)
		}
	}
	s.Fine = window.Floor(cfg.Cells().FineFrom(s.From, oldest), cfg.Resolution)
	return s
}

// everTold is from the first start that was told of a change to the last end of its window, as told by any of its reports
// that tell an end: where it is corrected, what was judged by what it had said may come out otherwise.
func everTold(of record.Config, c correlate.ChangeRecord) (from, to int64) {
	from, to = record.Began(c.Change), of.WindowEnd(c.Change)
	for _, r := range c.Reports {
		if from = min(from, record.Began(r.Said)); record.Finish(r.Said) > 0 {
			to = max(to, of.WindowEnd(r.Said))
		}
	}
	return from, to
}

// judgeable: the change is one of those that are given verdicts, in its time or from what is on disk.
func judgeable(r correlate.ChangeRecord) bool {
	return (record.Live(r) || record.Tried(r)) && (r.Phase == correlate.PhaseClosed || r.Phase == correlate.PhaseObserving || r.Rejudging)
}

// Known is what a ledger knows, to judge a stretch with.
type Known struct {
	Recall
	Regressions []correlate.Regression
}

// Retrial judges a stretch of the past with what is known now: an engine that is restored as it would have stood when the
// stretch began, and that lives through it. What it is given goes in this order: Rollup by start, Gap, Step for each bucket
// from Fine on until it is Over, Rejudged. It must be used from one goroutine.
type Retrial struct {
	Stretch
	e   *Engine
	now int64 // the end of the last bucket that was given
	// series are what the verdicts of each change that is derived are kept with.
	series map[string][]correlate.Series
}

// NewRetrial is a retrial with a configuration but for the memory that its measurements may take, in bytes.
func NewRetrial(cfg Config, memory int64, s Stretch, known Known) *Retrial {
	own := cfg
	own.Memory, own.LooksAtOnce, own.RequiredChecks = memory, 0, nil
	r := &Retrial{Stretch: s, e: New(own), now: s.Fine, series: map[string][]correlate.Series{}}
	r.e.digest = digestOf(cfg)
	changes := slices.Clone(known.Changes)
	changes = slices.DeleteFunc(changes, func(c correlate.ChangeRecord) bool { return !r.bears(c, known.Changes) })
	for i := range changes {
		changes[i].Checks, changes[i].RequiredChecks = nil, nil // what telemetry says is asked for
		if s.open[changes[i].ID] {
			changes[i].Phase, changes[i].Rejudging = correlate.PhaseObserving, false
		}
	}
	r.e.RestoreRecords(Recall{Changes: changes, Incidents: known.Incidents, Revisions: known.Revisions},
		slices.DeleteFunc(slices.Clone(known.Regressions), func(f correlate.Regression) bool { return f.DecidedAt.Unix() > r.start() }))
	return r
}

// bears says that a change began before the end, or took back or is another report of one that did.
func (r *Retrial) bears(c correlate.ChangeRecord, all []correlate.ChangeRecord) bool {
	return record.Began(c.Change) <= r.To || slices.ContainsFunc(all, func(o correlate.ChangeRecord) bool {
		return o.RolledBackBy == c.ID && record.Began(o.Change) <= r.To
	})
}

// start is the watermark at which the stretch begins.
func (r *Retrial) start() int64 { return r.From - r.e.cfg.Lateness }

// Rollup gives a closed coarse bucket of before. Those that were not closed when the stretch began are left out.
func (r *Retrial) Rollup(b correlate.Rollup) {
	cfg := &r.e.cfg
	if b.Start < r.From-cfg.CoarseKeep || b.Start+cfg.Coarse > window.Floor(r.start()-cfg.AllowedLateness, cfg.Coarse) {
		return
	}
	b.Forgotten = slices.DeleteFunc(slices.Clone(b.Forgotten), func(f correlate.Forgetting) bool {
		return f.Place == correlate.Place{} // what went in the course of time is back
	})
	r.e.RestoreRollup(b)
}

// Gap says that nothing was taken in for a stretch of time.
func (r *Retrial) Gap(s window.Span) { r.e.Apply(Input{Gap: s}) }

// Now is the end of the bucket that the next Step is about.
func (r *Retrial) Now() int64 { return r.now + r.e.cfg.Resolution }

// Step gives what was measured in the bucket that ends at Now. Once that lies in the stretch, it is judged.
func (r *Retrial) Step(cells []correlate.Measurement) {
	r.now = r.Now()
	now := at(r.now)
	if r.now <= r.From {
		r.e.RestoreCheckpoint(now, cells)
		if r.now == r.From {
			r.begin()
		}
		return
	}
	if len(cells) > 0 {
		r.e.Apply(Input{Measured: r.e.Fold(cells)})
	}
	r.e.Apply(Input{Drained: now})
	for _, eff := range r.e.Apply(Input{Tick: now}) {
		if s := eff.Series; s != nil && r.derived[s.ChangeID] {
			r.series[s.ChangeID] = append(r.series[s.ChangeID], *s)
		}
	}
}

// begin takes the changes back to where they stood when the stretch began.
func (r *Retrial) begin() {
	for id := range r.open {
		if c := r.e.change(id); c != nil {
			c.cutAt(r.start())
			r.e.altered(c.place())
		}
	}
	r.e.Resume(time.Time{})
}

// cutAt takes a change back to where it stood at an instant.
func (c *change) cutAt(t int64) {
	n := 0
	for n < len(c.course) && c.course[n].DecidedAt.Unix() <= t {
		n++
	}
	c.course = c.course[:n:n]
	c.issued, c.rec.Verdict = slices.Clone(c.course), nil
	if v := c.verdict(); v != nil {
		shown := *v
		c.rec.Verdict = &shown
		if v.Final {
			c.rec.Phase = correlate.PhaseClosed // it was superseded before its window was over
		}
	}
}

// Over says that everything in the stretch is judged.
func (r *Retrial) Over() bool { return r.e.mark.At >= r.To }

// Rejudged is what came out, of the changes whose window is over. It leaves nothing of the retrial to be used again.
func (r *Retrial) Rejudged() Rejudged {
	out := Rejudged{By: r.By, From: r.From, To: r.To}
	for _, id := range slices.Sorted(maps.Keys(r.derived)) {
		if c := r.e.change(id); c != nil && c.rec.Phase == correlate.PhaseClosed {
			out.Courses = append(out.Courses, Course{Change: c.rec.Change, Verdicts: c.course, Series: r.series[id]})
		}
	}
	for _, p := range slices.SortedFunc(maps.Keys(r.e.faults.known), place.Compare) {
		for _, f := range r.e.faults.known[p] {
			if f.DecidedAt.Unix() > r.From {
				out.Regressions = append(out.Regressions, f)
			}
		}
	}
	return out
}

// Package observe answers: what is a change compared with?
//
// Often several instrumentations tell the same requests: spans within seconds, a metric once a minute, a collector that makes
// metrics of the spans. They are never added up nor mixed in one comparison. Which one counts is a property of a service and
// the time before a change, decided by what was told there: the finest of those that tell all of the requests. So it is the
// same at every look, whatever else arrives and in whichever order, and what it proved isn't taken back by one that tells
// later or less often. Only one that ends while others go on, or doesn't tell the version that came, is given up. See
// preferred.
//
// Silence is a loss of requests only where telemetry would have come: something else was heard on the same way, and no other
// instrumentation tells of requests in that time. See lost.
package observe

import (
	"cmp"
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/record"
)

// Subject is what judging depends on of a change, and all that it depends on. Times are in Unix seconds.
type Subject struct {
	ID              string
	Place           correlate.Place
	Kind            correlate.Kind
	Version, Commit string
	Digest          string
	Start           int64
	Finish          int64 // the rollout was complete; 0 while it runs
	End             int64 // its observation window closes; 0 while that lies ahead, see At
	Zones           []Step
	// Live: it reached users, or is reaching them. It is not another report of a change, and it was neither cancelled nor
	// did it fail, or only after it had reached users.
	Live bool
	// Failed is when a rollout was given up that may have reached users; 0 when none was. It is live until then, and after
	// that if it was found to hurt.
	Failed int64
	// Rollback: it takes an earlier change back. Undone is the change that took this one back.
	Rollback bool
	Undone   Undo
	// Objections are when the incidents that are held against it were opened, sorted; 0 where that isn't known.
	Objections []int64
	// Decided is what was decided of it, in order.
	Decided []Decision

	reported Digest // of what its reports tell, 0 where that wasn't asked for
}

// Step is a zone that a change reached. Reached 0 is since its start.
type Step struct {
	Name    string
	Reached int64
}

// Undo is the change that takes another one back; ID "" is none.
type Undo struct {
	ID    string
	Start int64
	// Done is when it was complete and had succeeded; 0 while it has not.
	Done int64
	// Unknown: nothing but its id is known.
	Unknown bool
}

// Decision is a verdict as far as later judging depends on it.
type Decision struct {
	At               int64
	Outcome          correlate.Outcome
	Reason           correlate.Reason
	Final            bool
	Onset, Recovered int64 // 0 when there is none
}

// Lasts says that its service was at fault, whosever that is, and hadn't recovered.
func (d Decision) Lasts() bool { return d.Final && d.Onset != 0 && d.Recovered == 0 }

// Never is later than every instant.
const Never = math.MaxInt64

// Convicts says that the change was held responsible.
func (d Decision) Convicts() bool { return d.Outcome == correlate.Regressed }

// NewSubject is what a record tells. When its window closes, what undoes it, which incidents are held against it and what
// was decided of it are for the caller to fill in.
func NewSubject(rec *correlate.ChangeRecord) Subject {
	s := Subject{
		ID: rec.ID, Place: correlate.Place{Service: rec.Service, Environment: rec.Environment},
		Kind: rec.Kind, Version: rec.Version, Commit: rec.Commit, Digest: rec.Digest,
		Start: rec.Start().Unix(), Finish: record.Finish(rec.Change),
		Live: record.Live(*rec), Rollback: rec.Rollback,
	}
	if record.Tried(*rec) {
		s.Live, s.Failed = true, s.Finish
	}
	for _, z := range rec.Zones {
		step := Step{Name: z.Name}
		if !z.ReachedAt.IsZero() {
			step.Reached = z.ReachedAt.Unix()
		}
		s.Zones = append(s.Zones, step)
	}
	return s
}

// RollsOut: it brings a version.
func (s *Subject) RollsOut() bool {
	return s.Kind == correlate.KindDeployment || s.Kind == correlate.KindRollback
}

// AtOnce: a flag or a setting reaches instances that keep running, so that nothing has to warm up.
func (s *Subject) AtOnce() bool {
	return s.Kind == correlate.KindFeatureFlag || s.Kind == correlate.KindConfig
}

// Verdict is the latest decision, the zero value when there is none.
func (s *Subject) Verdict() Decision {
	if n := len(s.Decided); n > 0 {
		return s.Decided[n-1]
	}
	return Decision{}
}

// AtFault: by an instant it was held responsible for a fault that had begun by an earlier one, and that lasted.
func (s *Subject) AtFault(begun, t int64) bool {
	n := decidedBy(s.Decided, t)
	if n == 0 {
		return false
	}
	d := s.Decided[n-1]
	return d.Convicts() && d.Onset <= begun && d.Recovered == 0
}

func (s *Subject) convicted() bool { return s.Verdict().Convicts() }

// At is the subject as far as it was known by an instant: nothing before it began, and no finish, zone, rollback,
// incident, decision or end of its window that came later. That it failed in the end shows from the beginning. It shares
// memory with the subject.
func (s *Subject) At(t int64) Subject {
	if s.Start >= t {
		return Subject{}
	}
	known := *s
	known.reported = 0
	if s.Finish > t {
		known.Finish = 0
	}
	if s.End > t {
		known.End = 0
	}
	known.Zones = stepsBy(s.Zones, t)
	known.Undone = s.Undone.by(t)
	n, _ := slices.BinarySearch(s.Objections, t+1)
	known.Objections = s.Objections[:n:n]
	known.Decided = s.Decided[:decidedBy(s.Decided, t)]
	if s.Failed > 0 {
		known.Live = t < s.Failed || known.convicted()
	}
	return known
}

// stepsBy are the zones that were reached by an instant. They are copied only where some were reached later.
func stepsBy(steps []Step, t int64) []Step {
	later := func(z Step) bool { return z.Reached > t }
	if !slices.ContainsFunc(steps, later) {
		return steps
	}
	return slices.DeleteFunc(slices.Clone(steps), later)
}

func (u Undo) by(t int64) Undo {
	if !u.Unknown && u.Start > t {
		return Undo{}
	}
	if u.Done > t {
		u.Done = 0
	}
	return u
}

func decidedBy(all []Decision, t int64) int {
	n, _ := slices.BinarySearchFunc(all, t+1, func(d Decision, at int64) int { return cmp.Compare(d.At, at) })
	return n
}

// Hash is the same for subjects on which judging depends in the same way, and for no others.
func (s *Subject) Hash() uint64 {
	d := NewDigest()
	d.Reported(s)
	d.Ints(s.End, flag(s.Live), s.Failed, flag(s.Rollback))
	d.Words(s.Undone.ID)
	d.Ints(s.Undone.Start, s.Undone.Done, flag(s.Undone.Unknown), int64(len(s.Objections)))
	d.Ints(s.Objections...)
	d.Ints(int64(len(s.Decided)))
	for _, v := range s.Decided {
		d.Words(string(v.Outcome), string(v.Reason))
		d.Ints(v.At, flag(v.Final), v.Onset, v.Recovered)
	}
	return uint64(d)
}

// AlikeUntil is the last instant up to which two subjects are known as the same, Never when they always are. What was
// judged at or before it depends on neither of what they differ in. A subject that doesn't exist is the zero value.
func AlikeUntil(a, b *Subject) int64 {
	moments := slices.Concat(a.moments(), b.moments())
	slices.Sort(moments)
	for _, t := range slices.Compact(moments) {
		x, y := a.At(t), b.At(t)
		if x.Hash() != y.Hash() {
			return t - 1
		}
	}
	return Never
}

// moments are the instants from each of which more is known of a subject.
func (s *Subject) moments() []int64 {
	if s.ID == "" {
		return nil
	}
	first := s.Start + 1
	all := []int64{first, s.Finish, s.Failed, s.End, s.Undone.Start, s.Undone.Done}
	for _, z := range s.Zones {
		all = append(all, z.Reached)
	}
	all = append(all, s.Objections...)
	for _, v := range s.Decided {
		all = append(all, v.At)
	}
	for i, t := range all {
		all[i] = max(t, first)
	}
	return all
}

package dora

import (
	"math"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// key stands for an id: its 64-bit FNV-1a hash, 0 for none. Ids of one hash would be one; among a million that happens
// once in 40 million times.
type key uint64

func keyOf(id string) key {
	if id == "" {
		return 0
	}
	const offset, prime = 14695981039346656037, 1099511628211
	h := uint64(offset)
	for i := range len(id) {
		h = (h ^ uint64(id[i])) * prime
	}
	return key(h)
}

// instant is a time in nanoseconds since 1970.
type instant int64

// never is the instant of a time that isn't known.
const never instant = math.MinInt64

// The first and the last time that is an instant; what lies beyond is taken for them.
var firstTime, lastTime = time.Unix(0, math.MinInt64+1), time.Unix(0, math.MaxInt64)

func instantOf(t time.Time) instant {
	switch {
	case t.IsZero():
		return never
	case t.Before(firstTime):
		return never + 1
	case t.After(lastTime):
		return math.MaxInt64
	}
	return instant(t.UnixNano())
}

func (i instant) time() time.Time {
	if i == never {
		return time.Time{}
	}
	return time.Unix(0, int64(i)).UTC()
}

// since is the time from o to i; the longest there is when it is longer.
func (i instant) since(o instant) time.Duration {
	d := i - o
	switch {
	case i >= o && d < 0:
		return math.MaxInt64
	case i < o && d > 0:
		return math.MinInt64
	}
	return time.Duration(d)
}

// row is what counts of a change.
type row struct {
	id                key
	completion, start instant
	traits            uint32
	marks             marks
	commits           uint32 // where those that it carries begin
	carries           uint16 // how many these are
	revision          uint16 // of its verdict, as far as it can be told
}

// carried is a commit that a change carries. The lowest bit of the hash says whether the change brought it first.
type carried struct {
	sha      key
	authored instant
}

const arrived key = 1

// marks are what a row says with yes or no.
type marks uint32

const (
	rollout marks = 1 << iota
	rollback
	redeployed
	started
	succeeded
	failed
	served
	hotfix
	answering // it names an incident that it answers
	incidents // some are held against it, by its own record
	takenBack
	observing
	historic
	// Of the verdict:
	judged
	regressed
	inconclusive
	// Worked out from the other rows of the site:
	hurt
	rework
	// There is a detail.
	detailed
	// What people say:
	overruled // that it was not this change
	blamed    // that it was this one, and not another
)

// ofVerdict are the marks that come from the verdict.
const ofVerdict = judged | regressed | inconclusive

func (m marks) has(any marks) bool { return m&any != 0 }

// live is isLive of a row.
func (m marks) live() bool {
	return m.has(rollout) && (m.has(succeeded|served) || !m.has(started) && m.guilty())
}

// guilty is isRegressed of a row.
func (m marks) guilty() bool { return m.has(regressed) && !m.has(overruled) }

func (m *marks) set(mark marks, is bool) {
	if is {
		*m |= mark
	}
}

func marksOf(c *correlate.ChangeRecord) (m marks) {
	m.set(rollout, isRollout(c))
	m.set(rollback, isRollback(c))
	m.set(redeployed, c.Redeploy)
	m.set(started, c.Status == correlate.StatusStarted)
	m.set(succeeded, c.Status == correlate.StatusSucceeded)
	m.set(failed, c.Status == correlate.StatusFailed)
	m.set(served, c.Served)
	m.set(hotfix, isHotfix(c))
	m.set(answering, c.Labels[LabelIncident] != "")
	m.set(incidents, len(c.Incidents) > 0)
	m.set(takenBack, c.RolledBackBy != "")
	m.set(observing, c.Phase == correlate.PhaseObserving)
	m.set(historic, c.Phase == correlate.PhaseHistory)
	m.set(overruled, c.Overruled() != nil)
	m.set(blamed, len(c.BlamedFor) > 0)
	return m
}

// supersededBy says whether a verdict takes the place of the one that the row has, or is that one.
func (r *row) supersededBy(v *correlate.Verdict) bool {
	return !r.marks.has(judged) || revisionOf(v) >= r.revision
}

func revisionOf(v *correlate.Verdict) uint16 { return uint16(min(v.Revision, math.MaxUint16)) }

// judge notes a verdict: in the row what it says, in the detail what it is held against.
func (r *row) judge(v *correlate.Verdict, d *detail, word func(string) string) {
	r.revision = revisionOf(v)
	r.marks = r.marks&^ofVerdict | judged
	r.marks.set(regressed, v.Outcome == correlate.Regressed)
	r.marks.set(inconclusive, v.Outcome == correlate.Inconclusive)
	d.seen, d.convicted = never, never
	if v.DetectedAt != nil && r.marks.has(regressed) {
		d.convicted = instantOf(*v.DetectedAt)
	}
	if v.RecoveredAt != nil {
		d.seen = instantOf(*v.RecoveredAt)
	}
	d.evidence = nil
	switch {
	case r.marks.has(rollback | hotfix): // what it repairs may be seen in it still
		d.evidence = telling(v.Evidence, word)
	case r.marks.has(regressed):
		d.evidence = telling(v.Evidence[:min(1, len(v.Evidence))], word)
	}
}

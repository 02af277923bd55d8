package record

import (
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/window"
)

const (
	// GroupSlack is how far the accounts that several sources give of one rollout may lie apart, in seconds.
	GroupSlack = 600
	// longest is how much of a rollout counts when accounts of it are looked for, in seconds from its start.
	longest = 24 * 3600
)

// timeline is rollouts of a place by when they began.
type timeline struct {
	index[*Change]
	most   int           // see limits.group
	begun  map[int64]int // how many began in each stretch of GroupSlack
	length int64         // of the longest one there ever was
}

func newTimeline(most int) timeline { return timeline{most: most, begun: map[int64]int{}} }

// stretch is the part of the time that counts towards limits.group at an instant.
func stretch(at int64) int64 { return window.Floor(at, GroupSlack) }

func (t *timeline) crowded(at int64) bool { return t.begun[stretch(at)] > t.most }

func (t *timeline) add(c *Change) {
	k := key{c.own().Start(), c.Record.ID}
	c.timed = &k
	t.insert(k, c)
	t.begun[stretch(Began(*c.own()))]++
	t.length = max(t.length, spanEnd(*c.own())-Began(*c.own()))
}

func (t *timeline) remove(c *Change) {
	t.index.remove(*c.timed)
	s := stretch(c.timed.at.Unix())
	if t.begun[s]--; t.begun[s] == 0 {
		delete(t.begun, s)
	}
	c.timed = nil
}

// in are the rollouts that began in the stretch of an instant.
func (t *timeline) in(at int64) (all []*Change) {
	s := stretch(at)
	for i := range t.from(key{at: time.Unix(s, 0)}) {
		if i.at.Unix() >= s+GroupSlack {
			break
		}
		all = append(all, i.of)
	}
	return all
}

// visit calls for the rollouts that began in [from, to], those of crowded stretches left out. It returns how many it
// looked at.
func (t *timeline) visit(from, to int64, each func(*Change)) (steps int) {
	for next := from; next <= to; {
		begin := next
		next = to + 1
		for i := range t.from(key{at: time.Unix(begin, 0)}) {
			steps++
			at := i.at.Unix()
			if at > to {
				break
			}
			if t.crowded(at) {
				next = stretch(at) + GroupSlack
				break
			}
			each(i.of)
		}
	}
	return steps
}

// spanEnd is the end of a rollout as far as it counts for finding other accounts of it.
func spanEnd(c correlate.Change) int64 { return min(Ended(c), Began(c)+longest) }

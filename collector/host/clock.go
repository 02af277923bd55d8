package host

import (
	"time"
)

// stepped is by how much the machine's clock may differ between two looks from the time that has passed before that is
// taken for a step.
const stepped = 10 * time.Second

// clock is the time that the engine goes by. A step of the machine's clock is followed when what comes in agrees with
// the new time rather than with the old one, and disbelieved for as long as it doesn't: no window closes because a clock
// was set wrong.
type clock struct {
	start time.Time // carries the monotonic reading
	told  time.Time // the time at the last look
	after time.Duration
	off   time.Duration // how far the machine's clock is from the time told; 0 while it is believed
}

func newClock(now time.Time) *clock { return &clock{start: now, told: now.Round(0)} }

// look is the time at an instant that was read from the machine's clock, wall and monotonic. newest is the newest event
// time known, zero before the first.
func (c *clock) look(read, newest time.Time) time.Time {
	return c.tell(read.Round(0), read.Sub(c.start), newest)
}

// tell is the time, given the machine's clock and the time that has passed since the start.
func (c *clock) tell(wall time.Time, passed time.Duration, newest time.Time) time.Time {
	due := c.told.Add(passed - c.after)
	c.off = wall.Sub(due)
	if c.off.Abs() <= stepped || (!newest.IsZero() && newest.Sub(wall).Abs() < newest.Sub(due).Abs()) {
		due, c.off = wall, 0
	}
	c.told, c.after = due, passed
	return due
}

package correlate

import (
	"strings"
	"time"
)

// Held is a delivery that was kept with a Problem and not applied: in quarantine. It is parsed again by every release
// that hasn't tried yet, and at Due; once it can be mapped, and none of its facts is dated in the future any more, its
// facts are applied as if they had been read when it was received.
type Held struct {
	Number      int64 // its place in the ledger
	Source, ID  string
	Event       string
	ContentType string
	ReceivedAt  time.Time
	Bytes       int64
	Problem     string    // why, as it was last seen
	Release     string    // the release that last tried; "" when none has
	Due         time.Time // when its time has come, if it is dated in the future; zero otherwise
}

// Retry is what came of parsing a held delivery again: its facts, or a Problem and perhaps when to try again.
type Retry struct {
	Number  int64
	Facts   []Fact
	Problem string    // "" releases it
	Due     time.Time // zero: not before the next release
}

// IsFuture tells whether the delivery is held because it is dated in the future.
func (d Delivery) IsFuture() bool { return strings.HasPrefix(d.Problem, "future: ") }

// Again decides what becomes of a held delivery that was parsed again at an instant: it is released when it can be
// mapped and the time of all its facts has come.
func (d Delivery) Again(now time.Time) Retry {
	if d.Problem != "" {
		return Retry{Problem: d.Problem}
	}
	if len(d.Facts) == 0 {
		return Retry{Problem: "unmapped: it holds no change and no incident"}
	}
	var last time.Time
	for _, f := range d.Facts {
		last = latest(last, f.EventTime())
	}
	// Within what clocks may differ by it would have been taken at once. Beyond, its time has to come.
	if last.Sub(d.ReceivedAt) > MaxAhead && last.After(now) {
		return Retry{Problem: d.HoldFuture().Problem, Due: last}
	}
	return Retry{Facts: d.Facts}
}

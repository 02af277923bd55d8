// Package window answers: when is a stretch of event time complete?
//
// Event time decides; the wall clock enters only as the argument of Advance. Silence is never inferred by a reader: it
// is announced once, as a value that the caller records.
package window

// Floor is the start of the bucket that holds t, for buckets of the given width. All values are Unix seconds.
func Floor(t, width int64) int64 {
	r := t % width
	if r < 0 {
		r += width
	}
	return t - r
}

// Span is a half-open stretch of event time [From, To) in Unix seconds.
type Span struct{ From, To int64 }

// Overlap is the number of seconds that two spans share.
func (s Span) Overlap(o Span) int64 {
	return max(0, min(s.To, o.To)-max(s.From, o.From))
}

// Watermark follows how far event time is complete: everything that happened before it is expected to have arrived.
// The zero value is at the beginning of time.
type Watermark struct {
	Newest int64 // newest event time seen
	At     int64 // the watermark; it never moves back
	Idle   bool
	// IdleFrom is the newest event time when the silence began.
	IdleFrom int64
}

// Observe takes note of an event.
func (w *Watermark) Observe(eventTime int64) { w.Newest = max(w.Newest, eventTime) }

// Shift says what a step of the clock did to idleness.
type Shift int

// The shifts. WentIdle and CameBack are to be recorded by the caller.
const (
	Unchanged Shift = iota
	WentIdle
	CameBack
)

// Advance moves the watermark to min(newest event, now) − lateness, floored to the bucket width; while nothing has
// been seen for idleAfter it follows the clock instead, so that silence can't hold windows open.
func (w *Watermark) Advance(now, lateness, idleAfter, width int64) Shift {
	shift := Unchanged
	silent := w.Newest < now-idleAfter
	switch {
	case silent && !w.Idle:
		w.Idle, w.IdleFrom, shift = true, w.Newest, WentIdle
	case !silent && w.Idle:
		w.Idle, shift = false, CameBack
	}
	reached := min(w.Newest, now)
	if w.Idle {
		reached = now
	}
	w.At = max(w.At, Floor(reached-lateness, width))
	return shift
}

// Complete moves the watermark to the newest event, floored to the bucket width: everything has arrived.
func (w *Watermark) Complete(width int64) { w.At = max(w.At, Floor(w.Newest, width)) }

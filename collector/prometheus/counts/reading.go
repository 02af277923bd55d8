package counts

import (
	"slices"

	"github.com/shipwake/shipwake/collector/prometheus/native"
)

// reading is what a scrape came to. A histogram may be told twice, as a classic one and as a native one: one of them counts.
type reading struct {
	at      int64
	replica string
	classic *Increment // the whole count; nil when it isn't told, or doesn't add up
	native  *native.Histogram
}

// read is what a snapshot comes to; nil when nothing is known.
func (g *Group[T]) read(s *snapshot) *reading {
	r := &reading{at: s.at, replica: s.replica, native: s.native}
	if inc, ok := g.classic(s); ok {
		r.classic = &inc
	}
	if r.classic == nil && r.native == nil {
		return nil
	}
	return r
}

// whole is all that was counted. A native histogram knows more of durations.
func (r *reading) whole() (inc Increment) {
	if r.native != nil {
		inc = ofNative(r.native)
	} else {
		inc = *r.classic
	}
	inc.To = r.at
	return inc
}

// ofNative is what a native histogram counted, as a classic one where it has bounds of its own.
func ofNative(h *native.Histogram) Increment {
	inc := Increment{Value: int64(h.Total()), Sum: h.Sum}
	if h.Custom {
		inc.Bounds, inc.Buckets = h.Explicit()
	} else {
		inc.Native = h
	}
	return inc
}

// again says that whoever sends the reading knows that it counts from nothing since the one before.
func (r *reading) again(before *reading) bool {
	return r.native != nil && r.native.Hint == native.Reset && r.replica == before.replica
}

// how one reading follows another.
type how uint8

const (
	grew  how = iota
	fell      // something did: a reset
	other     // the buckets are others
)

// since is what a reading adds to the one before, by what both tell.
func (r *reading) since(before *reading) (added Increment, is how) {
	switch {
	case r.native != nil && before.native != nil:
		if h, ok := r.native.Since(before.native); ok {
			return ofNative(h), grew
		}
		return added, fell
	case r.classic == nil || before.classic == nil:
		if now, then := r.whole(), before.whole(); now.Value < then.Value {
			return added, fell
		}
		return added, other
	case !slices.Equal(before.classic.Bounds, r.classic.Bounds):
		return added, other
	case r.classic.less(before.classic):
		return added, fell
	}
	added = *r.classic
	added.subtract(before.classic)
	return added, grew
}

package observe

import (
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/cells"
	"github.com/shipwake/shipwake/correlate/window"
)

const (
	// mostOf is which part of what the fullest account tells makes another one complete, in eighths: health checks that aren't
	// traced may lack, a sample or the spans of one route are no match.
	mostOf = 6
	// finer is by how much more cells an account must fill to be the finer one, in halves.
	finer = 3
	// minute is how long most exporters of metrics count before they tell, in seconds. An account is waited for no longer than
	// interval: one that missed two exports tells for three. After settling a coarse one has told often enough to prove
	// something by itself.
	minute, interval, settling = 60, 3 * minute, 4 * minute
	// enough is how many requests an account must have missed to be taken for ended: fewer prove nothing. A cell counts of
	// which it told less than one in scant.
	enough, scant = 50, 4
)

// account is one instrumentation's account of the same requests, with what a watch remembers of it.
type account struct {
	key cells.Key
	*cells.Stream
	kept *track
}

// singly: it tells each request when that ends. Others count for an interval, and tell then.
func (a *account) singly() bool {
	return a.key.Origin == correlate.OriginSpan || a.key.Origin == correlate.OriginClientSpan
}

// teller is an account with what it told around a change.
type teller struct {
	account
	told
}

// preferred picks the account to count requests by: the finest of those that are complete. What decides is what they told
// before the change, which doesn't change any more, so that all looks at a change count by the same one. A coarser account,
// whose first cell since the change comes a minute later, takes nothing back of what a finer one proved.
//
//  1. Complete is what told most of the requests before the change that any account told. What told none there is only where
//     the others hardly tell any since. Where none told any, what they told since decides.
//  2. The finest is the one that tells versions apart, else the one that tells requests singly, else the one that fills more
//     cells, else the most trusted.
//  3. It is given up once another account told requests, in all or of the version that came, for an interval and longer and
//     it hardly told any: then it is taken for ended from the change on, also when it comes back.
//
// The views are sorted by trust.
func preferred(w *Watch, views []account, from, now int64) (best account, ok bool) {
	if len(views) == 1 && w.toldBefore(views[0]) {
		return views[0], true // whatever it told since
	}
	var room [8]teller
	all := room[:0]
	for _, v := range views {
		t := teller{v, w.told(v, from, now)}
		if w.late(&t) {
			t.before = amount{} // another one wouldn't have told yet
		}
		if t.before.requests+t.after.requests > 0 {
			all = append(all, t)
		}
	}
	if len(all) == 0 {
		return account{}, false
	}
	var left [8]teller
	rest := append(left[:0], all...)
	for len(rest) > 1 {
		i := w.finest(rest, from, now)
		if !w.ended(&rest[i], all, now) {
			return rest[i].account, true
		}
		rest = append(rest[:i], rest[i+1:]...)
	}
	return rest[0].account, true
}

// late says that an account that tells requests singly told the first of them so shortly before the change that others wouldn't
// have told yet.
func (w *Watch) late(t *teller) bool { return t.singly() && t.told.first > w.start-minute }

// toldBefore says that an account is known to have told requests before the change.
func (w *Watch) toldBefore(a account) bool {
	t := teller{a, a.kept.told}
	return t.told.counted && t.told.before.requests > 0 && !w.late(&t)
}

// finest is the place of the finest of the complete accounts or, where none is, of the one that told most.
func (w *Watch) finest(all []teller, from, now int64) int {
	best, fullest := -1, 0
	for i := range all {
		if w.complete(&all[i], all, from, now) && (best < 0 || all[i].finerThan(&all[best])) {
			best = i
		}
		if all[i].before.requests > all[fullest].before.requests {
			fullest = i
		}
	}
	if best < 0 {
		return fullest
	}
	return best
}

// complete says that no account told many more requests.
func (w *Watch) complete(t *teller, all []teller, from, now int64) bool {
	for i := range all {
		o := &all[i]
		mine, others := t.before.cells > 0, o.before.cells > 0
		switch {
		case o.Stream == t.Stream:
		case mine && others && !w.toldMost(t, o, from),
			!others && !w.tellsMost(t, o, now),
			!mine && others && w.tellsMost(o, t, now):
			return false
		}
	}
	return true
}

// toldMost says that before the change an account told most of what another one did, up to when both had told, and went on as
// long.
func (w *Watch) toldMost(t, o *teller, from int64) bool {
	until := min(t.last, o.last) + 1
	mine, others := cells.Requests(t.Total().Between(from, until)), cells.Requests(o.Total().Between(from, until))
	return 8*mine >= mostOf*others && t.last+interval >= o.last
}

// tellsMost says the same of the time since the change, once they have settled. That is asked now and then only, so that it
// doesn't waver.
func (w *Watch) tellsMost(t, o *teller, now int64) bool {
	settled := w.start + settling
	at := w.start + window.Floor(now-w.start, settling)
	mine, others := cells.Requests(t.Total().Between(settled-interval, at)), cells.Requests(o.Total().Between(settled, at))
	return 8*mine >= mostOf*others
}

func (t *teller) finerThan(o *teller) bool {
	if t.versioned != o.versioned {
		return t.versioned
	}
	if t.singly() != o.singly() {
		return t.singly()
	}
	mine, others := t.before.cells, o.before.cells
	if mine == 0 && others == 0 {
		mine, others = t.after.cells, o.after.cells
	}
	return 2*mine > finer*others
}

// told is what a stream told of requests around a change, up to an instant.
type told struct {
	counted       bool
	versioned     bool // it told versions before the change
	before, after amount
	first, last   int64 // when the first and the last cell before the change start
	until         int64
}

// amount is so many requests in so many cells.
type amount struct{ requests, cells int64 }

func (a *amount) add(some []correlate.Cell) {
	a.requests, a.cells = a.requests+cells.Requests(some), a.cells+int64(len(some))
}

// told is what an account told from an instant to the change, and since.
func (w *Watch) told(a account, from, now int64) told {
	t, s := &a.kept.told, a.Stream
	if !t.counted || now < t.until {
		fresh := told{counted: true, until: w.start}
		before := s.Total().Between(from, w.start)
		if fresh.before.add(before); len(before) > 0 {
			fresh.first, fresh.last = before[0].Start, before[len(before)-1].Start
		}
		fresh.versioned = s.Versioned(w.start)
		if t.counted {
			fresh.count(s, now)
			return fresh
		}
		*t = fresh
	}
	t.count(s, now)
	return *t
}

func (t *told) count(s *cells.Stream, now int64) {
	t.after.add(s.Total().Between(t.until, now))
	t.until = max(t.until, now)
}

// ended says that another account told requests that an account didn't tell.
func (w *Watch) ended(t *teller, all []teller, now int64) bool {
	for i := range all {
		if o := &all[i]; o.Stream != t.Stream && w.missed(t.account, o.Stream, now) >= enough {
			return true
		}
	}
	return false
}

// missed is how many requests one account told since the change, up to an instant, and another one didn't.
type missed struct{ all, fresh, until int64 }

func (w *Watch) missed(a account, o *cells.Stream, now int64) int64 {
	t, s := a.kept, a.Stream
	if t.missed == nil {
		t.missed = map[*cells.Stream]*missed{}
	}
	m, to := t.missed[o], max(w.start, now-interval)
	if m == nil || to < m.until {
		m = &missed{until: w.start}
	}
	if t.missed[o] == nil {
		t.missed[o] = m
	}
	m.all += untold(s.Total(), o.Total(), m.until, to)
	if v := o.Version(w.version); v != nil && w.version != "" {
		m.fresh += untold(s.Version(w.version), v, m.until, to)
	}
	m.until = to
	return max(m.all, m.fresh)
}

// untold is how many of the requests that one series tells in a stretch of time another one, which may be nil, doesn't: it
// tells nothing to speak of within an interval before or after.
func untold(s, by *cells.Series, from, to int64) (n int64) {
	for _, c := range by.Between(from, to) {
		own := int64(0)
		if s != nil {
			own = cells.Requests(s.Between(c.Start-interval, c.Start+interval))
		}
		n += max(0, c.Requests-scant*own)
	}
	return n
}

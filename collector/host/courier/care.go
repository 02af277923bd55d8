package courier

import (
	"errors"
	"sync"
	"time"

	"github.com/shipwake/shipwake/correlate/ledger"
	"github.com/shipwake/shipwake/sinks"
)

const (
	// firstPause doubles with each failure up to longestPause; longestAsked bounds what a receiver may ask for.
	firstPause   = time.Second
	longestPause = 5 * time.Minute
	longestAsked = time.Hour
	// mostRefusals is how often a message is offered to a receiver that refuses it, and longestFailure how long to one that
	// fails at it; then it is parked.
	mostRefusals   = 8
	longestFailure = 24 * time.Hour
	// awayAfter is of how many subjects in a row a try must fail for the receiver to be held to be away, and freshAfter how
	// long a message that was never tried waits because of that at most.
	awayAfter  = 3
	freshAfter = 30 * time.Second
	// mostTroubled is of how many subjects in trouble something is remembered. Those beyond it are tried in every round.
	mostTroubled = 128
)

// care is what is known of a queue's receiver and of the subjects in trouble. It is safe for concurrent use.
type care struct {
	mu       sync.Mutex
	troubled map[string]*trouble // by subject
	failing  map[string]bool     // subjects whose tries failed since the last arrival, at most awayAfter
	failures int                 // since the receiver is held to be away
	tried    time.Time           // the last try that failed
	until    time.Time           // when the next try may be while it is away
	asked    time.Time           // when it wants to be tried again
	round    int
	overflow bool // a subject in trouble isn't remembered
}

func newCare() care { return care{troubled: map[string]*trouble{}, failing: map[string]bool{}} }

// trouble is the history of one message that doesn't arrive.
type trouble struct {
	key                string
	failures, refusals int
	failingSince       time.Time // zero while the receiver isn't known to fail at this message
	unreachable        bool      // so was the last failure
	next               time.Time // when to try again
	trying             bool
	over               bool // the message has arrived or was set aside since the queue was last read
	round              int  // in which it was last seen
}

// begin starts a round.
func (c *care) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.round++
	c.overflow = false
}

// end forgets subjects whose message is no longer there: it was replaced, or removed because it was old.
func (c *care) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for subject, t := range c.troubled {
		if t.round != c.round && !t.trying {
			delete(c.troubled, subject)
		}
	}
}

// reading comes before a reading of the queue, which shows what is over by then.
func (c *care) reading() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for subject, t := range c.troubled {
		if t.over {
			delete(c.troubled, subject)
		}
	}
}

// turn says what may be done with a message: nothing yet, a try at once, one beside the round, or at first a pause.
type turn struct {
	now, beside bool
	wait        time.Duration
}

// turn marks a message in trouble that may be tried as being tried; release, postpone, arrived, parked or failed ends that.
func (c *care) turn(row ledger.Waiting, now time.Time) turn {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.troubled[row.Subject]
	if t != nil {
		t.round = c.round
		if !t.trying && t.key != row.Key { // the next message of the subject, or one that replaced it
			delete(c.troubled, row.Subject)
			t = nil
		}
	}
	if t == nil {
		wait := c.allowed(true).Sub(now)
		return turn{now: wait <= 0, wait: wait}
	}
	if t.trying || t.over || now.Before(c.due(t)) {
		return turn{}
	}
	t.trying = true
	return turn{now: c.away(), beside: !c.away()}
}

func (c *care) away() bool { return len(c.failing) >= awayAfter }

// allowed is when the receiver may be tried next, with a message that was never tried or with another.
func (c *care) allowed(fresh bool) time.Time {
	until := c.until
	if limit := c.tried.Add(freshAfter); fresh && limit.Before(until) {
		until = limit
	}
	return later(until, c.asked)
}

// due is when a message in trouble may be tried again.
func (c *care) due(t *trouble) time.Time { return later(t.next, c.allowed(false)) }

// release ends a try that came to nothing, neither arrival nor failure.
func (c *care) release(subject string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.troubled[subject]; t != nil {
		t.trying = false
	}
}

// parked says that a message was set aside.
func (c *care) parked(subject string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.troubled[subject]; t != nil {
		t.trying, t.over = false, true
	}
}

// postpone ends a try that could not be begun.
func (c *care) postpone(subject string, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.troubled[subject]; t != nil {
		t.trying, t.next = false, now.Add(firstPause)
	}
}

// arrived returns how many tries had failed before, and whether the receiver had been held to be away. Then messages that
// didn't reach it are as if they had never been tried.
func (c *care) arrived(subject string) (failures int, back bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.troubled[subject]; t != nil {
		failures, t.over, t.trying = t.failures, true, false
	}
	if back = c.away(); back {
		failures = c.failures + awayAfter - 1
		for subject, t := range c.troubled {
			if t.unreachable && t.refusals == 0 && t.failingSince.IsZero() && !t.trying && !t.over {
				delete(c.troubled, subject)
			}
		}
	}
	clear(c.failing)
	c.failures, c.until, c.asked = 0, time.Time{}, time.Time{}
	return failures, back
}

// failure is what follows from one.
type failure struct {
	failures              int // of this message
	hopeless, worthSaying bool
}

// failed takes in a failure. Pause is that after a number of failures before.
func (c *care) failed(row ledger.Waiting, err error, now time.Time, pause func(failures int) time.Duration) failure {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, remembered := c.of(row)
	f := failure{worthSaying: remembered && t.failures == 0 && !c.away()}
	asked := t.add(err, now)
	t.next = now.Add(pause(t.failures - 1))
	c.tried = now
	if !c.away() {
		c.failing[row.Subject] = true
	}
	if c.away() {
		c.until = now.Add(pause(c.failures))
		c.failures++
	}
	if asked > 0 {
		c.asked = now.Add(min(asked, longestAsked))
	}
	f.failures, f.hopeless = t.failures, t.hopeless(now)
	t.trying = f.hopeless // until it is set aside
	return f
}

// of is the trouble of a message, and whether it will be remembered.
func (c *care) of(row ledger.Waiting) (*trouble, bool) {
	if t := c.troubled[row.Subject]; t != nil {
		return t, true
	}
	t := &trouble{key: row.Key, round: c.round}
	if len(c.troubled) >= mostTroubled {
		c.overflow = true
		return t, false
	}
	c.troubled[row.Subject] = t
	return t, true
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// add takes in one failure and returns how long the receiver asks to be left alone.
func (t *trouble) add(err error, now time.Time) time.Duration {
	t.failures++
	var u *sinks.Undelivered
	if t.unreachable = !errors.As(err, &u); t.unreachable {
		return 0
	}
	switch u.Cause {
	case sinks.Refused:
		t.refusals++
	case sinks.Failed:
		if t.failingSince.IsZero() {
			t.failingSince = now
		}
	default:
		t.unreachable = true
	}
	return u.After
}

func (t *trouble) hopeless(now time.Time) bool {
	return t.refusals >= mostRefusals || (!t.failingSince.IsZero() && now.Sub(t.failingSince) >= longestFailure)
}

// nextRound is how long it takes until a message may be tried again, at most lookAgain.
func (c *care) nextRound(now time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	next := now.Add(lookAgain)
	if c.overflow {
		next = later(now.Add(firstPause), c.allowed(true))
	}
	for _, t := range c.troubled {
		if due := c.due(t); !t.trying && !t.over && due.Before(next) {
			next = due
		}
	}
	return max(next.Sub(now), 0)
}

// pause grows with the number of failures before it; the random half of it keeps couriers from trying in step.
func (c *Courier) pause(failures int) time.Duration {
	pause := longestPause
	if failures < 9 { // 2⁹ s is more than the longest
		pause = min(firstPause<<failures, longestPause)
	}
	return pause/2 + time.Duration(c.random()*float64(pause/2))
}

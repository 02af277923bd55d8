package correlate

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Delivery is what one sender handed over in one go: the bytes as they came and the facts read from them.
// A delivery that was authentic but could not be mapped has no facts and a Problem; it is kept, so that it can be
// parsed again after an upgrade.
type Delivery struct {
	Source      string // the name under which the source is configured, e.g. "github"
	ID          string // the sender's delivery id; the same id from the same source is the same delivery
	ReceivedAt  time.Time
	ContentType string
	Event       string // the sender's own name of the event, e.g. "deployment_status"
	Raw         []byte
	Facts       []Fact
	Problem     string // why there are no facts; "" when there are
}

// HoldFuture returns the delivery as it is or, when one of its facts is dated more than MaxAhead after its receipt,
// without facts and with a Problem: it is kept, and not applied. Such a fact would pass for the newest report of its
// change until that time has come.
func (d Delivery) HoldFuture() Delivery {
	for i, f := range d.Facts {
		if f.EventTime().Sub(d.ReceivedAt) > MaxAhead {
			d.Problem = fmt.Sprintf("future: fact %d of %d is dated more than %s after it was received; is the sender's clock right?",
				i+1, len(d.Facts), MaxAhead)
			d.Facts = nil
			break
		}
	}
	return d
}

// unread is the digest of a delivery that is held because it is dated in the future: it is read again at once, to learn
// when its time comes.
const unread = "unread"

// eventHeader is where the event of a delivery is kept among its headers.
const eventHeader = "X-Github-Event"

// Entry is the delivery as the ledger keeps it.
func (d Delivery) Entry() Entry {
	e := Entry{
		Raw:        Raw{Source: d.Source, ID: d.ID, ReceivedAt: d.ReceivedAt, Body: d.Raw},
		Projection: Projection{Facts: d.Facts, Problem: d.Problem},
	}
	if d.IsFuture() {
		e.Digest = unread
	}
	for name, value := range map[string]string{"Content-Type": d.ContentType, eventHeader: d.Event} {
		if value != "" {
			if e.Header == nil {
				e.Header = map[string]string{}
			}
			e.Header[name] = value
		}
	}
	return e
}

// Delivery is what the ledger keeps as receivers of log records know it.
func (r Raw) Delivery() Delivery {
	return Delivery{
		Source: r.Source, ID: r.ID, ReceivedAt: r.ReceivedAt, Raw: r.Body,
		ContentType: r.Header["Content-Type"], Event: r.Header[eventHeader],
	}
}

// Move is the position as a move of a cursor: an offset in decimal, none for 0.
func (p Position) Move() Move {
	at := func(offset int64) []byte {
		if offset == 0 {
			return nil
		}
		return strconv.AppendInt(nil, offset, 10)
	}
	return Move{Stream: p.Stream, Expect: at(p.Expect), Next: at(p.Next)}
}

// Position moves a partition's offset in the same transaction as the facts that were read from it: the ledger must
// hold Expect, and holds Next afterwards.
type Position struct {
	Stream       string // e.g. "kafka/deploys/3"
	Expect, Next int64
}

// IsFuture tells whether the delivery is held because it is dated in the future.
func (d Delivery) IsFuture() bool { return strings.HasPrefix(d.Problem, "future: ") }

package sinks

import (
	"context"
	"fmt"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// Outgoing is a sink that sends messages to somebody. What is to be sent is decided before the effects are committed,
// and stored with them in one transaction; it is sent afterwards, from the ledger, until it has arrived. So nothing is
// lost by a crash, and a message may arrive twice: when the daemon dies between the sending and the note that it was
// sent. Its key is then the same, and the receiver can tell.
type Outgoing interface {
	Sink
	// Queues are the names of the sink's queues, fixed for its life, "" for one without a name. Each is delivered by
	// itself, one message after the other, in the order of Messages.
	Queues() []string
	// Messages says what is to be sent because of effects that are about to be committed. The same effects give the same
	// messages. It is called from the engine's loop and may read, of what was committed before, through Reader.
	Messages(effects []correlate.Effect) ([]Message, error)
	// Deliver sends a message to the receiver and returns nil when it has arrived. An error that is no *Undelivered is
	// treated as one of the cause Unreachable. It is called from one goroutine for each queue.
	Deliver(ctx context.Context, m Message) error
}

// Message is one message of a queue. A key is sent once in a queue: a second message with the same key is dropped.
type Message struct {
	Queue, Key string
	Payload    []byte
}

// Cause says whose fault it is that a message didn't arrive, and so how long it is worth another try.
type Cause int

// The causes.
const (
	Unreachable Cause = iota // nobody answers, or asks to come later: it is tried until it arrives
	Failed                   // the receiver answers that it failed, maybe at this message: after a day the next one gets its turn
	Refused                  // the receiver doesn't want it: after a few tries the next one gets its turn
)

// Undelivered is why a message didn't arrive. Its text holds no secret.
type Undelivered struct {
	Cause Cause
	Err   error
	After time.Duration // how long the receiver asks to be left alone; 0 when it doesn't say
}

func (u *Undelivered) Error() string { return fmt.Sprint(u.Err) }

func (u *Undelivered) Unwrap() error { return u.Err }

// Queue is the state of one queue of an outgoing sink.
type Queue struct {
	Name    string // the sink's name, and the queue's after a slash if it has one
	Waiting int64  // messages to be sent
	Parked  int64  // messages set aside, because the receiver didn't take them
	Oldest  time.Time
}

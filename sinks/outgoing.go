package sinks

import (
	"context"
	"fmt"
	"time"
)

// Outgoing is a sink that sends messages to somebody. What is to be sent is decided before the effects are committed,
// and stored with them in one transaction; it is sent afterwards, from the ledger, until it has arrived. doc.go says what a
// sink owes and may rely on.
type Outgoing interface {
	Sink
	// Queues are the names of the sink's queues, fixed for its life, "" for one without a name. Queues don't wait for each
	// other.
	Queues() []string
	// Messages says what is to be sent because of decisions that are about to be committed. The same batch gives the same
	// messages. It is called from the engine's loop: it reads nothing and waits for nothing.
	Messages(b Batch) ([]Message, error)
	// Deliver sends a message to the receiver. Without an error it has arrived, and the receipt is kept for the next
	// message of the subject. An error that is no *Undelivered is treated as one of the cause Unreachable. It is safe for
	// concurrent use, with messages of different subjects.
	Deliver(ctx context.Context, m Message) (Receipt, error)
}

// Previewer is an Outgoing that can show what Deliver would send, without sending it and without a secret in it.
type Previewer interface {
	Preview(m Message) (string, error)
}

// Message is one message of a queue. A key is sent once in a queue: a second message with the same key is dropped.
type Message struct {
	Queue string
	// Subject is what the message is about: the id of a change, an incident, the day of a digest. Those of one subject
	// form a conversation.
	Subject string
	Key     string
	// Each says that this message counts by itself: it is sent although a newer one of its subject waits behind it.
	Each    bool
	Payload []byte
	// Receipt is that of the last delivered message of the subject; nil at the beginning of a conversation, and after 90
	// days of silence. It is set for Deliver only.
	Receipt Receipt
}

// Receipt is what a sink remembers of a conversation: the thread, the annotation's id, the status's id, an excerpt of the
// answer. Nobody else reads it. One that is longer than LongestReceipt is not kept.
type Receipt []byte

// LongestReceipt is how many bytes a receipt may have.
const LongestReceipt = 4 << 10

// Cause says whose fault it is that a message didn't arrive, and so how long it is worth another try.
type Cause int

// The causes.
const (
	Unreachable Cause = iota // nobody answers, or asks to come later: it is tried until it arrives
	Failed                   // the receiver answers that it failed, maybe at this message: after a day it is set aside
	Refused                  // the receiver doesn't want it: after a few tries it is set aside
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

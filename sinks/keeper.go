package sinks

import "context"

// Keeper is an Outgoing that puts messages into the outbox on its own account, besides those that follow from decisions: what
// it was asked and must not forget, and what it answers.
type Keeper interface {
	Outgoing
	// Keep hands over the desk. It is called once, before anything is delivered or served.
	Keep(Desk)
}

// Desk is the part of the outbox that is a sink's own. It is safe for concurrent use. Every method that writes returns only
// after the data is fully synced; its error wraps correlate.ErrUnavailable when the disk is full or fails.
type Desk interface {
	// Put stores messages in one transaction. Those of a queue that the sink lists in Queues are delivered like any other;
	// those of another queue are only kept, for 30 days at most. A key that its queue has had already changes nothing.
	Put(ctx context.Context, messages ...Message) error
	// Waiting lists what a queue keeps, oldest first: at most limit messages behind a place, 0 for the beginning.
	Waiting(ctx context.Context, queue string, after int64, limit int) ([]Kept, error)
	// Done removes a message from what a queue keeps. Its key stays known for a week.
	Done(ctx context.Context, queue, key string) error
	// Named are a service and an environment by the names that the rules of the daemon give them.
	Named(service, environment string) (string, string)
}

// Kept is a message at its place in a queue.
type Kept struct {
	Place int64
	Message
}

// Package sinks answers: what is a sink, and what may it know?
//
// A sink brings what Shipwake found to somebody outside. It learns of effects after they are committed, never before, and
// reads the record through Reader. There are three ways to bring it, each an interface of its own; a sink implements those
// that it needs:
//
//   - Publisher follows every committed batch of effects (prometheus counts them).
//   - Server answers HTTP requests on the web listener (prometheus, api).
//   - Outgoing sends messages until they have arrived (webhook; chat, annotations, statuses).
//
// # Adding a sink
//
// A receiver that takes HTTP and only needs another body is a file without Go: see package template. Any other sink is one
// folder beside this file and one line in all/all.go. Package route has the keys by which receivers select what they are
// told, package call those of a client.
//
//  1. Write down its settings as a struct with mapstructure tags, with a method Validate where not every value is right, and
//     make the factory with Kind, as below. Unknown keys are refused by it, with the known ones in the error.
//
//  2. Implement Name and Close, and the interfaces of the ways above.
//
//  3. A sink that sends: Messages turns decisions into messages. It is a pure function: the same batch gives the same
//     messages. Whatever it needs to know of a change is in the Decision, and words.Explain says it to people; what was
//     decided before is asked with Decision.Before, so that what was said isn't left wrong. Subject is what the conversation
//     is about, usually the change's id. Key is the same for the same message for ever.
//
//  4. Deliver sends one message. It makes at most one call that can't be repeated (post a message, create an annotation)
//     and returns what it has to remember of it as the Receipt; with the next message of that subject it gets it back, and
//     updates or answers in the thread. A Receipt that is nil leaves the one before. An error says with Undelivered whose
//     fault it is, which decides for how long it is tried.
//
//  5. Call sinktest.Run in its test with Options.Receiver, an HTTP server that plays the receiver. The suite restarts the
//     daemon in the middle, lets the receiver be down for an hour, refuse a message, ask for patience, and checks that each
//     subject ends with what was decided last.
//
// The factory:
//
//	type Config struct {
//		URL configopaque.String `mapstructure:"url"`
//	}
//
//	func Factory() sinks.Factory {
//		return sinks.Kind[Config]{Name: "note", Open: open}.Factory()
//	}
//
// # What a sink that sends may rely on
//
//   - Messages are committed in the transaction of the effects that they follow from. A crash loses none.
//   - A message is delivered once. It comes a second time, with the same Key and the same Receipt, when the daemon dies
//     between the sending and the note that it was sent, or when the answer is lost: at most once for each subject and crash.
//   - The messages of one subject come in order, one after the other. Different subjects don't wait for each other: while
//     one is tried again, Deliver is called for others, from a few goroutines at once.
//   - Of several messages of one subject that wait, only the newest is sent, except those with Each. So a burst of revisions
//     of one change is one message, and what waits doesn't grow while a receiver is down.
//   - A message set aside (Refused eight times, or Failed for a day) is tried again at the next start, in its place in the
//     queue if nothing replaced it; then it may be older than what its subject has had.
package sinks

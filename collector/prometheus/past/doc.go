// Package past answers: what did the services of a server do before anybody listened to it?
//
// A range query with a step of five minutes gives the newest sample of each step, so that the differences of neighbours are
// exact and lie in the step that they ended in. They are read as live samples are (package points), by a reader of their own,
// and come to coarse cells, which stay coarse: of all a rollup is compared with, they are enough.
//
// It goes from the newest piece of time to the oldest, and keeps how far it came with what it told, so that it goes on there
// after a restart.
package past

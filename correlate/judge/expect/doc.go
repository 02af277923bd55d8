// Package expect answers: what would have been expected of a service without the change?
//
// By counts: the season of earlier days, pseudo-changes in a short history, the warm-up profile of earlier rollouts, the
// mix of routes, the flow of requests. By values: the level before, moved as earlier days moved, in units of what deviates
// at moments when nothing changed. It says what to compare with and how far such expectations were off; it doesn't judge.
package expect

package shop

import (
	"net/http"
	"strconv"
	"time"
)

// timeHeader carries the shop's time from caller to callee with a request, and back with its answer, in Unix
// nanoseconds. How late a goroutine was woken is no part of it.
const timeHeader = "Shop-Time"

// stamp writes the shop's time into a header.
func stamp(h http.Header, at time.Time) { h.Set(timeHeader, strconv.FormatInt(at.UnixNano(), 10)) }

// stamped is the shop's time in a header. Who sends none, such as a person with curl, comes when the answer is otherwise.
func stamped(h http.Header, otherwise time.Time) time.Time {
	nanos, err := strconv.ParseInt(h.Get(timeHeader), 10, 64)
	if err != nil {
		return otherwise
	}
	return time.Unix(0, nanos)
}

// waitFor lets the real time come to the shop's.
func waitFor(at time.Time) { time.Sleep(time.Until(at)) }

package pull

import "github.com/shipwake/shipwake/collector/following"

// What can become of requests, of each that was sent.
var (
	resultAnswered   = following.Result{What: "pull_requests", Result: "answered"}
	resultUnchanged  = following.Result{What: "pull_requests", Result: "unchanged"} // 304 Not Modified
	resultUnanswered = following.Result{What: "pull_requests", Result: "unanswered"}
)

// What can become of pages, of each attempt at one.
var (
	resultStored  = following.Result{What: "pull_pages", Result: "stored"}  // the commit was acknowledged
	resultBusy    = following.Result{What: "pull_pages", Result: "busy"}    // the system wanted to be left alone
	resultFailed  = following.Result{What: "pull_pages", Result: "failed"}  // it could not be had, and is to be asked for again
	resultRetried = following.Result{What: "pull_pages", Result: "retried"} // it could not be stored, which is tried again
	resultFenced  = following.Result{What: "pull_pages", Result: "fenced"}  // refused because another reader had moved the cursor
)

func results() []following.Result {
	return []following.Result{resultAnswered, resultUnchanged, resultUnanswered, resultStored, resultBusy, resultFailed, resultRetried, resultFenced}
}

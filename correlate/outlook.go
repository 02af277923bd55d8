package correlate

import "time"

// Outlook is how the judging of a change stands while its window is open: what is seen so far, what an answer still takes,
// and when it may come. It is an estimate for people, is kept nowhere, and binds no verdict.
type Outlook struct {
	At       time.Time  `json:"at"`     // what was measured by then is part of it
	Reason   Reason     `json:"reason"` // why there is no answer yet
	Grade    Grade      `json:"grade,omitempty"`
	Evidence []Evidence `json:"evidence"`
	Waits    []Wait     `json:"waits"`
	// HealthyAt is when the change may be called healthy at the earliest; null when it can't be by the end of its window,
	// as things stand. A regression is called as soon as it shows.
	HealthyAt *time.Time `json:"healthy_at"`
	ClosesAt  time.Time  `json:"closes_at"` // when the last word is said
	// HeardIn are the environments in which its service was heard of late, sorted.
	HeardIn []string `json:"heard_in"`
}

// Wait is one thing that the answer "healthy" takes, and that isn't there yet.
type Wait struct {
	For WaitFor `json:"for"`
	// Reason is the reason that the signals in question would convict with, such as "latency"; "" when it is about all.
	Reason Reason `json:"reason,omitempty"`
	// Requests is about how many more it takes, of those that are compared, if they go on as so far; 0 when it isn't about
	// their number.
	Requests int64 `json:"requests,omitempty"`
	// Until is when it is there, if things go on as so far; null when that can't be told.
	Until *time.Time `json:"until"`
}

// WaitFor says what is waited for. The list is closed.
type WaitFor string

// What may be waited for.
const (
	WaitTelemetry WaitFor = "telemetry" // nothing was heard of the service since the change
	WaitVersion   WaitFor = "version"   // the rollout is told to have begun, and telemetry hasn't seen what it brings
	WaitRollout   WaitFor = "rollout"   // the rollout isn't complete
	WaitTime      WaitFor = "time"      // it was not watched for long enough
	WaitBaseline  WaitFor = "baseline"  // there is nothing to compare with that can acquit
	WaitRequests  WaitFor = "requests"  // there were too few requests
	WaitMargin    WaitFor = "margin"    // what is seen lies too near the margin, or beyond it
	WaitDoubt     WaitFor = "doubt"     // something speaks for a fault
)

// WaitFors lists every WaitFor.
func WaitFors() []WaitFor {
	return []WaitFor{WaitTelemetry, WaitVersion, WaitRollout, WaitTime, WaitBaseline, WaitRequests, WaitMargin, WaitDoubt}
}

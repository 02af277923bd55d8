package evalue

import "math"

// OnOneSide is ln E of so many events that all fell on one side, whose share of the time is the given one. Where a type
// that is new falls is unknown, so every share is as likely: E is the integral of q^n over q, divided by share^n.
func OnOneSide(events, share float64) float64 {
	return -events*math.Log(share) - math.Log(events+1)
}

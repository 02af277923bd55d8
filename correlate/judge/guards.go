package judge

import (
	"slices"

	"github.com/shipwake/shipwake/correlate/guard"
	"github.com/shipwake/shipwake/correlate/judge/evalue"
	"github.com/shipwake/shipwake/correlate/judge/expect"
)

// The names of the guards.
const (
	guardGrace           = "grace"
	guardCatastrophe     = "catastrophe"
	guardBeforeAfter     = "before_after_floor"
	guardRestarts        = "restarts"
	guardTransient       = "transient"
	guardRepeated        = "repeated"
	guardCells           = "cells"
	guardRouteMix        = "route_mix"
	guardNewRoutes       = "new_routes"
	guardZones           = "zones"
	guardCallers         = "callers"
	guardLogs            = "logs"
	guardExceptions      = "exceptions"
	guardThroughput      = "throughput"
	guardHeartbeat       = "heartbeat"
	guardAnswered        = "answered"
	guardLatencySlack    = "latency_slack"
	guardMean            = "mean_latency"
	guardDoubled         = "doubled_quantile"
	guardTwoControls     = "two_controls"
	guardFamily          = "family"
	guardCombined        = "combined"
	guardBesideAlone     = "beside_alone"
	guardHalfway         = "halfway"
	guardLost            = "lost"
	guardRisen           = "risen"
	guardTwiceTheRollout = "twice_the_rollout"
	guardHeld            = "held"
	guardCanaryBeside    = "canary_beside"
	guardProofStands     = "proof_stands"
	guardUnsteady        = "unsteady"
	guardScatter         = "scatter"
	guardHardlyMoved     = "hardly_moved"
	guardStayed          = "stayed"
	guardCoarse          = "coarse_buckets"
	guardMoved           = "moved_beyond_margin"
	guardSlower          = "slower"
	guardNearMiss        = "near_miss"
	guardLonePoint       = "lone_point"
	guardValuesBeside    = "values_beside"
	guardRestarting      = "restarting"
	guardCalls           = "calls_per_request"
)

// ownGuards are those of the trial itself.
func ownGuards() []guard.Guard {
	return []guard.Guard{
		{Name: guardGrace, What: "what is measured while instances start doesn't count"},
		{Name: guardCatastrophe, What: "ten times the errors are not waited out"},
		{Name: guardBeforeAfter, What: "where the control is only the time before, the rise must be larger"},
		{Name: guardRestarts, What: "evidence is also collected afresh, for faults that begin late"},
		{Name: guardTransient, What: "a short excursion that went away is forgiven"},
		{Name: guardRepeated, What: "but not when it came again"},
		{Name: guardCells, What: "a fault must show without its strongest cell too"},
		{Name: guardRouteMix, What: "what is expected moves with the mix of routes"},
		{Name: guardNewRoutes, What: "requests for routes without a baseline may fail by themselves"},
		{Name: guardZones, What: "zones that the change has reached are compared with the others"},
		{Name: guardCallers, What: "the requests are also judged as their callers see them"},
		{Name: guardLogs, What: "records of errors are judged"},
		{Name: guardExceptions, What: "new types of exceptions are judged"},
		{Name: guardThroughput, What: "lost requests are judged"},
		{Name: guardHeartbeat, What: "silence of everything is lost telemetry"},
		{Name: guardAnswered, What: "so is silence of a service whose callers are answered"},
		{Name: guardLatencySlack, What: "slower by one bin is not slower"},
		{Name: guardMean, What: "where buckets are wide, the mean of latencies is judged too"},
		{Name: guardDoubled, What: "a quantile that is hardly known counts as twice as high"},
		{Name: guardTwoControls, What: "a family with two controls needs twice the evidence"},
		{Name: guardFamily, What: "a family convicts by the mean of its evidence"},
		{Name: guardCombined, What: "what other families say counts for the one that says the most"},
		{Name: guardBesideAlone, What: "while the old version serves, nothing else is compared with"},
		{Name: guardHalfway, What: "half of the proof of a fault bars an acquittal"},
		{Name: guardLost, What: "a likely loss of requests bars an acquittal"},
		{Name: guardRisen, What: "a rise of few errors bars an acquittal"},
		{Name: guardTwiceTheRollout, What: "an acquittal takes twice the time of the rollout"},
		{Name: guardHeld, What: "a canary is only acquitted when it was held"},
		{Name: guardCanaryBeside, What: "and only by what serves beside it"},
		{Name: guardProofStands, What: "an acquittal once proven stands while nothing speaks against it"},
		{Name: guardUnsteady, What: "new bursts after the change weaken an acquittal"},
		{Name: guardScatter, What: "bursts that both sides share don't"},
		{Name: guardHardlyMoved, What: "a latency that moved by less than two bins is harmless"},
		{Name: guardStayed, What: "so is what stayed where earlier days let expect it"},
		{Name: guardCoarse, What: "but not a latency that may have moved within its buckets"},
		{Name: guardMoved, What: "a latency that moved by less than the margin convicts nobody"},
		{Name: guardSlower, What: "a quantile that moved by more than the margin bars an acquittal"},
		{Name: guardLonePoint, What: "a value that was off at a single point doesn't convict"},
		{Name: guardValuesBeside, What: "values of the new version are compared with those of the old one at the same time"},
		{Name: guardRestarting, What: "instances that restart out of a full memory are judged"},
		{Name: guardCalls, What: "more calls of another service a request, or none any more, bar an acquittal"},
		{Name: guardNearMiss, What: "a fault that is nearly proven ranks suspects at the end"},
	}
}

// Guards are the safeguards of judging, with what each does.
func Guards() []guard.Guard {
	return slices.Concat(ownGuards(), expect.Guards(), evalue.Guards())
}

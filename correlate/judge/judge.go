// Package judge answers: was this change bad?
//
// It is a set of pure functions over sorted integer cells: no clock, no goroutine, no randomness, and every float is
// rounded before it leaves. A trial puts the questions of family.go to the streams of a case and compares each answer with
// every control it has: the old version or unchanged zones at the same time, else earlier days, else the hour before. A
// ruling convicts, acquits, or says why it can't. What would have been expected without the change is of package expect,
// how strong the evidence is of package evalue; imports go judge → expect → evalue and never back.
package judge

import (
	"strings"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge/expect"
)

// Case is everything that may be known of one change at the instant Now: only cells that end at or before Now.
type Case struct {
	Resolution int64 // width of a fine cell in seconds
	Coarse     int64 // width of a history cell in seconds
	Now        int64 // Unix seconds: the watermark
	Start      int64 // the change began to reach users
	Finish     int64 // the rollout was complete; 0 while it runs
	// AtOnce: the change reached instances that keep running, so that nothing has to warm up.
	AtOnce  bool
	Streams []Stream
	// Zones are where the service runs, sorted by name, when they tell what the change reached from what it didn't: none
	// when the versions can be told apart within a zone, or nothing is known of which zones were reached.
	Zones []Zone
	// Routes are the requests of the stream of kind Traffic by route, as far as routes are known, in cells of Minute seconds
	// that ended; nil when none are. They are asked for only when something hangs on them.
	Routes func() []expect.Part
	Minute int64
	// Calls are those that the service makes of others, by callee; nil when none are known. They are asked for seldom.
	Calls func() []Calls
	// Earlier are the rollouts before this one that say how the service warms up, oldest first; see expect.WarmUpOf.
	Earlier []expect.Rollout
	// Changed is when anything changed the service in the day before this change, sorted: what followed was no usual time.
	Changed []int64
	// Gaps are the stretches in which no telemetry was received: silence there says nothing.
	Gaps []expect.Gap
	// Heard is when telemetry of anything in the environment was last received on the way on which that of the requests
	// comes, 0 when that is unknown. A service that falls silent while others still send on it lost its requests, not its
	// telemetry. What comes on other ways, as the metrics of containers beside spans, says nothing of it.
	Heard int64 // Unix seconds
	// Lost says, of a stretch in which no requests were told, that these were lost and not what had to be told of them; nil when
	// that is so of every stretch up to Heard.
	Lost func(from, to int64) bool
}

// countsFrom is when what was changed is warm: what is measured before doesn't count.
func (c *Case) countsFrom(p *Params) int64 {
	if c.AtOnce || !p.Guards.On(guardGrace) {
		return c.Start
	}
	return c.Start + p.Grace
}

// Stream is the cells of one kind of measurement of the changed service, from one origin.
type Stream struct {
	Kind correlate.SignalKind
	Name string              // exception type, custom signal, saturation resource
	Bad  correlate.Direction // custom signals only
	// Tolerance is by which share of what is expected a custom signal may be off without harm, and Margin by which it may be
	// when the change is to be healthy; 0 where the configuration doesn't say.
	Tolerance, Margin float64
	// Account is another number when the cells were taken from another instrumentation than before; see Memory.
	Account uint64
	// New and Old are the cells since Start of the version that the change brings and of all other versions. New is
	// nil when the change can't be told apart (no version, or everybody already had it).
	New, Old []correlate.Cell
	// Whole is every version together, from Start minus the baseline to Now.
	Whole []correlate.Cell
	// History is every version together in coarse cells, up to the beginning of Whole, as far back as is kept.
	History []correlate.Cell
	// Past is every version together in coarse cells from before the first of the case's Earlier rollouts up to Start. It
	// also holds what is nothing else to compare with.
	Past []correlate.Cell
}

// Assessment is what the signals of one service say, before blame: a fault may be somebody else's.
type Assessment struct {
	Outcome   correlate.Outcome
	Reason    correlate.Reason
	Grade     correlate.Grade
	Onset     int64                // Unix seconds, 0 when nothing regressed
	Recovered int64                // Unix seconds, 0 while it lasts
	Evidence  []correlate.Evidence // what convicts, then the strongest first
	Untold    bool                 // the evidence is left out, see Memory.Decide
	// Strength is how far the evidence that convicts goes: 1 is as far as it must. 0 when nothing regressed.
	Strength float64
	// LogE is ln of the e-value of the change as a whole where it regressed: of the family that convicts, times its share
	// of alpha.
	LogE float64
	// Contrast is the natural log of the evidence that the new instances differ from the old ones at the same time
	// (grade A), or the changed zones from the unchanged ones (grade B), negative when they don't, 0 when there is no such
	// comparison. It feeds blame.
	Contrast        float64
	SmallestVisible float64
	// Shares say of signals that rose whose the rise is, the new version's or everybody's. They feed blame.
	Shares []Share
	// Doubtful: nothing convicts, but something speaks for a fault all the same.
	Doubtful bool
	// NearMiss is the nearest that the evidence came to a fault, where it came near but not there.
	NearMiss *NearMiss
}

// Share says of one signal, seen on the new version and the old one at the same time, whose a rise is.
type Share struct {
	Signal string
	// LogLR is ln of how much more likely the new version alone is worse than before than both alike; see evalue.Share.
	LogLR float64
}

// ShareOf is what is known of whose a fault is that shows in a signal, as the service or its callers see it: 0 when nothing.
func (a *Assessment) ShareOf(signal string) float64 {
	signal = strings.TrimPrefix(signal, "client_")
	for _, s := range a.Shares {
		if s.Signal == signal {
			return s.LogLR
		}
	}
	return 0
}

// NearMiss is a fault that is not proven.
type NearMiss struct {
	Signal      string
	Onset       int64   // Unix seconds
	Strength    float64 // ln e-value
	Probability float64 // that it is one, when its proof would be even odds
}

type (
	// Gap is a stretch of time without telemetry.
	Gap = expect.Gap
	// Part is the requests for one route that one version served.
	Part = expect.Part
	// Rollout is an earlier rollout that says how a service warms up.
	Rollout = expect.Rollout
	// GaugeParams calibrates signals that are values, not counts.
	GaugeParams = expect.GaugeParams
)

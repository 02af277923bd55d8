package dora

import (
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora/stats"
)

// tally is the running count of one group.
type tally struct {
	deployments, redeployments, deployFailed int
	judged, failures                         int
	pending, inconclusive, unjudged          int
	open                                     int
	oldestOpen                               time.Duration
	rework, rollbacks                        int
	noticed, escaped                         int // failures that anybody noticed, and people before telemetry
	recoveries, leadTimes, restores          []time.Duration
	detections, repairs, queues              []time.Duration
	negativeLeadTimes                        int
	unattributed                             int
	seen                                     bool // a change was looked at, be it that it doesn't count
}

// add adds what another has counted.
func (t *tally) add(o *tally) {
	t.oldestOpen = max(t.oldestOpen, o.oldestOpen)
	to, from := t.counts(), o.counts()
	for i := range to {
		*to[i] += *from[i]
	}
	for i, spans := range t.spans() {
		*spans = append(*spans, *o.spans()[i]...)
	}
}

// reset empties a tally, and keeps its memory.
func (t *tally) reset() {
	was := *t
	*t = tally{}
	for i, spans := range t.spans() {
		*spans = (*was.spans()[i])[:0]
	}
}

func (t *tally) counts() [15]*int {
	return [15]*int{
		&t.deployments, &t.redeployments, &t.deployFailed, &t.judged, &t.failures, &t.pending, &t.inconclusive, &t.unjudged,
		&t.open, &t.rework, &t.rollbacks, &t.noticed, &t.escaped, &t.negativeLeadTimes, &t.unattributed,
	}
}

func (t *tally) spans() [6]*[]time.Duration {
	return [6]*[]time.Duration{&t.recoveries, &t.leadTimes, &t.restores, &t.detections, &t.repairs, &t.queues}
}

// change counts a change that completed in the window. The cases, in order:
//
//  1. not a rollout, or one that was cancelled or still runs: nothing;
//  2. a rollout that failed before it reached its users: deploy_failed, and nothing else;
//  3. a redeploy of the live version that did no harm: a redeployment, and nothing else;
//  4. any other rollout is a deployment, with its lead times and maybe rework;
//  5. a rollback is no more than that;
//  6. a deployment that hurt is a failure, recovered or open, from the moment that is known;
//  7. but the change fail rate counts it only when its window has closed.
func (t *tally) change(b *book, c *correlate.ChangeRecord) {
	t.failedRollout(c)
	if !isLive(c) {
		return
	}
	failed := b.failed(c)
	if c.Redeploy && !failed && !isRollback(c) {
		t.redeployments++
		return
	}
	t.deployment(b, c)
	if isRollback(c) {
		t.rollbacks++
		return
	}
	if failed {
		recovered := b.recovery(c)
		t.failure(c, recovered, b.asOf)
		t.detection(c, b.detection(c), recovered)
	}
	t.outcome(c, failed)
}

// failedRollout counts a rollout that failed before it reached its users.
func (t *tally) failedRollout(c *correlate.ChangeRecord) {
	if isRollout(c) && c.Status == correlate.StatusFailed && !isLive(c) {
		t.deployFailed++
	}
}

func (t *tally) deployment(b *book, c *correlate.ChangeRecord) {
	t.deployments++
	if b.isRework(c) {
		t.rework++
	}
	t.arrived(b, c)
	if span, told := queued(c); told {
		t.queues = append(t.queues, span)
	}
}

// arrived counts the lead times of the commits that a deployment brought first.
func (t *tally) arrived(b *book, c *correlate.ChangeRecord) {
	for _, commit := range b.arrivals[c.ID] {
		span := completion(c).Sub(commit.AuthoredAt)
		if span < 0 {
			t.negativeLeadTimes++
			continue
		}
		t.leadTimes = append(t.leadTimes, span)
	}
}

// failure counts a failed deployment as recovered or open. A recovery while the rollout still ran took no time.
func (t *tally) failure(c *correlate.ChangeRecord, recovered, asOf time.Time) {
	if !recovered.IsZero() {
		t.recoveries = append(t.recoveries, max(0, recovered.Sub(completion(c))))
		return
	}
	t.stillOpen(asOf.Sub(completion(c)))
}

// detection counts when a failure was noticed, and what it took from there on.
func (t *tally) detection(c *correlate.ChangeRecord, d detection, recovered time.Time) {
	if d.at.IsZero() {
		return
	}
	t.detections = append(t.detections, max(0, d.at.Sub(completion(c))))
	if !recovered.IsZero() {
		t.repairs = append(t.repairs, max(0, recovered.Sub(d.at)))
	}
	t.notice(c.Phase == correlate.PhaseHistory, d.byTelemetry)
}

func (t *tally) notice(history, byTelemetry bool) {
	if history {
		return
	}
	t.noticed++
	if !byTelemetry {
		t.escaped++
	}
}

// stillOpen counts a failure without recovery.
func (t *tally) stillOpen(since time.Duration) {
	t.open++
	t.oldestOpen = max(t.oldestOpen, since)
}

func (t *tally) outcome(c *correlate.ChangeRecord, failed bool) {
	if c.Phase == correlate.PhaseObserving {
		t.pending++
		return
	}
	t.judged++
	switch {
	case failed:
		t.failures++
	case c.Phase == correlate.PhaseHistory:
		t.unjudged++
	case c.Verdict == nil || c.Verdict.Outcome == correlate.Inconclusive:
		t.inconclusive++
	}
}

// incident counts an incident that opened in the window.
func (t *tally) incident(in *correlate.IncidentRecord, asOf time.Time) {
	if in.AttributedTo == "" {
		t.unattributed++
	}
	if d, known := in.Lasted(); known && !in.ResolvedAt.After(asOf) {
		t.restores = append(t.restores, d)
	}
}

// empty says whether there was nothing to count.
func (t *tally) empty() bool {
	events := t.deployments + t.redeployments + t.deployFailed + t.judged + t.failures + t.open + t.unattributed + t.negativeLeadTimes
	return events == 0 && len(t.restores)+len(t.leadTimes)+len(t.recoveries) == 0
}

// numbers turns the counts into what is published. Days is the length of the window so far.
func (t *tally) numbers(days float64) Numbers {
	n := Numbers{
		Deployments:       t.deployments,
		Redeployments:     t.redeployments,
		DeployFailed:      t.deployFailed,
		ChangeFailRate:    stats.Part(t.failures, t.judged),
		Pending:           t.pending,
		Inconclusive:      t.inconclusive,
		Unjudged:          t.unjudged,
		Recovery:          stats.Summarise(t.recoveries),
		OpenFailures:      t.open,
		LeadTime:          stats.Summarise(t.leadTimes),
		NegativeLeadTimes: t.negativeLeadTimes,
		ReworkRate:        stats.Part(t.rework, t.deployments),
		IncidentRecovery:  stats.Summarise(t.restores),
		Unattributed:      t.unattributed,
		SuccessRate:       stats.Part(t.judged-t.failures, t.judged+t.deployFailed),
		FailedRolloutRate: stats.Part(t.deployFailed, t.deployFailed+t.deployments+t.redeployments),
		RollbackRate:      stats.Part(t.rollbacks, t.deployments),
		DetectionDelay:    stats.Summarise(t.detections),
		DetectionRecovery: stats.Summarise(t.repairs),
		DefectEscapeRate:  stats.Part(t.escaped, t.noticed),
		QueueTime:         stats.Summarise(t.queues),
	}
	if t.deployments > 0 && days > 0 {
		n.DeploymentsPerDay = stats.Rounded(float64(t.deployments) / days)
		n.RollbacksPerDay = stats.Rounded(float64(t.rollbacks) / days)
	}
	if t.open > 0 {
		n.OldestOpenFailure = stats.Rounded(t.oldestOpen.Seconds())
	}
	return n
}

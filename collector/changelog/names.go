package changelog

// The event names of the records. A change or an incident may be reported by anybody; verdicts are told. Deliveries and
// positions of streams are not for a log record to say.
const (
	EventDelivery = "shipwake.delivery"
	EventPosition = "shipwake.position"
	EventChange   = "shipwake.change"
	EventIncident = "shipwake.incident"
	EventVerdict  = "shipwake.verdict"

	EventRegression = "shipwake.regression"
)

// SourceOTLP is the source of a change or an incident that came as an ordinary log record.
const SourceOTLP = "otlp"

// Attribute names: the semantic conventions' where they have one, our own elsewhere. Times are RFC 3339 strings with
// nanoseconds, in UTC; an unknown value is an absent attribute.
const (
	attrService         = "service.name"
	attrVersion         = "service.version"
	attrEnvironment     = "deployment.environment.name"
	attrChangeID        = "deployment.id"
	attrStatus          = "deployment.status"
	attrCommit          = "vcs.ref.head.revision"
	attrDigest          = "shipwake.change.digest"
	attrURL             = "url.full"
	attrSource          = "shipwake.source"
	attrKind            = "shipwake.change.kind"
	attrPreviousVersion = "shipwake.change.previous_version"
	attrCommits         = "shipwake.change.commits"
	attrSize            = "shipwake.change.size"
	attrStartedAt       = "shipwake.change.started_at"
	attrFinishedAt      = "shipwake.change.finished_at"
	attrChangeUpdated   = "shipwake.change.updated_at"
	attrInstances       = "shipwake.change.instances"
	attrZones           = "shipwake.change.zones"
	attrActor           = "shipwake.change.actor"
	attrTeam            = "shipwake.change.team"
	attrLabels          = "shipwake.change.labels"

	attrIncidentID      = "shipwake.incident.id"
	attrServices        = "shipwake.incident.services"
	attrSeverity        = "shipwake.incident.severity"
	attrTitle           = "shipwake.incident.title"
	attrOpenedAt        = "shipwake.incident.opened_at"
	attrAcknowledgedAt  = "shipwake.incident.acknowledged_at"
	attrResolvedAt      = "shipwake.incident.resolved_at"
	attrIncidentUpdated = "shipwake.incident.updated_at"
	attrCausedBy        = "shipwake.incident.caused_by"
	attrDedupKey        = "shipwake.incident.dedup_key"
	attrServiceGuessed  = "shipwake.incident.service_guessed"

	attrOutcome     = "shipwake.verdict.outcome"
	attrReason      = "shipwake.verdict.reason"
	attrRevision    = "shipwake.verdict.revision"
	attrFinal       = "shipwake.verdict.final"
	attrBlame       = "shipwake.verdict.blame"
	attrOnsetAt     = "shipwake.verdict.onset_at"
	attrRecoveredAt = "shipwake.verdict.recovered_at"
	attrSupersedes  = "shipwake.verdict.supersedes"
	attrReopened    = "shipwake.verdict.reopened"
	attrReopenedBy  = "shipwake.verdict.reopened_by"
	attrWithdrawn   = "shipwake.verdict.withdrawn"
	attrEvidence    = "shipwake.verdict.evidence"

	attrRegressionID        = "shipwake.regression.id"
	attrRegressionState     = "shipwake.regression.state"
	attrSignal              = "shipwake.regression.signal"
	attrRegressionOnset     = "shipwake.regression.onset_at"
	attrRegressionRecovered = "shipwake.regression.recovered_at"
	attrSuspects            = "shipwake.regression.suspects"

	attrDeliveryID = "shipwake.delivery.id"

	keySHA        = "sha"
	keyAuthoredAt = "authored_at"
	keyName       = "name"
	keyReachedAt  = "reached_at"
	keyService    = "service"
	keySignal     = "signal"
	keyGrade      = "grade"
	keyBaseline   = "baseline"
	keyObserved   = "observed"
	keyRatio      = "ratio"
	keyRatioLow   = "ratio_low"
	keyRatioHigh  = "ratio_high"
	keyExposures  = "exposures"
	keyEvents     = "events"
	keyChangeID   = "deployment.id"

	keyProbability = "probability"

	// attrEventName is where senders put the event name before log records had a field for it.
	attrEventName = "event.name"
)

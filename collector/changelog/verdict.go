package changelog

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/shipwake/shipwake/correlate"
)

// WriteVerdict tells a revision of a verdict as a record, dated when it was decided. The attributes name the change and
// its service as those of a change do; ratios are as in correlate.Evidence. A regressed verdict is a warning.
func WriteVerdict(record plog.LogRecord, v correlate.Verdict) {
	record.SetEventName(EventVerdict)
	record.SetSeverityNumber(severityOf(v))
	record.SetTimestamp(timestamp(v.DecidedAt))
	record.SetObservedTimestamp(timestamp(v.DecidedAt))
	record.Body().SetStr(sentence(string(v.Outcome), v.Service, v.Version, v.Environment, string(v.Reason)))
	a := record.Attributes()
	putText(a, attrChangeID, v.ChangeID)
	putText(a, attrService, v.Service)
	putText(a, attrEnvironment, v.Environment)
	putText(a, attrVersion, v.Version)
	putText(a, attrOutcome, string(v.Outcome))
	putText(a, attrReason, string(v.Reason))
	a.PutInt(attrRevision, int64(v.Revision))
	a.PutBool(attrFinal, v.Final)
	a.PutDouble(attrBlame, v.Blame)
	if v.OnsetAt != nil {
		putTime(a, attrOnsetAt, *v.OnsetAt)
	}
	if v.RecoveredAt != nil {
		putTime(a, attrRecoveredAt, *v.RecoveredAt)
	}
	if v.Supersedes > 0 {
		a.PutInt(attrSupersedes, int64(v.Supersedes))
	}
	putText(a, attrReopened, string(v.Reopened))
	putText(a, attrReopenedBy, v.ReopenedBy)
	if v.Withdrawn {
		a.PutBool(attrWithdrawn, true)
	}
	putEvidence(a, v.Evidence)
}

func severityOf(v correlate.Verdict) plog.SeverityNumber {
	if v.Outcome == correlate.Regressed && !v.Withdrawn {
		return plog.SeverityNumberWarn
	}
	return plog.SeverityNumberInfo
}

func putEvidence(a pcommon.Map, evidence []correlate.Evidence) {
	if len(evidence) == 0 {
		return
	}
	list := a.PutEmptySlice(attrEvidence)
	for _, e := range evidence {
		m := list.AppendEmpty().SetEmptyMap()
		putText(m, keyService, e.Service)
		putText(m, keySignal, e.Signal)
		putText(m, keyGrade, string(e.Grade))
		m.PutDouble(keyBaseline, e.Baseline)
		m.PutDouble(keyObserved, e.Observed)
		m.PutDouble(keyRatio, e.Ratio)
		m.PutDouble(keyRatioLow, e.Interval[0])
		m.PutDouble(keyRatioHigh, e.Interval[1])
		m.PutInt(keyExposures, e.N)
		m.PutInt(keyEvents, e.Events)
	}
}

package changelog

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/shipwake/shipwake/correlate"
)

// WriteRegression tells a regression as a record: dated when it was decided, or when it recovered once it has. Its service is
// the one where it shows; the suspects are changes of any service, the most probable first as the regression has them. One
// that lasts is a warning.
func WriteRegression(record plog.LogRecord, r correlate.Regression) {
	record.SetEventName(EventRegression)
	at, severity, state := r.DecidedAt, plog.SeverityNumberWarn, "began"
	switch {
	case r.Withdrawn:
		severity, state = plog.SeverityNumberInfo, "withdrawn"
	case r.RecoveredAt != nil:
		at, severity, state = *r.RecoveredAt, plog.SeverityNumberInfo, "recovered"
	}
	record.SetSeverityNumber(severity)
	record.SetTimestamp(timestamp(at))
	record.SetObservedTimestamp(timestamp(at))
	record.Body().SetStr(sentence("regression of", r.Signal, "of", r.Service, r.Environment, state))
	a := record.Attributes()
	putText(a, attrRegressionID, r.ID)
	putText(a, attrRegressionState, state)
	putText(a, attrService, r.Service)
	putText(a, attrEnvironment, r.Environment)
	putText(a, attrSignal, r.Signal)
	putTime(a, attrRegressionOnset, r.OnsetAt)
	if r.RecoveredAt != nil {
		putTime(a, attrRegressionRecovered, *r.RecoveredAt)
	}
	putSuspects(a, r.Suspects)
}

func putSuspects(a pcommon.Map, suspects []correlate.Suspect) {
	if len(suspects) == 0 {
		return
	}
	list := a.PutEmptySlice(attrSuspects)
	for _, s := range suspects {
		m := list.AppendEmpty().SetEmptyMap()
		putText(m, keyChangeID, s.ChangeID)
		m.PutDouble(keyProbability, s.Probability)
	}
}

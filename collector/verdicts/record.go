package verdicts

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/shipwake/shipwake/collector/changelog"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
)

// attrUID is the semantic conventions' name for what makes a record the same as another one.
const attrUID = "log.record.uid"

// scope is what the records say of who wrote them.
const scope = "github.com/shipwake/shipwake/collector/verdicts"

// ofVerdict is the record of a decision. Its resource is the service where it shows: the one that changed, or another one
// that suffers from it.
func ofVerdict(d sinks.Decision, key string) plog.Logs {
	v := d.Verdict
	service, version := v.Service, v.Version
	if v.Reason == correlate.ReasonDownstream && len(v.Evidence) > 0 && v.Evidence[0].Service != "" {
		service, version = v.Evidence[0].Service, ""
	}
	logs, record := newRecord(service, v.Environment, version)
	changelog.WriteVerdict(record, v)
	changelog.WriteOrigin(record, d.Record.Change)
	record.Attributes().PutStr(attrUID, key)
	return logs
}

func ofRegression(r correlate.Regression, key string) plog.Logs {
	logs, record := newRecord(r.Service, r.Environment, "")
	changelog.WriteRegression(record, r)
	record.Attributes().PutStr(attrUID, key)
	return logs
}

// newRecord is an empty record of a service.
func newRecord(service, environment, version string) (plog.Logs, plog.LogRecord) {
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	changelog.WriteResource(resource.Resource(), service, environment, version)
	scoped := resource.ScopeLogs().AppendEmpty()
	scoped.Scope().SetName(scope)
	return logs, scoped.LogRecords().AppendEmpty()
}

// verdictKey is the same for the same revision.
func verdictKey(v correlate.Verdict) string {
	return "verdict-" + digest(fmt.Appendf(nil, "%d %s", v.Revision, v.ChangeID))
}

// regressionKey is the same for the same state of a regression. A state that comes back after another one is told again: it
// has another key by the revisions that were decided with it.
func regressionKey(r correlate.Regression, decided []sinks.Decision) (string, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("the regression %s: %w", r.ID, err)
	}
	for _, d := range decided {
		text = fmt.Appendf(text, " %d %s", d.Verdict.Revision, d.Verdict.ChangeID)
	}
	return "regression-" + digest(text), nil
}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

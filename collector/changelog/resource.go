package changelog

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/shipwake/shipwake/correlate"
)

// WriteResource says of which service a record is.
func WriteResource(resource pcommon.Resource, service, environment, version string) {
	a := resource.Attributes()
	putText(a, attrService, service)
	putText(a, attrEnvironment, environment)
	putText(a, attrVersion, version)
}

// WriteOrigin adds to the record of a verdict where its change came from: source, kind, commit, team and link.
func WriteOrigin(record plog.LogRecord, c correlate.Change) {
	a := record.Attributes()
	putText(a, attrKind, string(c.Kind))
	putText(a, attrCommit, c.Commit)
	putText(a, attrTeam, c.Team)
	putText(a, attrURL, c.URL)
	putText(a, attrSource, c.Source)
}

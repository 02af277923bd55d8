// Package all answers: which exports can be read?
package all

import (
	"github.com/shipwake/shipwake/collector/history"
	"github.com/shipwake/shipwake/collector/history/csv"
	"github.com/shipwake/shipwake/collector/history/devlake"
	"github.com/shipwake/shipwake/collector/history/fourkeys"
	"github.com/shipwake/shipwake/collector/history/ndjson"
	"github.com/shipwake/shipwake/collector/history/payloads"
)

// Formats are all of them.
func Formats() []history.Format {
	return []history.Format{ndjson.Format(), csv.Format(), payloads.CDEvents(), devlake.Format(), fourkeys.Format()}
}

// Package all answers: which exports can be read?
package all

import (
	"github.com/shipwake/shipwake/collector/history"
	"github.com/shipwake/shipwake/collector/history/alertmanager"
	"github.com/shipwake/shipwake/collector/history/csv"
	"github.com/shipwake/shipwake/collector/history/devlake"
	"github.com/shipwake/shipwake/collector/history/fourkeys"
	"github.com/shipwake/shipwake/collector/history/ndjson"
	"github.com/shipwake/shipwake/collector/history/pagerduty"
	"github.com/shipwake/shipwake/collector/history/payloads"
	"github.com/shipwake/shipwake/collector/history/pelorus"
)

// Formats are all of them.
func Formats() []history.Format {
	return []history.Format{
		ndjson.Format(), csv.Format(), payloads.CDEvents(), alertmanager.Format(), pagerduty.Format(),
		devlake.Format(), fourkeys.Format(), pelorus.Format(),
	}
}

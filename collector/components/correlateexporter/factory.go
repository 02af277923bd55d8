// Package correlateexporter answers: what does the Collector builder call for the exporter correlate?
package correlateexporter

import (
	"go.opentelemetry.io/collector/exporter"

	"github.com/shipwake/shipwake/collector/components"
)

// NewFactory makes the exporter known to a Collector.
func NewFactory() exporter.Factory { return components.Shared().Door }

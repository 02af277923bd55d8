// Package correlateextension answers: what does the Collector builder call for the extension correlate?
package correlateextension

import (
	"go.opentelemetry.io/collector/extension"

	"github.com/shipwake/shipwake/collector/components"
)

// NewFactory makes the extension known to a Collector.
func NewFactory() extension.Factory { return components.Shared().Correlate }

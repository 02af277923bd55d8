// Package otlpreceiver answers: what does the Collector builder call for Shipwake's own otlp receiver?
package otlpreceiver

import (
	"go.opentelemetry.io/collector/receiver"

	"github.com/shipwake/shipwake/collector/components"
)

// NewFactory makes the receiver known to a Collector.
func NewFactory() receiver.Factory { return components.Shared().OTLP }

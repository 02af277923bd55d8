// Package webhookreceiver answers: what does the Collector builder call for change_webhook?
package webhookreceiver

import (
	"go.opentelemetry.io/collector/receiver"

	"github.com/shipwake/shipwake/collector/components"
)

// NewFactory makes the receiver known to a Collector.
func NewFactory() receiver.Factory { return components.Shared().Webhook }

// Package kafkareceiver answers: what does the Collector builder call for change_kafka?
package kafkareceiver

import (
	"go.opentelemetry.io/collector/receiver"

	"github.com/shipwake/shipwake/collector/components"
)

// NewFactory makes the receiver known to a Collector.
func NewFactory() receiver.Factory { return components.Shared().Kafka }

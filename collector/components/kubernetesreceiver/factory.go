// Package kubernetesreceiver answers: what does the Collector builder call for change_kubernetes?
package kubernetesreceiver

import (
	"go.opentelemetry.io/collector/receiver"

	"github.com/shipwake/shipwake/collector/components"
)

// NewFactory makes the receiver known to a Collector.
func NewFactory() receiver.Factory { return components.Shared().Kubernetes }

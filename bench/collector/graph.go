//go:build servicegraph

package main

import (
	"github.com/open-telemetry/opentelemetry-collector-contrib/connector/servicegraphconnector"
	"go.opentelemetry.io/collector/connector"
)

// graph is the connector of the service graph.
func graph() []connector.Factory { return []connector.Factory{servicegraphconnector.NewFactory()} }

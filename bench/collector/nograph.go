//go:build !servicegraph

package main

import "go.opentelemetry.io/collector/connector"

// graph is none: its connector is only built by graph.sh.
func graph() []connector.Factory { return nil }

// Package all answers: which sinks are there?
package all

import (
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/api"
	"github.com/shipwake/shipwake/sinks/prometheus"
	"github.com/shipwake/shipwake/sinks/webhook"
)

// Factories lists every sink, by name.
func Factories() []sinks.Factory {
	return []sinks.Factory{
		api.Factory(),
		prometheus.Factory(),
		webhook.Factory(),
	}
}

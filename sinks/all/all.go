// Package all answers: which sinks are there?
package all

import (
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/api"
	"github.com/shipwake/shipwake/sinks/email"
	"github.com/shipwake/shipwake/sinks/gate"
	"github.com/shipwake/shipwake/sinks/kafka"
	"github.com/shipwake/shipwake/sinks/page"
	"github.com/shipwake/shipwake/sinks/prometheus"
	"github.com/shipwake/shipwake/sinks/remotewrite"
	"github.com/shipwake/shipwake/sinks/template"
	"github.com/shipwake/shipwake/sinks/vendors"
	"github.com/shipwake/shipwake/sinks/webhook"
)

// Factories lists every sink: those in Go by name, then those that are a template.
func Factories() []sinks.Factory {
	return append([]sinks.Factory{
		api.Factory(),
		email.Factory(),
		gate.Factory(),
		kafka.Factory(),
		page.Factory(),
		prometheus.Factory(),
		remotewrite.Factory(),
		template.Factory(),
		webhook.Factory(),
	}, vendors.Factories()...)
}

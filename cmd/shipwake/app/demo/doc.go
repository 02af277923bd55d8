// Package demo answers: what does it look like when Shipwake does its job?
//
// It starts a daemon, a small shop that reports to it like any instrumented system, and a script of deployments, some
// of them bad. Everything goes through the doors that everybody else uses: OTLP from the shop, signed webhooks for the
// deployments, and the HTTP API for the answers. At the end it compares the verdicts with what it injected.
package demo

// Package shop answers: what does Shipwake see of a real system that is being deployed to?
//
// It is a small web shop: services with several instances each, every instance an HTTP server of its own, instrumented
// with the OpenTelemetry SDK like any other program (one tracer, meter and logger provider an instance, OTLP over gRPC
// or HTTP), under a steady stream of visitors. A rollout replaces the instances of a service one after the other, and
// a Release may carry a fault. The shop knows nothing of Shipwake but the address of an OTLP endpoint.
package shop

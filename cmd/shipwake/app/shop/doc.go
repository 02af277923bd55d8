// Package shop answers: what does Shipwake see of a real system that is being deployed to?
//
// It is a small web shop: services with several instances each, every instance instrumented with an OpenTelemetry SDK of
// its own (tracer, meter and logger provider, OTLP over gRPC or HTTP), under a steady stream of visitors. A rollout
// replaces the instances of a service one after the other, and a Release may carry a fault. The shop knows nothing of
// Shipwake but the address of an OTLP endpoint.
//
// Requests are served in real time but timed by the shop's own clock: one arrives when its caller sends it, and takes as
// long as the release says. A machine that is short of CPU serves it later and records the same. How far the shop lags
// behind its clock is for Pace to say. Requests go from instance to instance without a network, which would cost more
// than all the rest and shows nowhere.
package shop

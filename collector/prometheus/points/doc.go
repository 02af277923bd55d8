// Package points answers: what do the samples of a Prometheus come to as OpenTelemetry's points?
//
// Whoever brings samples, a server that is asked or a sender that pushes, puts them into a Reader, and takes delta points out
// that say the same as if the services had sent OTLP: http.server.request.duration, rpc.server.call.duration, and, where a
// counter of requests stands beside a histogram, the two metrics of the span-metrics connector. Package families says which
// metrics count requests and of whom, package counts what they added.
//
// A version is, in this order, what the labels of the series say, what target_info of the process says, and what its
// *_build_info says, what kube-state-metrics says of its pod (package kube), and at last, for a process that tells when it began, what was deployed last by then (Options.Born).
package points

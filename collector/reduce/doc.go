// Package reduce answers: what did the telemetry of these ten seconds come to, in integers?
//
// Spans, data points and log records go in as plain records; cells per (service, environment, version, signal) and
// bucket of event time come out. Nothing of a record is kept beyond its counts, its names are interned, and everything
// that can grow has a bound. Adding is commutative: the order and the goroutine in which delta points, spans and logs
// arrive leave no trace in what Drain returns, but for traces, which are followed from the Drain on that sees a rollout.
// Cumulative points are differences of neighbours, so those of one stream must arrive in order.
//
// Every request counts once: of several metrics that tell the calls of one process one counts, of two server spans of one
// request the outer one. Whose fault an error is, the status of its protocol says, for spans and metrics alike. A service
// is shown as namespace/name only where its name is in use in several namespaces, see namespaces.
//
// The records are not pdata, so that any decoder can feed them; package otlp holds the one for pdata.
package reduce

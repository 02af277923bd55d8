// Package families answers: which metrics of a Prometheus count requests, and of whom?
//
// A family is what one library, proxy or connector exposes: a counter of requests, a histogram of their durations, or both,
// with the labels that name the service, its version, the route and how a request ended. An error is what the service is to
// blame for: a 5xx, or one of the gRPC codes that the semantic conventions blame it for; a client that left is no request.
//
// The table is in the order of preference: of several families that tell the requests of one service the first one counts, and
// none is added to another. An application knows best, then its sidecar, then what is made of its spans, then a gateway.
package families

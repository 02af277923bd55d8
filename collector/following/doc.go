// Package following answers: how does a receiver that follows something else say how that goes?
//
// To the Collector by its Health, and in figures by a Counter. A receiver follows several things at once: the streams of an API,
// the kinds of a cluster's workloads, servers.
package following

// Package promtest answers: what does a real Prometheus make of a process that counts its requests?
//
// It is for tests: a Shop counts its requests as Go's promhttp does and knows nothing of Shipwake, and Start runs the
// Prometheus that $SHIPWAKE_TEST_PROMETHEUS names, if any, to scrape it each second.
package promtest

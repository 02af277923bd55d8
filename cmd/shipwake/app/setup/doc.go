// Package setup answers: what does a new installation need, and how far has it come?
//
// Answers to five questions become files: a configuration that is laid over the built-in one, the variables with its secrets,
// and what Prometheus and Grafana load. Guide says how each system that sends is set up, with the right address and secret;
// Look asks a running daemon what has arrived. Nothing here runs a daemon or knows the command line.
package setup

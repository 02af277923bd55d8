// Package convention answers: what do the names and codes of the semantic conventions mean for counting requests?
//
// Its tables hold what OpenTelemetry's conventions, old and new, and the connectors that make metrics of spans have in
// common: which metric counts what, whose fault a status is, which service an address names.
package convention

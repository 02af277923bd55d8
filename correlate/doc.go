// Package correlate is the vocabulary of Shipwake: what is a change, an incident, a measurement, a verdict?
//
// It imports only the standard library, holds no behaviour beyond validation and merging, and every other package
// speaks in its words. The rooms below it each answer one question:
//
//	window   when is a stretch of event time complete?
//	record   what is known of changes and incidents?
//	cells    what was measured, how much of it is still known, and what is not?
//	observe  what is a change compared with?
//	judge    was this change bad?
//	blame    which change did it?
//	dora     how do we deliver, by the DORA definitions?
//	engine   what follows from this input? (deterministic, no clock)
//	ledger   what do we know, durably?
//	replay   what would the daemon have said about this recorded case?
package correlate

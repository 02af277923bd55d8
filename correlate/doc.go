// Package correlate is the vocabulary of Shipwake: what is a change, an incident, a measurement, a verdict?
//
// It imports only the standard library, holds no behaviour beyond validation and merging, and every other package
// speaks in its words. The rooms below it each answer one question:
//
//	window   when is a stretch of event time complete?
//	names    which service, environment and version does a sender mean?
//	record   what is known of changes and incidents?
//	cells    what was measured, how much of it is still known, and what is not?
//	observe  what is a change compared with?
//	guard    which safeguards of judging are in force?
//	judge    was this change bad?
//	blame    which change did it?
//	dora     how do we deliver, by the DORA definitions?
//	engine   what follows from this input? (deterministic, no clock)
//	ledger   what do we know, durably?
//	words    how is that said to people?
package correlate

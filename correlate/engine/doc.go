// Package engine answers: what follows from this input?
//
// Apply takes one input (facts, records that are recalled, measurements, a tick of the clock) and returns what follows
// from it as effects. It is deterministic and single-threaded: no clock, no goroutine, no I/O. State is integers.
//
// # Derive, compare, issue
//
// What is known of changes and incidents is a fold of their reports (package record). A course of verdicts is a function
// of what was known of the changes at each instant and of the cells (packages observe, cells and judge). Judging appends
// to courses up to the watermark. When something comes late, courses are cut at the first instant from which on judging
// depends on something else than before, and derived again. Then the courses are compared with what was issued, and the
// difference is issued: a revision, one that supersedes others, or a withdrawal. There is one way for all of this,
// whatever the reason: time that goes by, late facts or measurements, a change that turns out to be merged, failed or
// retracted, and a restart.
//
// # What the caller owes
//
// A Driver does all of this; a Keeper is what it needs for it. The host, replays and benches drive by it.
//
//   - Effects are committed before the next input is applied, and published once they are committed.
//   - Before facts are applied, records that they are about and that have left memory are recalled (Input.Recall).
//   - Measurements are folded (Fold), then kept, then applied.
//   - Each time measurements were taken in it is said (Input.Drained), also when there were none.
//   - Ticks come after the measurements of their time, and don't run backwards by more than the clock is corrected for.
//   - Facts of one delivery come once, in the order of the ledger. To apply one again does no harm.
//   - A restart goes in this order: RestoreRecords, RestoreRollup by start, RestoreCheckpoint as they were written, Resume.
//
// # What the caller may rely on
//
//   - The same inputs in the same order give the same effects, to the byte.
//   - In which order facts arrive, how late and how often, doesn't show in the records, nor in the verdicts as long as the
//     cells of their time are kept (Config.FineKeep, Config.Reopen). A change that is reported when they have left memory
//     is marked (ChangeRecord.Rejudging) when what is kept elsewhere reaches that far (Config.LateReach). A Retrial judges
//     it from there, in an engine of its own, and Input.Rejudged brings what it found.
//   - Nor does it show which places rest: the changes of a place of which nothing was heard for a while are packed, about 300
//     bytes each, until something bears on them.
//   - Nor does it show where the engine was restarted, or that a Keeper failed for a while.
//   - Revisions of a verdict rise by one. A revision that replaces others names the first of them and why.
//   - The effects are the caller's; nothing in them is changed later.
package engine

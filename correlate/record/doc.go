// Package record answers: what is known of changes and incidents?
//
// A record is a fold of its reports: what several sources said, under one id or under several. The Book holds the
// records and works out what they mean to one another:
//
//	group    which changes are one rollout, reported by several sources under ids of their own?
//	lineage  which change went back to an earlier version, and which ones did it take back?
//	link     which change is an incident held against?
//	recover  since when is a failed change proven to be mended?
//	window   how long is a change observed, and when is it given up?
//
// The caller says what was reported (Report), what no longer counts (Retract), what is brought back from storage (Recall)
// and what may leave memory (Forget). Settle then works out what follows, and returns the records that are different.
// After Settle every record is a function of the set of reports and of the watermark: the order in which the reports
// came, and how they were batched, does not show.
//
// The cost of a report does not grow with the number of changes of its service: what is worked out again is what lies
// near in time. Where more happens at once than can be told apart there are bounds, see limits.
//
// Places to which nothing happens need not stay in memory: Rest says what is known of one, in a form that can be written down
// anywhere, and Wake puts it back. A Book that keeps places on a Shelf asks it for what is not in memory.
//
// The Phase of a record (but for PhaseRetracted) and its Verdict belong to whoever judges; the Book keeps them, and
// reads of them whether a change was judged bad and when that was over.
package record

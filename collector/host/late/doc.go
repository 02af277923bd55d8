// Package late answers: how is a change judged that is reported when its time has left memory?
//
// From measurements on disk. An Archive puts the checkpoints of the ledger together, a stretch of ten minutes (60 buckets)
// at a time, once nothing more is taken in of it, and keeps what comes of that for a week within a budget.
package late

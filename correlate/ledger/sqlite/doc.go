// Package sqlite answers: how does one machine keep the ledger in one file?
//
// The file is ledger.db in the data directory, in WAL mode with synchronous=FULL: a commit that was answered is in the
// write-ahead log and fsync has returned for it, so it survives the death of the process and, as far as the disk keeps
// its word, of the machine. There is no weaker mode. ../README.md says what that rests on.
//
// One goroutine writes. What concurrent callers hand in while a commit is being synced goes into the next transaction
// together, and nobody is answered before COMMIT has returned. When it fails for one of them, each is written by itself:
// that is rare, and savepoints would cost every transaction a copy of the pages that several of them alter. Reads have
// connections of their own and never wait for the writer.
//
// Times in columns are integer microseconds since 1970 in UTC, there to be searched and ordered; the zero time is
// year 1 there as everywhere. What must keep its precision (facts, records, verdicts) is in the JSON column beside.
// ReceivedAt and the time of a checkpoint are columns only, and so come back cut to the microsecond.
//
// A lock on the file "lock" keeps a second process away from the directory. The system releases it when the process
// dies, however it dies.
package sqlite

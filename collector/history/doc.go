// Package history answers: what is an export of another system, and what must one do who reads it?
//
// A format knows how one tool writes down what happened, and nothing else. It is a value of Format: a name, and passes over
// files that yield, record by record, facts in our own format or messages as a source takes them. It holds no file open, knows
// no daemon, and keeps in memory what it has to look up and nothing else, which is bounded: a file may be of any size. Whoever
// imports sends what is found, remembers how far it is, and reports what is wrong.
//
// # Adding a format
//
//		collector/history/<name>/<name>.go        the format; the package comment says what is read from which column or key
//		collector/history/<name>/<name>_test.go   historytest.Run
//		collector/history/<name>/testdata/*/      exports, written by us from the documented schema
//		collector/history/all/all.go              one line
//
//	 1. Rows reads tables, as CSV or as JSON, and Documents JSON. Both tell where a record stands, and go on after one that is wrong.
//	 2. A record yields one Found: facts, a message, or why there is none. Ignored: it is understood, and says nothing of a change or
//	    an incident. Wrong: it can't be read, with the place and what would be right.
//	 3. The id of a fact depends on the record alone, so that who imports twice, or files that overlap, tells nothing twice.
//	 4. Where a source of package source reads the same payloads, yield messages for it: one parser is enough.
package history

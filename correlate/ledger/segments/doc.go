// Package segments answers: where do blobs that are each about a stretch of time stay for some days, and not for longer?
//
// In one file each, in a directory of their own beside the ledger: they are large, written once, and given up without
// harm. A Store keeps them within a budget, the oldest go first, and it leaves the last of a disk's space to others.
// What a file holds is whole or not there: it is written under another name, synced and renamed.
package segments

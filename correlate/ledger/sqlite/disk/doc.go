// Package disk answers: what does a ledger ask of the directory it lies in?
//
// That no second process works in it (Acquire), that some space is left when the disk is full (Reserve), and that the
// names of its files are durable (SyncDir).
package disk

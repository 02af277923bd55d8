// Package chart answers: how does a number that moves over time look?
//
// In a line of text, and in an image of its own. No data is a gap, never zero.
package chart

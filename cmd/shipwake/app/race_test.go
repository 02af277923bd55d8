//go:build race

package app

// raced: the race detector multiplies memory.
const raced = true

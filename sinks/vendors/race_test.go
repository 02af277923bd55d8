//go:build race

package vendors

// raced: the race detector multiplies time.
const raced = true

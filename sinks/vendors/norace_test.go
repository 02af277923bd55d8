//go:build !race

package vendors

// raced is described beside the other one.
const raced = false

//go:build !amd64 && !arm64

package prefetch

// Fetch does nothing: what is read is fetched when it is read.
func Fetch([]Place) {}

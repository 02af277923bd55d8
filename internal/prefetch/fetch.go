//go:build amd64 || arm64

package prefetch

// Fetch begins to fetch what lies at places, and doesn't wait for it.
//
//go:noescape
func Fetch(places []Place)

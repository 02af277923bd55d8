//go:build !linux

package doctor

// synchronized isn't known here.
func synchronized() (yes, known bool) { return false, false }

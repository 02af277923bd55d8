// Package arch answers: do the packages keep to the rooms they were given?
//
// It holds only tests. They read the files, so they see every platform and build tag and nothing stale.
package arch

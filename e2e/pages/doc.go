// Package pages answers: do the pages work in a browser?
//
// It is a module of its own, so that the client of a browser is no part of the program. `make e2e-pages` runs it.
package pages

// Package oidc answers: do people sign in at a real identity provider?
//
// It is a module of its own, so that a provider is no part of the program. `make e2e-oidc` runs it.
package oidc

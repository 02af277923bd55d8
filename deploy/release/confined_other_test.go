//go:build !linux

package main

import "syscall"

// confined: elsewhere the test that needs it skips itself.
func confined(string, string) *syscall.SysProcAttr { return nil }

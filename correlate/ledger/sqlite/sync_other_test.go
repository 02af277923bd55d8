//go:build !linux

package sqlite

import (
	"context"
	"errors"
	"io"
)

// loseSyncs is for Linux, where a process can have its own system calls fail.
func loseSyncs(context.Context, string, io.Writer) error { return errors.ErrUnsupported }

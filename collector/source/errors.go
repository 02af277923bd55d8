package source

import (
	"errors"
	"fmt"
)

// ErrUnauthorized is wrapped by every refusal of Authenticate.
var ErrUnauthorized = errors.New("unauthorized")

// ParseError says where a body is wrong. Path is a JSON path such as "$.alerts[2].startsAt"; it never holds a value.
type ParseError struct {
	Path string
	Want string
}

func (e *ParseError) Error() string { return fmt.Sprintf("%s: %s", e.Path, e.Want) }

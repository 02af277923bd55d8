// Package strictyaml answers: what does a file say that describes a vendor, and is all of it meant?
package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Decode reads a file into a struct. The error names the line and the key that isn't known; of an empty file it says which keys
// it must have.
func Decode(text []byte, into any, must string) error {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	switch err := decoder.Decode(into); {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("must be a mapping, with %s; the file is empty", must)
	case err != nil:
		return fmt.Errorf("must be a mapping: %w", err)
	}
	return nil
}

// CheckName refuses a name that would be no part of a path, of a key or of the name of a file.
func CheckName(name string) error {
	if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		return errors.New("name: required: lower case letters, digits, dashes and underscores")
	}
	return nil
}

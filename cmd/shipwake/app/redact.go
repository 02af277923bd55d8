package app

import (
	"errors"
	"regexp"
)

// quoted are the errors of the YAML parser that repeat a value: a secret without quotes may begin with an asterisk.
var quoted = regexp.MustCompile("unknown anchor '[^']*' referenced|cannot (decode|unmarshal) \\S+ `[^`]*` (as|into) a? ?")

// redact takes values of the configuration out of an error.
func redact(err error) error {
	if err == nil || !quoted.MatchString(err.Error()) {
		return err
	}
	return errors.New(quoted.ReplaceAllLiteralString(err.Error(), "put values that are text in quotes: "))
}

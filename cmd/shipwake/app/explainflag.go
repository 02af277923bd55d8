package app

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// explainFlag says of an error of a command line what would be right, in place of which of Go's functions said no.
func explainFlag(err error, of *cobra.Command) error {
	var unknown *pflag.NotExistError
	var value *pflag.InvalidValueError
	var number *strconv.NumError
	switch {
	case errors.As(err, &unknown):
		return fmt.Errorf("%w; %s --help lists the flags", err, of.CommandPath())
	case !errors.As(err, &value):
		return err
	case errors.As(err, &number):
		return fmt.Errorf("--%s %s: want %s", value.GetFlag().Name, value.GetValue(), numberOf(value.GetFlag(), number))
	}
	return fmt.Errorf("--%s: %w", value.GetFlag().Name, value.Unwrap())
}

// numberOf is what a flag takes, in words.
func numberOf(f *pflag.Flag, number *strconv.NumError) string {
	want := map[string]string{"bool": "true or false", "float64": "a number"}[f.Value.Type()]
	if want == "" {
		want = "a whole number"
	}
	if errors.Is(number, strconv.ErrRange) {
		want += " that isn't as large"
	}
	return want
}

// Package span answers: how long is 30d, 2w or 1y?
package span

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// The lengths of the units that Go's own durations don't have. A year is 365 days, as in PromQL.
const (
	Day  = 24 * time.Hour
	Week = 7 * Day
	Year = 365 * Day
)

var units = []struct {
	sign   byte
	length time.Duration
}{{'y', Year}, {'w', Week}, {'d', Day}}

// Parse reads a duration as Go does, before which whole years, weeks and days may stand, the longest first: "30d", "1y",
// "1w2d", "1d12h", "36h", "-30d".
func Parse(text string) (time.Duration, error) {
	wrong := fmt.Errorf("%q is not a duration such as 30d, 2w, 1y or 36h", text)
	rest, sign := text, time.Duration(1)
	switch {
	case strings.HasPrefix(text, "-"):
		rest, sign = text[1:], -1
	case strings.HasPrefix(text, "+"):
		rest = text[1:]
	}
	var total time.Duration
	whole := false // years, weeks or days were told
	for _, u := range units {
		n, after, ok := leading(rest, u.sign)
		if !ok {
			continue
		}
		if n > int64((math.MaxInt64-total)/u.length) {
			return 0, wrong
		}
		total, rest, whole = total+time.Duration(n)*u.length, after, true
	}
	if whole && rest == "" {
		return sign * total, nil
	}
	d, err := time.ParseDuration(rest)
	if err != nil || strings.HasPrefix(rest, "-") || strings.HasPrefix(rest, "+") || d > math.MaxInt64-total {
		return 0, wrong
	}
	return sign * (total + d), nil
}

// leading is a whole number with a unit at the beginning of a text, and what comes after it.
func leading(text string, unit byte) (n int64, after string, ok bool) {
	digits := 0
	for digits < len(text) && text[digits] >= '0' && text[digits] <= '9' {
		digits++
	}
	if digits == 0 || digits == len(text) || text[digits] != unit {
		return 0, text, false
	}
	n, err := strconv.ParseInt(text[:digits], 10, 64)
	return n, text[digits+1:], err == nil
}

// Flag is a duration that a flag of a command line sets.
type Flag struct{ to *time.Duration }

var _ pflag.Value = Flag{}

// Var adds a flag that Parse reads.
func Var(flags *pflag.FlagSet, to *time.Duration, name string, standard time.Duration, usage string) {
	*to = standard
	flags.Var(Flag{to}, name, usage)
}

// String implements pflag.Value.
func (f Flag) String() string {
	if f.to == nil {
		return ""
	}
	return f.to.String()
}

// Set implements pflag.Value.
func (f Flag) Set(text string) error {
	d, err := Parse(text)
	if err == nil {
		*f.to = d
	}
	return err
}

// Type implements pflag.Value.
func (f Flag) Type() string { return "duration" }

package words

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// None is how the absence of data is said.
const None = "–"

// Figure is a number with the two or three digits that matter.
func Figure(v float64) string {
	switch a := math.Abs(v); {
	case a >= 10 && a < 1e6:
		return Count(int64(math.Round(v)))
	case v == math.Trunc(v) && a < 10:
		return strconv.Itoa(int(v))
	}
	return strconv.FormatFloat(v, 'g', 2, 64)
}

// Times is a factor. Near 1 a hundredth matters.
func Times(v float64) string {
	if v <= 0.5 || v >= 2 {
		return Figure(v)
	}
	return strconv.FormatFloat(math.Round(100*v)/100, 'f', -1, 64)
}

// Count is a whole number with its thousands apart.
func Count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return sign + digits
}

// Span is a duration in seconds, in the two largest units that it has.
func Span(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second)).Round(time.Second)
	days, hours, minutes := int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60
	switch {
	case days > 0:
		return fmt.Sprintf("%dd %dh", days, hours)
	case hours > 0:
		return fmt.Sprintf("%dh %dm", hours, minutes)
	case minutes > 0:
		return fmt.Sprintf("%dm %ds", minutes, int(d.Seconds())%60)
	}
	return fmt.Sprintf("%ds", int(d.Seconds()))
}

// Or is the text, or None when it is empty.
func Or(text string) string {
	if text == "" {
		return None
	}
	return text
}

// Day is the day of a time in UTC.
func Day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// Instant is a time as it is printed everywhere: UTC, to the second.
func Instant(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

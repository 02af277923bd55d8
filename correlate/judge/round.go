package judge

import (
	"math"
	"strconv"
)

// limit keeps numbers in a range that every JSON reader and database takes.
const limit = 1e300

// round keeps six significant digits. It goes through decimal notation, so that the result is the float nearest to it.
func round(v float64) float64 {
	switch {
	case math.IsNaN(v):
		return 0
	case v > limit:
		return limit
	case v < -limit:
		return -limit
	}
	var text [32]byte
	rounded, err := strconv.ParseFloat(string(strconv.AppendFloat(text[:0], v, 'e', 5, 64)), 64)
	if err != nil || rounded == 0 {
		return 0 // not the negative one
	}
	return rounded
}

// eValue is exp of a ln e-value, as it is reported.
func eValue(lnE float64) float64 { return round(math.Exp(min(lnE, 690))) }

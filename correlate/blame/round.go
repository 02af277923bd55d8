package blame

import "strconv"

// round keeps six significant digits, so that equal states give equal bytes.
func round(v float64) float64 {
	var text [32]byte
	rounded, err := strconv.ParseFloat(string(strconv.AppendFloat(text[:0], v, 'e', 5, 64)), 64)
	if err != nil || rounded == 0 {
		return 0
	}
	return rounded
}

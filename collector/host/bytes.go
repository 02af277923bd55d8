package host

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Bytes is an amount of memory, written as 512MiB, 2GiB, 800MB or a plain number of bytes.
type Bytes int64

const mebibyte = Bytes(1 << 20)

var units = []struct {
	name  string
	bytes int64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40},
	{"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1}, {"", 1},
}

// UnmarshalText reads a whole number with a unit.
func (b *Bytes) UnmarshalText(text []byte) error {
	said := strings.TrimSpace(string(text))
	digits := strings.TrimRight(said, "kKMGTiB ")
	unit := strings.TrimSpace(said[len(digits):])
	for _, u := range units {
		if u.name != unit {
			continue
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n < 0 || n > math.MaxInt64/u.bytes {
			break
		}
		*b = Bytes(n * u.bytes)
		return nil
	}
	return fmt.Errorf("%.40q is no amount of memory; write a whole number and a unit, like 512MiB or 2GiB", said)
}

// MarshalText writes the largest binary unit that leaves a whole number.
func (b Bytes) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

func (b Bytes) String() string {
	for i := 3; i >= 0; i-- {
		if u := units[i]; b >= Bytes(u.bytes) && int64(b)%u.bytes == 0 {
			return fmt.Sprintf("%d%s", int64(b)/u.bytes, u.name)
		}
	}
	return fmt.Sprintf("%dB", int64(b))
}

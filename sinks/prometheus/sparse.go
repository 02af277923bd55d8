package prometheus

import "slices"

// sparse counts by two labels of whose values few occur. It isn't changed once it is made.
type sparse []struct {
	by [2]string
	n  uint32
}

// with is the counts with n more of one.
func (s sparse) with(n uint32, by ...string) sparse {
	var key [2]string
	copy(key[:], by)
	more := slices.Clone(s)
	for i := range more {
		if more[i].by == key {
			more[i].n += n
			return more
		}
	}
	return append(more, struct {
		by [2]string
		n  uint32
	}{key, n})
}

// anew is the same counts, all 0.
func (s sparse) anew() sparse {
	zeros := slices.Clone(s)
	for i := range zeros {
		zeros[i].n = 0
	}
	return zeros
}

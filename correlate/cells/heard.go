package cells

import "slices"

// hearing is the buckets in which anything was received, sorted, by environment.
type hearing map[string][]int64

// hear notes a bucket in which something was received.
func (h hearing) hear(environment string, start int64) {
	starts := h[environment]
	if n := len(starts); n == 0 || starts[n-1] < start {
		h[environment] = append(starts, start)
		return
	}
	if at, known := slices.BinarySearch(starts, start); !known {
		h[environment] = slices.Insert(starts, at, start)
	}
}

// LastHeard is the last bucket before an instant in which anything of an environment was received, 0 when none is known.
func (h hearing) LastHeard(environment string, now int64) int64 {
	starts := h[environment]
	n, _ := slices.BinarySearch(starts, now)
	if n == 0 {
		return 0
	}
	return starts[n-1]
}

func (h hearing) expire(before int64) {
	for environment, starts := range h {
		n, _ := slices.BinarySearch(starts, before)
		h[environment] = slices.Clone(starts[n:])
	}
}

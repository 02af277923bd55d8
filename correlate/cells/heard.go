package cells

import "slices"

// hear notes a bucket in which something was received.
func (st *Store) hear(environment string, start int64) {
	starts := st.heard[environment]
	if n := len(starts); n == 0 || starts[n-1] < start {
		st.heard[environment] = append(starts, start)
		return
	}
	if at, known := slices.BinarySearch(starts, start); !known {
		st.heard[environment] = slices.Insert(starts, at, start)
	}
}

// LastHeard is the last bucket before an instant in which anything of an environment was received, 0 when none is known.
func (st *Store) LastHeard(environment string, now int64) int64 {
	starts := st.heard[environment]
	n, _ := slices.BinarySearch(starts, now)
	if n == 0 {
		return 0
	}
	return starts[n-1]
}

package cells

import "slices"

// Expire forgets, in the course of time, fine cells that start before one instant and rollups before another. A stream or
// version without cells left is forgotten with them; when a version was seen is not, until its rollups go.
func (st *Store) Expire(fine, coarse int64) {
	for environment, starts := range st.heard {
		n, _ := slices.BinarySearch(starts, fine)
		st.heard[environment] = slices.Clone(starts[n:])
	}
	for p, s := range st.services {
		for k, str := range s.streams {
			st.dropFine(str, fine)
			st.dropRollups(str, coarse)
			st.tidy(p, s, k, str)
		}
		for name, seen := range s.versions {
			if seen.Last < coarse {
				delete(s.versions, name)
				st.bytes -= sightingBytes
			}
		}
		st.dropRoutes(s, fine)
		st.release(p, s)
	}
	st.expireLosses(fine)
	st.expireGaps(coarse)
}

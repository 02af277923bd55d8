package cells

// Expire forgets, in the course of time, fine cells that start before one instant and rollups before another. A stream or
// version without cells left is forgotten with them; when a version was seen is not, until its rollups go.
func (st *Store) Expire(fine, coarse int64) {
	st.hearing.expire(fine)
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
	st.coverage.expire(coarse)
}

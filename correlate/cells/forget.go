package cells

import "github.com/shipwake/shipwake/correlate"

// forgotten is from when on each part of a place is known: what starts earlier was forgotten and, should it come once
// more, is not kept. 0: nothing was.
type forgotten struct{ operations, versions, fine, coarse int64 }

func (st *Store) forgotten(p correlate.Place) forgotten {
	if l := st.losses[p]; l != nil {
		return l.forgotten
	}
	return forgotten{}
}

// Forgot says that of what was measured of a place since an instant something was forgotten for lack of memory.
func (st *Store) Forgot(p correlate.Place, since int64) bool {
	f := st.forgotten(p)
	return max(f.operations, f.versions, f.fine) > since
}

// forget drops a part of a place that starts before an instant, for good.
func (st *Store) forget(p correlate.Place, what string, before int64) (freed taken) {
	gone := &st.lossesOf(p).forgotten
	s := st.services[p]
	if s == nil {
		s = &Service{}
	}
	switch what {
	case correlate.LostServices:
		freed = st.forget(p, correlate.LostBuckets, before)
		freed.add(st.forget(p, correlate.LostRollups, before))
		return freed
	case correlate.LostOperations:
		gone.operations = max(gone.operations, before)
		freed.add(st.dropRoutes(s, before))
	case correlate.LostVersions:
		gone.versions = max(gone.versions, before)
	case correlate.LostBuckets:
		gone.fine = max(gone.fine, before)
		freed.add(st.dropRoutes(s, before))
	case correlate.LostRollups:
		gone.coarse = max(gone.coarse, before)
		st.bytes -= s.forgetSightings(before)
	}
	for k, str := range s.streams {
		of := st.forgetOf(k, str, what, before)
		s.dropped(of)
		freed.add(of)
		st.tidy(p, s, k, str)
	}
	st.release(p, s)
	return freed
}

// dropped notes that cells were dropped.
func (s *Service) dropped(cells taken) {
	if cells.cells > 0 {
		s.shape++
	}
}

func (s *Service) forgetSightings(before int64) (freed int64) {
	for name, seen := range s.versions {
		if seen.First = max(seen.First, before); seen.Last < before {
			delete(s.versions, name)
			s.seen = nil
			s.shape++
			freed += sightingBytes
		}
	}
	return freed
}

func (st *Store) forgetOf(k Key, str *Stream, what string, before int64) (freed taken) {
	switch {
	case what == correlate.LostOperations && isPart(k.Kind):
		freed.add(st.dropFine(str, before))
		freed.add(st.dropRollups(str, before))
	case what == correlate.LostVersions && !isPart(k.Kind):
		freed.add(st.dropVersions(str, before))
	case what == correlate.LostBuckets:
		freed.add(st.dropFine(str, before))
	case what == correlate.LostRollups:
		freed.add(st.dropRollups(str, before))
	}
	return freed
}

// dropFine forgets the fine cells of a stream, and the versions that have none left.
func (st *Store) dropFine(str *Stream, before int64) taken {
	freed := str.total.drop(before)
	st.bytes -= freed.bytes
	freed.add(st.dropVersions(str, before))
	return freed
}

func (st *Store) dropVersions(str *Stream, before int64) (freed taken) {
	for name, v := range str.versions {
		freed.add(v.drop(before))
		freed.bytes -= v.share(&str.total, v.of.stretch(before))
		if v.empty() {
			delete(str.versions, name)
			st.series--
			st.apart--
			st.bytes -= seriesBytes
		}
	}
	st.bytes -= freed.bytes
	return freed
}

func (st *Store) dropRollups(str *Stream, before int64) taken {
	freed := str.coarse.drop(before)
	st.bytes -= freed.bytes
	return freed
}

// Expire forgets, in the course of time, fine cells that start before one instant and rollups before another. A stream or
// version without cells left is forgotten with them; when a version was seen is not, until its rollups go.
func (st *Store) Expire(fine, coarse int64) {
	st.hearing.expire(fine)
	for p, s := range st.services {
		for k, str := range s.streams {
			s.dropped(st.dropFine(str, fine))
			s.dropped(st.dropRollups(str, coarse))
			st.tidy(p, s, k, str)
		}
		for name, seen := range s.versions {
			if seen.Last < coarse {
				delete(s.versions, name)
				s.seen = nil
				s.shape++
				st.bytes -= sightingBytes
			}
		}
		st.dropRoutes(s, fine)
		st.release(p, s)
	}
	st.expireLosses(fine)
	st.coverage.expire(coarse)
}

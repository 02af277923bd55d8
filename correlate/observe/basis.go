package observe

// Basis is what the assessment of a change is a function of, besides the cells.
type Basis struct {
	At     int64
	Finish int64 // the rollout was complete, as far as that was known; 0 while it ran
	hash   uint64
}

// Basis is that of a look at an instant, at most that of the view. Two assessments with the same basis are the same.
func (o *Observer) Basis(v *View, s *Subject, at int64) Basis {
	known := s.At(max(at, s.Start+1))
	d := NewDigest()
	d.Reported(&known)
	d.Words(o.ServedVersion(s, at))
	past := o.Past(v, s.Place, s.Start)
	d.Ints(past.Digest, int64(len(o.cells.Gaps(at))))
	for _, r := range o.warmUps(v, s) {
		d.Ints(r.Start, r.Finish, r.Until)
	}
	return Basis{At: at, Finish: known.Finish, hash: uint64(d)}
}

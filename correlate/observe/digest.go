package observe

import (
	"encoding/binary"
	"hash"
)

// Digest writes values to a hash so that no two lists of them look alike.
type Digest struct{ hash.Hash }

// Reported writes what the reports of a change tell, without what was decided of it.
func (d Digest) Reported(s *Subject) {
	d.Words(s.ID, string(s.Kind), s.Place.Service, s.Place.Environment, s.Version, s.Commit)
	d.Ints(s.Start, s.Finish)
	for _, z := range s.Zones {
		d.Words(z.Name)
		d.Ints(z.Reached)
	}
}

// Ints and Words write numbers and texts.
func (d Digest) Ints(all ...int64) {
	var room [8]byte
	for _, n := range all {
		binary.LittleEndian.PutUint64(room[:], uint64(n))
		_, _ = d.Write(room[:]) // a hash does not fail
	}
}

func (d Digest) Words(all ...string) {
	for _, text := range all {
		d.Ints(int64(len(text)))
		_, _ = d.Write([]byte(text))
	}
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

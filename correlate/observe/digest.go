package observe

import "strconv"

// Digest is a hash of values, such that no two lists of them look alike: FNV-1a with 64 bits.
type Digest uint64

// NewDigest is that of nothing.
func NewDigest() Digest { return 0xcbf29ce484222325 }

// String is the digest in 16 hexadecimal digits.
func (d Digest) String() string {
	text := strconv.FormatUint(uint64(d), 16)
	return "0000000000000000"[len(text):] + text
}

// Reported writes what the reports of a change tell, without what was decided of it.
func (d *Digest) Reported(s *Subject) {
	d.Words(s.ID, string(s.Kind), s.Place.Service, s.Place.Environment, s.Version, s.Commit)
	if s.Digest != "" {
		d.Words(s.Digest)
	}
	d.Ints(s.Start, s.Finish)
	for _, z := range s.Zones {
		d.Words(z.Name)
		d.Ints(z.Reached)
	}
}

// Ints writes numbers.
func (d *Digest) Ints(all ...int64) {
	for _, n := range all {
		for shift := 0; shift < 64; shift += 8 {
			d.write(byte(n >> shift))
		}
	}
}

// Words writes texts.
func (d *Digest) Words(all ...string) {
	for _, text := range all {
		d.Ints(int64(len(text)))
		for i := range len(text) {
			d.write(text[i])
		}
	}
}

func (d *Digest) write(b byte) { *d = (*d ^ Digest(b)) * 0x100000001b3 }

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

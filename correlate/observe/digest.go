package observe

import (
	"math/bits"
	"slices"
	"strconv"

	"github.com/shipwake/shipwake/correlate"
)

// Digest is a hash of values, such that no two lists of them are likely to look alike. It takes a word of 64 bits at a time,
// as xxHash64 takes the end of its input (Collet, xxHash fast digest algorithm, 2012): two lists of the same length that differ
// in one word never look alike.
type Digest uint64

// The primes of xxHash64.
const (
	prime1 = 0x9e3779b185ebca87
	prime2 = 0xc2b2ae3d27d4eb4f
	prime3 = 0x165667b19e3779f9
	prime4 = 0x85ebca77c2b2ae63
	prime5 = 0x27d4eb2f165667c5
)

// NewDigest is that of nothing.
func NewDigest() Digest { return prime5 }

// String is the digest in 16 hexadecimal digits, each of which depends on every value.
func (d Digest) String() string {
	text := strconv.FormatUint(d.avalanche(), 16)
	return "0000000000000000"[len(text):] + text
}

func (d Digest) avalanche() uint64 {
	h := uint64(d)
	h = (h ^ h>>33) * prime2
	h = (h ^ h>>29) * prime3
	return h ^ h>>32
}

// digest is that of what the reports of a change tell.
func (s *Subject) digest() Digest {
	d := NewDigest()
	d.Reported(s)
	return d
}

// reportedBy is the same as it was known by an instant.
func (s *Subject) reportedBy(t int64) Digest {
	later := func(z Step) bool { return z.Reached > t }
	if s.reported != 0 && s.Start < t && s.Finish <= t && !slices.ContainsFunc(s.Zones, later) {
		return s.reported
	}
	known := s.At(max(t, s.Start+1))
	return known.digest()
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

// Cells writes measurements.
func (d *Digest) Cells(all []correlate.Cell) {
	h := *d
	for i := range all {
		c := &all[i]
		h = h.with(c.Start).with(c.Requests).with(c.Errors).with(c.Sum).with(c.N).with(int64(len(c.Latency)))
		for _, b := range c.Latency {
			h = h.with(int64(b.Index)<<32 | int64(b.Count))
		}
	}
	*d = h
}

// Ints writes numbers.
func (d *Digest) Ints(all ...int64) {
	h := *d
	for _, n := range all {
		h = h.with(n)
	}
	*d = h
}

// Words writes texts, each after its length and with zeros up to a whole word.
func (d *Digest) Words(all ...string) {
	h := *d
	for _, text := range all {
		h = h.with(int64(len(text)))
		for ; len(text) >= 8; text = text[8:] {
			h = h.with(int64(text[0]) | int64(text[1])<<8 | int64(text[2])<<16 | int64(text[3])<<24 |
				int64(text[4])<<32 | int64(text[5])<<40 | int64(text[6])<<48 | int64(text[7])<<56)
		}
		if len(text) > 0 {
			var word int64
			for i := range len(text) {
				word |= int64(text[i]) << (8 * i)
			}
			h = h.with(word)
		}
	}
	*d = h
}

func (d Digest) with(word int64) Digest {
	spread := bits.RotateLeft64(uint64(word)*prime2, 31) * prime1
	return Digest(bits.RotateLeft64(uint64(d)^spread, 27)*prime1 + prime4)
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

package wire

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
)

// words reads the counts of explicit buckets.
func (w *pointWalk) words(raw []byte) bool {
	n := len(raw) / 8
	if len(raw)%8 != 0 || !w.b.pay(numberBytes*int64(n)) {
		return false
	}
	from := len(w.b.buckets)
	w.b.buckets = slices.Grow(w.b.buckets, n)[:from+n]
	fixed64s(w.b.buckets[from:], raw)
	w.p.buckets = part{from, from + n}
	return true
}

// doubles reads the bounds of explicit buckets.
func (w *pointWalk) doubles(raw []byte) bool {
	latest := &w.b.latest
	if len(raw) > 0 && bytes.Equal(raw, latest.raw) {
		w.p.bounds = latest.bounds
		return true
	}
	if len(raw)%8 != 0 || !w.b.pay(numberBytes*int64(len(raw)/8)) {
		return false
	}
	w.p.bounds.from = len(w.b.bounds)
	for b := raw; len(b) >= 8; b = b[8:] {
		w.b.bounds = append(w.b.bounds, math.Float64frombits(binary.LittleEndian.Uint64(b)))
	}
	w.p.bounds.to = len(w.b.bounds)
	latest.raw, latest.bounds = raw, w.p.bounds
	return true
}

// The tags of buckets by a scale.
const (
	bucketOffset = 1<<3 | wireVarint
	bucketCounts = 2<<3 | wireLength
)

// positives reads the buckets of positive values.
func (w *pointWalk) positives(b []byte) bool {
	w.p.buckets.from = len(w.b.buckets)
	lists := 0
	for at := 0; at < len(b); {
		switch b[at] {
		case bucketOffset:
			v, next, ok := varint(b, at+1)
			if !ok {
				return false
			}
			w.p.Offset, at = zigzag(v), next
		case bucketCounts:
			from, to, ok := length(b, at+1)
			if lists++; !ok || lists > 1 || !w.b.pay(numberBytes*int64(to-from)) || !w.b.counts(b[from:to]) {
				return false
			}
			at = to
		default:
			return false
		}
	}
	w.p.buckets.to = len(w.b.buckets)
	return true
}

// counts reads packed counts, of which there are at most as many as bytes.
func (b *Points) counts(packed []byte) bool {
	n := len(b.buckets)
	all := slices.Grow(b.buckets, len(packed))[:n+len(packed)]
	for at := 0; at < len(packed); n++ {
		v, next := uint64(packed[at]), at+1
		if v >= 0x80 {
			var ok bool
			if v, next, ok = varint(packed, at); !ok {
				return false
			}
		}
		all[n], at = v, next
	}
	b.buckets = all[:n]
	return true
}

// negatives adds the buckets of negative values to those of zero.
func (w *pointWalk) negatives(b []byte) bool {
	if !check(b, bucketsMessage, 0) {
		return false
	}
	for at := 0; at < len(b); {
		if b[at] == bucketOffset {
			_, at, _ = varint(b, at+1)
			continue
		}
		from, to, _ := length(b, at+1)
		for at = from; at < to; {
			var v uint64
			v, at, _ = varint(b[:to], at)
			w.p.Zero += v
		}
	}
	return true
}

package prometheus

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/shipwake/shipwake/collector/prometheus/native"
)

// nativeSample is a native histogram at an instant in Unix milliseconds:
// [1435781430.781, {"count": "6", "sum": "1.3", "buckets": [[0, "0.5", "1", "6"], …]}]. The first number of a bucket says which of its
// bounds belong to it. Buckets that are empty are left out.
type nativeSample struct {
	at        int64
	histogram *native.Histogram
}

var errNative = errors.New(`native histograms must be written as [[1435781430.781, {"count": "6", "sum": "1.3", "buckets": [[0, "0.5", "1", "6"]]}], …]`)

// number is a float that is written as a text.
type number float64

// UnmarshalJSON reads also NaN and infinities.
func (n *number) UnmarshalJSON(text []byte) error {
	if len(text) < 2 || text[0] != '"' {
		return errNative
	}
	v, err := strconv.ParseFloat(string(text[1:len(text)-1]), 64)
	*n = number(v)
	return err
}

// tuple is a list that must be as long as what it is read into.
func tuple(text []byte, into ...any) error {
	var all []json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil || len(all) != len(into) {
		return errNative
	}
	for i := range into {
		if err := json.Unmarshal(all[i], into[i]); err != nil {
			return fmt.Errorf("%w: %w", errNative, err)
		}
	}
	return nil
}

// bucket is [boundaries, "lower", "upper", "count"].
type bucket native.Bucket

// UnmarshalJSON reads one.
func (b *bucket) UnmarshalJSON(text []byte) error {
	var rule int
	return tuple(text, &rule, (*number)(&b.Lower), (*number)(&b.Upper), (*number)(&b.Count))
}

// UnmarshalJSON reads one.
func (s *nativeSample) UnmarshalJSON(text []byte) (err error) {
	var seconds float64
	var told struct {
		Sum     number   `json:"sum"`
		Buckets []bucket `json:"buckets"`
	}
	if err := tuple(text, &seconds, &told); err != nil {
		return err
	}
	buckets := make([]native.Bucket, len(told.Buckets))
	for i, b := range told.Buckets {
		buckets[i] = native.Bucket(b)
	}
	s.at = int64(seconds*1000 + 0.5)
	s.histogram, err = native.OfBuckets(float64(told.Sum), buckets)
	return err
}

package remotewrite

import (
	"math"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
)

const duration = `http_server_request_duration_seconds{http_response_status_code="200",instance="a:80",job="shop"}`

// sentNative is a native histogram of octaves with so many observations in the buckets that end at 1, 2, 4, …, of integers or
// floats.
type sentNative struct {
	at, start time.Time
	hint      uint64
	floats    bool
	counts    []int
}

func varint(number protowire.Number, n uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, number, protowire.VarintType), n)
}

func (s *sentNative) message() []byte {
	all := append(field(11, varint(2, uint64(len(s.counts)))), varint(15, uint64(s.at.UnixMilli()))...)
	all = append(all, varint(14, s.hint)...)
	if !s.start.IsZero() {
		all = append(all, varint(17, uint64(s.start.UnixMilli()))...)
	}
	var list []byte
	before := 0
	for _, n := range s.counts {
		if s.floats {
			list = protowire.AppendFixed64(list, math.Float64bits(float64(n)))
		} else {
			list = protowire.AppendVarint(list, protowire.EncodeZigZag(int64(n-before)))
		}
		before = n
	}
	if s.floats {
		return append(all, field(13, list)...)
	}
	return append(all, field(12, list)...)
}

// sendNative posts histograms of one series.
func (w *world) sendNative(contentType, series string, all ...sentNative) int {
	var labels, symbols, refs []byte
	symbols = field(4, nil)
	n := uint64(1)
	for _, l := range labelsOf(series) {
		labels = append(labels, field(1, append(field(1, []byte(l[0])), field(2, []byte(l[1]))...))...)
		symbols = append(append(symbols, field(4, []byte(l[0]))...), field(4, []byte(l[1]))...)
		refs = protowire.AppendVarint(protowire.AppendVarint(refs, n), n+1)
		n += 2
	}
	body, number := labels, protowire.Number(4)
	if contentType == type2 {
		body, number = field(1, refs), 3
	}
	for i := range all {
		body = append(body, field(number, all[i].message())...)
	}
	request := field(1, body)
	if contentType == type2 {
		request = append(symbols, field(5, body)...)
	}
	return w.post(contentType, "snappy", snappy.Encode(nil, request)).Code
}

func TestNativeHistogramsThatArePushedCountOnce(t *testing.T) {
	for name, test := range map[string]struct {
		contentType string
		floats      bool
	}{
		"1.0": {type1, false}, "1.0 of floats": {type1, true}, "2.0": {type2, false}, "2.0 of floats": {type2, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.tick(t)
				push := func(hint uint64, counts ...int) {
					t.Helper()
					one := sentNative{at: time.Now(), hint: hint, floats: test.floats, counts: counts}
					for range 2 { // once more, as whoever had no answer does
						require.Equal(t, http.StatusNoContent, w.sendNative(test.contentType, duration, one))
					}
					time.Sleep(15 * time.Second)
				}
				push(0, 50, 2)
				push(0, 60, 2, 1)
				push(1, 70, 3, 1) // it says that it began again
				push(2, 71, 3, 1)
				push(0, 1) // it fell
				time.Sleep(15 * time.Second)
				require.Equal(t, [2]int64{11 + 74 + 1 + 1, 0}, w.requests())
				require.Zero(t, w.lost())
			})
		})
	}
}

func TestAHistogramThatTellsItsStartCountsFromThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.tick(t)
		time.Sleep(time.Minute)
		at := time.Now()
		first, second := sentNative{at: at, start: at.Add(-5 * time.Second), counts: []int{4}}, sentNative{at: at.Add(time.Second), start: at.Add(-5 * time.Second), counts: []int{6}}
		require.Equal(t, http.StatusNoContent, w.sendNative(type2, duration, first, second))
		time.Sleep(30 * time.Second)
		require.Equal(t, [2]int64{6, 0}, w.requests(), "it began while the door was there")
	})
}

func TestHistogramsThatCantBeUsedAreRefused(t *testing.T) {
	w := newWorld(t)
	good, negative := sentNative{at: time.Now(), counts: []int{1}}, sentNative{at: time.Now(), counts: []int{-1}}
	require.Equal(t, http.StatusBadRequest, w.sendNative(type1, duration, good, negative))
	require.Equal(t, http.StatusBadRequest, w.sendNative(type2, duration, sentNative{at: time.Now().Add(time.Hour), counts: []int{1}}))
	require.Equal(t, http.StatusNoContent, w.sendNative(type2, `go_gc_seconds{job="shop"}`, negative), "what nobody asks for isn't looked into")
	require.Zero(t, w.requests())
}

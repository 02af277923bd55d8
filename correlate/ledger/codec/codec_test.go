package codec

import (
	"bytes"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/packed"
)

func drawMeasurement(t *rapid.T) correlate.Measurement {
	name := rapid.SampledFrom([]string{"", "cart", "checkout", "production", "1.4.2", "Ωmega", "a\x00b"})
	var m correlate.Measurement
	m.Service, m.Environment, m.Version = name.Draw(t, "service"), name.Draw(t, "environment"), name.Draw(t, "version")
	m.Name, m.Peer = name.Draw(t, "name"), rapid.String().Draw(t, "peer")
	m.Kind = correlate.SignalKind(rapid.Byte().Draw(t, "kind"))
	m.Origin = correlate.Origin(rapid.Byte().Draw(t, "origin"))
	m.Start, m.Requests = rapid.Int64().Draw(t, "start"), rapid.Int64().Draw(t, "requests")
	m.Errors, m.Sum, m.N = rapid.Int64().Draw(t, "errors"), rapid.Int64().Draw(t, "sum"), rapid.Int64().Draw(t, "n")
	bin := rapid.Custom(func(t *rapid.T) correlate.Bin {
		return correlate.Bin{Index: rapid.Int16().Draw(t, "index"), Count: rapid.Uint32().Draw(t, "count")}
	})
	if bins := rapid.SliceOfN(bin, 0, 20).Draw(t, "bins"); len(bins) > 0 {
		m.Latency = bins
	}
	return m
}

func TestEveryMeasurementComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cells := rapid.SliceOfN(rapid.Custom(drawMeasurement), 0, 60).Draw(t, "cells")
		blob, err := Encode(cells)
		require.NoError(t, err)
		again, err := Encode(cells)
		require.NoError(t, err)
		require.Equal(t, blob, again, "the same cells are the same bytes")
		back, err := Decode(blob)
		require.NoError(t, err)
		require.Len(t, back, len(cells))
		for i := range cells {
			require.Equal(t, cells[i], back[i])
		}
	})
}

func TestADamagedBlobIsRefused(t *testing.T) {
	blob, err := Encode(fleet(50))
	require.NoError(t, err)
	require.Equal(t, byte(packed.Compressed), blob[0])
	small, err := Encode(fleet(1)[:1])
	require.NoError(t, err)
	require.Equal(t, byte(packed.Plain), small[0])

	cases := map[string]struct {
		blob []byte
		want string
	}{
		"nothing at all":                {nil, "a form byte"},
		"no length":                     {[]byte{packed.Plain}, "a length"},
		"a form of tomorrow":            {[]byte{9, 0}, "unknown form 9"},
		"a plain blob cut short":        {small[:len(small)-1], "payload of"},
		"a plain blob with more behind": {append(bytes.Clone(small), 0), "payload of"},
		"a zstd frame cut short":        {blob[:len(blob)-3], "damaged measurements"},
		"a bomb":                        {[]byte{packed.Compressed, 0xff, 0xff, 0xff, 0x7f, 1}, "at most 32 bytes"},
		"more strings than bytes":       {[]byte{packed.Plain, 2, 0x7f, 0}, "count of strings that fits"},
		"more cells than bytes":         {[]byte{packed.Plain, 2, 0, 0x7f}, "count of measurements that fits"},
		"bytes after the last cell":     {[]byte{packed.Plain, 3, 0, 0, 0}, "the end"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := Decode(c.blob)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestABitFlipInACompressedBlobIsNoticed(t *testing.T) {
	blob, err := Encode(fleet(50))
	require.NoError(t, err)
	for i := range blob {
		flipped := bytes.Clone(blob)
		flipped[i] ^= 1
		_, err := Decode(flipped)
		require.Error(t, err, "byte %d", i)
	}
}

// maxAllocation is how many bytes Decode may allocate for each byte it is given: the ratio of compression times the
// size of a Measurement in memory over its smallest size in a payload, and the payload itself.
var maxAllocation = format.MaxRatio * (152/minMeasurement + 2)

func FuzzDecode(f *testing.F) {
	for _, n := range []int{0, 1, 3, 40} {
		blob, err := Encode(fleet(n))
		require.NoError(f, err)
		f.Add(blob)
	}
	f.Add([]byte{packed.Plain, 3, 0, 0, 0})
	f.Add([]byte{packed.Compressed, 0xff, 0xff, 0xff, 0x7f, 1})
	f.Fuzz(func(t *testing.T, blob []byte) {
		cells, err := Decode(blob)
		if err != nil {
			return
		}
		require.LessOrEqual(t, len(cells)*152, maxAllocation*len(blob))
		again, err := Encode(cells)
		require.NoError(t, err)
		back, err := Decode(again)
		require.NoError(t, err)
		require.Equal(t, cells, back)
	})
}

// fleet is one second of n services: traffic with latencies of two versions, one edge and one log cell for each.
func fleet(n int) []correlate.Measurement {
	var all []correlate.Measurement
	seed := uint64(1)
	next := func(below int64) int64 {
		seed = seed*6364136223846793005 + 1442695040888963407
		return int64(seed>>33) % below
	}
	for s := range n {
		service := fmt.Sprintf("service-%04d", s)
		for v := range 2 {
			m := correlate.Measurement{
				Key: correlate.Key{
					Service: service, Environment: correlate.DefaultEnvironment, Version: fmt.Sprintf("1.%d.%d", s%40, v),
					Kind: correlate.Traffic, Origin: correlate.OriginSpan,
				},
				Cell: correlate.Cell{Start: 1_790_000_000, Requests: next(2000), Errors: next(20)},
			}
			for i := range int16(20) {
				m.Latency.Add(int16(math.Log2(float64(1+next(1<<20))))*4+160+i, 1+next(200))
			}
			all = append(all, m)
		}
		edge := correlate.Key{
			Service: service, Environment: correlate.DefaultEnvironment, Kind: correlate.Edge,
			Origin: correlate.OriginClient, Peer: fmt.Sprintf("service-%04d", (s*7)%n),
		}
		all = append(all, correlate.Measurement{Key: edge, Cell: correlate.Cell{Start: 1_790_000_000, Requests: next(500)}})
		log := correlate.Key{
			Service: service, Environment: correlate.DefaultEnvironment, Kind: correlate.Log, Origin: correlate.OriginLog,
		}
		all = append(all, correlate.Measurement{Key: log, Cell: correlate.Cell{Start: 1_790_000_000, Requests: next(90)}})
	}
	return all
}

func BenchmarkEncode(b *testing.B) {
	cells := fleet(1000)
	blob, err := Encode(cells)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = Encode(cells)
	}
	b.ReportMetric(float64(len(blob))/float64(len(cells)), "bytes/cell")
	b.ReportMetric(float64(len(appendPayload(cells)))/float64(len(cells)), "plain-bytes/cell")
	b.ReportMetric(float64(len(cells))*float64(b.N)/b.Elapsed().Seconds(), "cells/s")
}

func BenchmarkDecode(b *testing.B) {
	cells := fleet(1000)
	blob, err := Encode(cells)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = Decode(blob)
	}
	b.ReportMetric(float64(len(cells))*float64(b.N)/b.Elapsed().Seconds(), "cells/s")
}

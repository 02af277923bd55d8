package archive

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/ledger/codec"
	"github.com/shipwake/shipwake/correlate/packed"
	"github.com/shipwake/shipwake/correlate/window"
)

func drawKey(t *rapid.T) correlate.Key {
	name := rapid.SampledFrom([]string{"", "cart", "checkout", "production", "1.4.2", "Ωmega", "a\x00b"})
	return correlate.Key{
		Service: name.Draw(t, "service"), Environment: name.Draw(t, "environment"), Version: name.Draw(t, "version"),
		Name: name.Draw(t, "name"), Peer: rapid.String().Draw(t, "peer"),
		Kind: correlate.SignalKind(rapid.Byte().Draw(t, "kind")), Origin: correlate.Origin(rapid.Byte().Draw(t, "origin")),
	}
}

func drawCell(t *rapid.T) correlate.Cell {
	c := correlate.Cell{
		Start: rapid.Int64().Draw(t, "start"), Requests: rapid.Int64().Draw(t, "requests"),
		Errors: rapid.Int64().Draw(t, "errors"), Sum: rapid.Int64().Draw(t, "sum"), N: rapid.Int64().Draw(t, "n"),
	}
	bin := rapid.Custom(func(t *rapid.T) correlate.Bin {
		return correlate.Bin{Index: rapid.Int16().Draw(t, "index"), Count: rapid.Uint32().Draw(t, "count")}
	})
	if bins := rapid.SliceOfN(bin, 0, 9).Draw(t, "bins"); len(bins) > 0 {
		c.Latency = bins
	}
	return c
}

func drawChunk(t *rapid.T) (c Chunk) {
	c.From, c.To = rapid.Int64().Draw(t, "from"), rapid.Int64().Draw(t, "to")
	for range rapid.IntRange(0, 3).Draw(t, "gaps") {
		c.Gaps = append(c.Gaps, window.Span{From: rapid.Int64().Draw(t, "gap from"), To: rapid.Int64().Draw(t, "gap to")})
	}
	for range rapid.IntRange(0, 6).Draw(t, "series") {
		s := Series{Key: drawKey(t)}
		for range rapid.IntRange(0, 12).Draw(t, "cells") {
			s.Cells = append(s.Cells, drawCell(t))
		}
		c.Series = append(c.Series, s)
	}
	return c
}

func TestEveryChunkComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawChunk(t)
		blob, err := Encode(c)
		require.NoError(t, err)
		again, err := Encode(c)
		require.NoError(t, err)
		require.Equal(t, blob, again, "the same chunk is the same bytes")
		back, err := Decode(blob)
		require.NoError(t, err)
		require.Equal(t, c, back)
	})
}

// sealed is a chunk of a form and a body with the right checksum.
func sealed(form byte, body ...byte) []byte {
	out := append(append([]byte(magic), form), body...)
	return binary.LittleEndian.AppendUint32(out, crc32.Checksum(out, table))
}

func TestADamagedChunkIsRefused(t *testing.T) {
	blob, err := Encode(typical(3, 1))
	require.NoError(t, err)
	require.Equal(t, byte(packed.Compressed), blob[len(magic)])
	for name, c := range map[string]struct {
		blob []byte
		want string
	}{
		"nothing at all":                {nil, "the mark of a chunk"},
		"another file":                  {[]byte("SQLite format 3\x00"), "the mark of a chunk"},
		"a chunk cut short":             {blob[:len(blob)-1], "the checksum"},
		"a chunk with more behind":      {append(bytes.Clone(blob), 0), "the checksum"},
		"no length":                     {sealed(packed.Plain), "a length"},
		"a form of tomorrow":            {sealed(9, 0), "unknown form 9"},
		"another length":                {sealed(packed.Plain, 3, 0), "a payload of 3 bytes"},
		"a bomb":                        {sealed(packed.Compressed, 0xff, 0xff, 0xff, 0x7f, 1), "at most 64 bytes"},
		"no zstd frame":                 {sealed(packed.Compressed, 4, 1, 2, 3, 4), "damaged chunk of cells"},
		"more gaps than bytes":          {sealed(packed.Plain, 3, 0, 0, 0x7f), "a count of gaps that fits"},
		"more strings than bytes":       {sealed(packed.Plain, 4, 0, 0, 0, 0x7f), "a count of strings that fits"},
		"more series than bytes":        {sealed(packed.Plain, 5, 0, 0, 0, 0, 0x7f), "a count of series that fits"},
		"a name that isn't there":       {sealed(packed.Plain, 13, 0, 0, 0, 0, 1, 5, 0, 0, 0, 0, 0, 0, 0), "a place below 0"},
		"bytes after the last series":   {sealed(packed.Plain, 6, 0, 0, 0, 0, 0, 0), "the end"},
		"more bins than bytes together": {binsBeyond(), "fewer bins"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Decode(c.blob)
			require.ErrorContains(t, err, c.want)
		})
	}
}

// binsBeyond has many cells, each of which claims as many bins as there is room for.
func binsBeyond() []byte {
	const cells = 10
	body := []byte{0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 1, cells}
	body = append(body, make([]byte, 5*cells)...)
	for range cells {
		body = append(body, 8)
	}
	body = append(body, make([]byte, 20)...)
	return sealed(packed.Plain, append([]byte{byte(len(body))}, body...)...)
}

func TestABitFlipIsNoticed(t *testing.T) {
	blob, err := Encode(typical(2, 1))
	require.NoError(t, err)
	for i := range blob {
		flipped := bytes.Clone(blob)
		flipped[i] ^= 1
		_, err := Decode(flipped)
		require.Error(t, err, "byte %d", i)
	}
}

func TestAChunkThatIsTooLargeIsRefused(t *testing.T) {
	c := Chunk{Series: []Series{{Cells: make([]correlate.Cell, 100)}}}
	_, err := encode(c, 100*minCell)
	require.ErrorIs(t, err, ErrTooLarge)
	_, err = encode(c, 110*minCell)
	require.NoError(t, err)
}

// maxAllocation is how many bytes Decode may allocate for each byte it is given: the ratio of compression, times the
// payload itself and the most that a byte of it may become in memory, which is a cell with its count of bins.
var maxAllocation = format.MaxRatio * (2 + (int(unsafe.Sizeof(correlate.Cell{}))+8)/minCell + int(unsafe.Sizeof(Series{}))/minSeries)

func FuzzDecode(f *testing.F) {
	for _, n := range []int{0, 1, 3} {
		blob, err := Encode(typical(n, 1))
		require.NoError(f, err)
		f.Add(blob)
	}
	f.Add(sealed(packed.Compressed, 0xff, 0xff, 0xff, 0x7f, 1))
	f.Add(binsBeyond())
	f.Fuzz(func(t *testing.T, data []byte) {
		// Most of what is drawn fails its checksum; the same with the right one goes further.
		for _, blob := range [][]byte{data, sealed(packed.Plain, data...), sealed(packed.Compressed, data...)} {
			c, err := Decode(blob)
			if err != nil {
				continue
			}
			size := 0
			for _, s := range c.Series {
				size += int(unsafe.Sizeof(s)) + len(s.Cells)*int(unsafe.Sizeof(correlate.Cell{}))
				for _, cell := range s.Cells {
					size += 8 * len(cell.Latency)
				}
			}
			require.LessOrEqual(t, size, maxAllocation*len(blob))
			again, err := Encode(c)
			require.NoError(t, err)
			back, err := Decode(again)
			require.NoError(t, err)
			require.Equal(t, c, back)
		}
	})
}

func TestTheOrderOfMeasurementsDoesNotShow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []correlate.Measurement
		for range rapid.IntRange(0, 40).Draw(t, "measurements") {
			kinds := []correlate.SignalKind{correlate.Traffic, correlate.Edge, correlate.Route, correlate.Trace}
			m := correlate.Measurement{
				Key: correlate.Key{
					Service: rapid.SampledFrom([]string{"cart", "web"}).Draw(t, "service"), Kind: rapid.SampledFrom(kinds).Draw(t, "kind"),
					Version: rapid.SampledFrom([]string{"v1", "v2"}).Draw(t, "version"),
				},
				Cell: correlate.Cell{Start: 10 * rapid.Int64Range(-2, 70).Draw(t, "start"), Requests: rapid.Int64Range(0, 100).Draw(t, "requests")},
			}
			m.Latency.Add(rapid.Int16Range(100, 110).Draw(t, "bin"), m.Requests)
			all = append(all, m)
		}
		first, second := NewBuilder(0, 600, 60), NewBuilder(0, 600, 60)
		first.Add(all)
		for _, i := range rapid.Permutation(indexes(len(all))).Draw(t, "order") {
			second.Add(all[i : i+1])
		}
		require.Equal(t, first.Chunk(), second.Chunk())
	})
}

func indexes(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

func TestAChunkHoldsWhatStartedInItsTime(t *testing.T) {
	at := func(start int64, k correlate.Key) correlate.Measurement {
		return correlate.Measurement{Key: k, Cell: correlate.Cell{Start: start, Requests: 1}}
	}
	traffic := correlate.Key{Service: "shop", Kind: correlate.Traffic, Version: "v1"}
	route := correlate.Key{Service: "shop", Kind: correlate.Route, Version: "v1", Name: "/pay"}
	call := correlate.Key{Service: "web", Kind: correlate.Edge, Version: "v1", Name: "v7", Peer: "shop"}
	b := NewBuilder(600, 1200, 60)
	b.Add([]correlate.Measurement{at(590, traffic), at(1200, traffic), at(1190, traffic), at(600, traffic), at(600, traffic)})
	b.Add([]correlate.Measurement{at(650, route), at(600, route), at(660, route)})
	b.Add([]correlate.Measurement{at(600, call)})
	b.Gap(window.Span{From: 500, To: 700})
	require.Equal(t, Chunk{
		From: 600, To: 1200, Gaps: []window.Span{{From: 500, To: 700}},
		Series: []Series{
			{traffic, []correlate.Cell{{Start: 600, Requests: 2}, {Start: 1190, Requests: 1}}},
			{route, []correlate.Cell{{Start: 600, Requests: 2}, {Start: 660, Requests: 1}}},
			{correlate.Key{Service: "web", Kind: correlate.Edge, Peer: "shop"}, []correlate.Cell{{Start: 600, Requests: 1}}},
		},
	}, b.Chunk())
}

// typical is ten minutes of services with some requests a second: the traffic of two instrumentations, three routes, two
// calls, CPU and memory, a log stream; a tenth of them during a rollout. More instances don't make more cells.
func typical(services int, rate float64) Chunk {
	b := NewBuilder(1_790_000_400, 1_790_001_000, 60)
	for _, m := range measured(services, rate) {
		b.Add([]correlate.Measurement{m})
	}
	return b.Chunk()
}

func measured(services int, rate float64) (all []correlate.Measurement) {
	r := rand.New(rand.NewPCG(1, 2))
	for s := range services {
		service := fmt.Sprintf("service-%03d", s)
		versions := []string{"1.4.2"}
		if s%10 == 0 {
			versions = append(versions, "1.4.3")
		}
		for start := int64(1_790_000_400); start < 1_790_001_000; start += 10 {
			for _, v := range versions {
				k := correlate.Key{Service: service, Environment: "production", Version: v, Kind: correlate.Traffic, Origin: correlate.OriginServerMetric}
				all = append(all, correlate.Measurement{Key: k, Cell: requests(r, start, rate*10)})
				k.Origin = correlate.OriginSpan
				all = append(all, correlate.Measurement{Key: k, Cell: requests(r, start, rate*10)})
				k.Kind = correlate.Route
				for route, share := range map[string]float64{"/checkout": .6, "/cart": .3, "/health": .1} {
					k.Name = route
					all = append(all, correlate.Measurement{Key: k, Cell: requests(r, start, share*rate*10)})
				}
			}
			k := correlate.Key{Service: service, Environment: "production", Kind: correlate.Edge, Origin: correlate.OriginClientSpan}
			for n := range 2 {
				k.Peer = fmt.Sprintf("service-%03d", (s*7+n)%max(1, services))
				all = append(all, correlate.Measurement{Key: k, Cell: requests(r, start, rate*5)})
			}
			k = correlate.Key{Service: service, Environment: "production", Kind: correlate.Saturation, Origin: correlate.OriginCustom}
			for _, k.Name = range []string{"cpu", "memory"} {
				c := correlate.Cell{Start: start, N: 3, Sum: int64(3 * correlate.Fixed * (0.4 + r.NormFloat64()/50))}
				all = append(all, correlate.Measurement{Key: k, Cell: c})
			}
			k.Kind, k.Origin, k.Name = correlate.Log, correlate.OriginLog, ""
			all = append(all, correlate.Measurement{Key: k, Cell: correlate.Cell{Start: start, Requests: int64(rate * 20), Errors: int64(r.IntN(3))}})
		}
	}
	return all
}

func requests(r *rand.Rand, start int64, mean float64) correlate.Cell {
	c := correlate.Cell{Start: start, Requests: max(0, int64(mean+r.NormFloat64()*math.Sqrt(mean)))}
	for range c.Requests {
		took := math.Exp(r.NormFloat64()*0.6 + math.Log(20e6))
		c.Latency.Add(correlate.BinIndex(int64(took)), 1)
		c.Sum += int64(took / 1e3)
		c.N++
	}
	if r.IntN(10) == 0 && c.Requests > 0 {
		c.Errors = 1
	}
	return c
}

// BenchmarkEncode is ten minutes of a hundred services; a day has 144 of that.
func BenchmarkEncode(b *testing.B) {
	for _, rate := range []float64{1, 20} {
		b.Run(fmt.Sprintf("rps=%v", rate), func(b *testing.B) {
			const services = 100
			c := typical(services, rate)
			blob, err := Encode(c)
			require.NoError(b, err)
			other, err := codec.Encode(measured(services, rate))
			require.NoError(b, err)
			for b.Loop() {
				_, _ = Encode(c)
			}
			b.ReportMetric(float64(len(blob))*144/services, "bytes/service/day")
			b.ReportMetric(float64(len(other))*144/services, "checkpoint-bytes/service/day")
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	blob, err := Encode(typical(100, 20))
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = Decode(blob)
	}
}

package blocks

import (
	"encoding/binary"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// sample is a time and the bits of a value.
type sample struct {
	at   int64
	bits uint64
}

// reader reads bits.
type reader struct {
	buf []byte
	at  int
}

func (r *reader) read(n int) (v uint64) {
	for range n {
		v = v<<1 | uint64(r.buf[r.at/8]>>(7-r.at%8)&1)
		r.at++
	}
	return v
}

func (r *reader) ReadByte() (byte, error) { return byte(r.read(8)), nil }

// decode reads a chunk as the format says.
func decode(t require.TestingT, data []byte) (all []sample) {
	r := &reader{buf: data[2:]}
	var at, delta int64
	var bits uint64
	leading, trailing := 0, 0
	for i := range int(binary.BigEndian.Uint16(data)) {
		switch i {
		case 0:
			v, err := binary.ReadVarint(r)
			require.NoError(t, err)
			at, bits = v, r.read(64)
			all = append(all, sample{at, bits})
			continue
		case 1:
			v, err := binary.ReadUvarint(r)
			require.NoError(t, err)
			delta = int64(v)
		default:
			delta += more(r)
		}
		at += delta
		if r.read(1) == 1 {
			if r.read(1) == 1 {
				leading = int(r.read(5))
				run := int(r.read(6))
				if run == 0 {
					run = 64
				}
				trailing = 64 - leading - run
			}
			bits ^= r.read(64-leading-trailing) << trailing
		}
		all = append(all, sample{at, bits})
	}
	return all
}

// more reads a difference of differences.
func more(r *reader) int64 {
	size := 0
	for _, n := range []int{14, 17, 20, 64} {
		if r.read(1) == 0 {
			break
		}
		size = n
	}
	if size == 0 {
		return 0
	}
	v := r.read(size)
	if size < 64 && v > 1<<(size-1) {
		return int64(v) - 1<<size
	}
	return int64(v)
}

func TestChunksAreReadBackAsTheyWereWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c chunk
		var want []sample
		at := rapid.Int64Range(0, 1<<42).Draw(t, "start")
		value := rapid.Float64().Draw(t, "value")
		for range rapid.IntRange(1, perChunk).Draw(t, "samples") {
			at += rapid.OneOf(rapid.Just(int64(60_000)), rapid.Int64Range(1, 1<<21), rapid.Int64Range(1, 1<<40)).Draw(t, "step")
			value = rapid.OneOf(rapid.Just(value), rapid.Just(value+1), rapid.Float64()).Draw(t, "next")
			c.add(at, value)
			want = append(want, sample{at, math.Float64bits(value)})
		}
		require.Equal(t, want, decode(t, c.encoded()))
	})
}

func TestNamesAreThoseOfULIDs(t *testing.T) {
	name := ulid(1469918176385, 0)
	require.Equal(t, "01ARYZ6S41", name[:10], "the example of the specification")
	require.Len(t, name, 26)
	require.Equal(t, name, ulid(1469918176385, 0))
	require.NotEqual(t, name, ulid(1469918176385, 1))
}

func TestABlockWithoutSamplesIsRefused(t *testing.T) {
	var s Set
	s.Series([]Label{{"__name__", "up"}})
	require.ErrorContains(t, s.Write(t.TempDir(), 1), "needs a sample")
}

// TestPrometheusReadsABlock has Prometheus' own tool read what is written.
func TestPrometheusReadsABlock(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("SKIP: promtool: not found; make test-dashboards gets it")
	}
	var s Set
	for _, service := range []string{"web", "cart"} {
		series := s.Series([]Label{{"service", service}, {"__name__", "requests"}})
		for i := range int64(300) {
			series.Add(1_700_000_000_000+i*60_000, float64(i%7)/3)
		}
	}
	ended := s.Series([]Label{{"__name__", "ended"}})
	ended.Add(1_700_000_000_000, 4)
	ended.End(1_700_000_060_000)
	dir := t.TempDir()
	require.NoError(t, s.Write(dir, 1))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "wal"), 0o755))
	out, err := exec.Command(promtool, "tsdb", "dump", dir).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, 602, strings.Count(string(out), "\n"))
	require.Contains(t, string(out), `{__name__="requests", service="web"} 0.3333333333333333 1700000060000`)
	require.Contains(t, string(out), `{__name__="ended"} 4 1700000000000`)
}

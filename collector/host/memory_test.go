package host

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"

	"github.com/shipwake/shipwake/correlate"
)

func TestAmountsOfMemory(t *testing.T) {
	for said, want := range map[string]Bytes{
		"512MiB": 512 << 20, "2 GiB": 2 << 30, "800MB": 800e6, "1073741824": 1 << 30, " 7B ": 7, "8388607TiB": 8388607 << 40,
	} {
		var b Bytes
		require.NoError(t, b.UnmarshalText([]byte(said)), said)
		require.Equal(t, want, b, said)
	}
	for _, said := range []string{"", "much", "-1MiB", "1.5GiB", "512Mib", "512 M", "MiB", "8388608TiB", "99999999999999999999"} {
		var b Bytes
		require.ErrorContains(t, b.UnmarshalText([]byte(said)), "like 512MiB or 2GiB", said)
	}
}

func TestTheMemoryLimit(t *testing.T) {
	read := func(limit any) (Config, error) {
		cfg := *createDefaultConfig().(*Config)
		conf := confmap.NewFromStringMap(map[string]any{"memory": map[string]any{"limit": limit}})
		if err := conf.Unmarshal(&cfg); err != nil {
			return cfg, err
		}
		return cfg, cfg.Validate()
	}
	cfg, err := read("1GiB")
	require.NoError(t, err)
	require.Equal(t, 1024*mebibyte, cfg.Memory.Limit)
	cfg, err = read(1 << 30)
	require.NoError(t, err)
	require.Equal(t, 1024*mebibyte, cfg.Memory.Limit)
	_, err = read("100MiB")
	require.EqualError(t, err, "memory::limit: 100MiB: must be at least 192MiB, of which 136MiB are for what every daemon needs")
	_, err = read("plenty")
	require.ErrorContains(t, err, `"plenty" is no amount of memory; write a whole number and a unit, like 512MiB or 2GiB`)
}

func TestTheLimitHoldsAllThatIsTakenOfIt(t *testing.T) {
	for _, limit := range []Bytes{leastLimit, defaultLimit, 16384 * mebibyte} {
		r := MemoryConfig{Limit: limit}.room(math.MaxInt64)
		require.Less(t, r.store+r.reducer, r.refuse)
		require.Less(t, r.refuse, r.runtime)
		require.LessOrEqual(t, r.runtime+int64(apart), int64(limit))
	}
	require.EqualValues(t, 100<<20, MemoryConfig{Limit: defaultLimit}.room(100<<20).runtime, "a lower limit in the environment counts")
}

func TestTelemetryIsRefusedWhileTheHeapIsFull(t *testing.T) {
	m := newMemory(MemoryConfig{Limit: defaultLimit})
	require.NoError(t, m.admit())
	m.refuse = -1
	require.ErrorContains(t, m.admit(), "extensions::correlate::memory::limit")
	m.refuse = math.MaxInt64
	require.NoError(t, m.admit())
}

func TestLossesAreListedAndEnd(t *testing.T) {
	l := newLosses()
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	require.Zero(t, l.limits(noon).DegradedSince)
	of := func(service, what string, kind correlate.SignalKind, n int64) correlate.Measurement {
		return correlate.Measurement{
			Key:  correlate.Key{Service: service, Environment: "production", Kind: kind, Name: what},
			Cell: correlate.Cell{Requests: n, N: n},
		}
	}
	forgotten := func(service, what string, n int64) correlate.Forgetting {
		return correlate.Forgetting{Place: correlate.Place{Service: service, Environment: "production"}, What: what, Cells: n}
	}
	l.note([]correlate.Measurement{
		of("cart", correlate.LostSignals, correlate.Lost, 2), of("cart", "", correlate.Traffic, 100),
	}, noon)
	l.forgot([]correlate.Forgetting{forgotten("checkout", correlate.LostOperations, 3), forgotten("", correlate.LostBuckets, 0)}, noon)
	l.note([]correlate.Measurement{of("cart", correlate.LostSignals, correlate.Lost, 5)}, noon.Add(time.Minute))
	told := l.limits(noon.Add(2 * time.Minute))
	require.Equal(t, noon, told.DegradedSince)
	require.Equal(t, map[string]int64{"operations": 3, "signals": 7}, told.Dropped)
	require.Len(t, told.Losses, 2)
	require.Equal(t, "cart", told.Losses[0].Service)
	require.Equal(t, noon, told.Losses[0].Since)
	require.EqualValues(t, 7, told.Losses[0].Count)
	require.Zero(t, l.limits(noon.Add(10*time.Minute)).DegradedSince)

	for i := range 5 * maxLosses {
		l.forgot([]correlate.Forgetting{forgotten(fmt.Sprint("s", i), correlate.LostVersions, 1)}, noon.Add(time.Hour))
	}
	told = l.limits(noon.Add(time.Hour))
	require.LessOrEqual(t, len(told.Losses), maxLosses)
	require.EqualValues(t, 5*maxLosses+2, told.Unlisted+int64(len(told.Losses)))
	require.EqualValues(t, 5*maxLosses, told.Dropped["versions"])
}

func FuzzBytes(f *testing.F) {
	for _, said := range []string{"512MiB", "1e9", "-0B", "9223372036854775807", " 1 kB"} {
		f.Add(said)
	}
	f.Fuzz(func(t *testing.T, said string) {
		var b, again Bytes
		if b.UnmarshalText([]byte(said)) != nil {
			return
		}
		if err := again.UnmarshalText([]byte(b.String())); err != nil || b < 0 || b != again {
			t.Fatalf("%q is %d, written as %s, and read again as %d: %v", said, b, b, again, err)
		}
	})
}

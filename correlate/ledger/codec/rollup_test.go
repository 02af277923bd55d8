package codec

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

func rollup() correlate.Rollup {
	of := func(service string) correlate.Measurement {
		return correlate.Measurement{
			Key:  correlate.Key{Service: service, Environment: "production", Kind: correlate.Traffic, Origin: correlate.OriginSpan},
			Cell: correlate.Cell{Start: 600, Requests: 3},
		}
	}
	checkout := correlate.Place{Service: "checkout", Environment: "production"}
	return correlate.Rollup{
		Start: 600, Cells: []correlate.Measurement{of("cart"), of("checkout")},
		Forgotten: []correlate.Forgetting{
			{What: correlate.LostBuckets, Before: 300},
			{Place: checkout, What: correlate.LostOperations, Before: 900, Cells: 7},
			{Place: checkout, What: correlate.LostVersions, Before: 600, Cells: 2},
		},
	}
}

func TestRollupsAreReadAsTheyWereWritten(t *testing.T) {
	whole := rollup()
	for name, r := range map[string]correlate.Rollup{
		"nothing in it":           {Start: 600},
		"cells":                   {Start: 600, Cells: whole.Cells},
		"only what was forgotten": {Start: 600, Cells: []correlate.Measurement{}, Forgotten: whole.Forgotten},
		"both":                    whole,
	} {
		t.Run(name, func(t *testing.T) {
			blob, err := EncodeRollup(r)
			require.NoError(t, err)
			read, err := DecodeRollup(600, blob)
			require.NoError(t, err)
			require.Equal(t, r, read)
		})
	}
}

// What was forgotten used to be measurements of the kind 14 among the cells, sorted by key. The bytes are the same.
func TestWhatWasForgottenIsWrittenAmongTheCells(t *testing.T) {
	r := rollup()
	kind14 := func(service, environment, what string, before, cells int64) correlate.Measurement {
		return correlate.Measurement{
			Key:  correlate.Key{Service: service, Environment: environment, Kind: 14, Name: what},
			Cell: correlate.Cell{Start: 600, Sum: before, N: cells},
		}
	}
	old, err := Encode([]correlate.Measurement{
		kind14("", "", correlate.LostBuckets, 300, 0), r.Cells[0], r.Cells[1],
		kind14("checkout", "production", correlate.LostOperations, 900, 7), kind14("checkout", "production", correlate.LostVersions, 600, 2),
	})
	require.NoError(t, err)
	written, err := EncodeRollup(r)
	require.NoError(t, err)
	require.Equal(t, old, written)
	read, err := DecodeRollup(600, old)
	require.NoError(t, err)
	require.Equal(t, r, read)
	require.NotEqual(t, correlate.SignalKind(14), correlate.Lost, "no kind of measurement has that number")
}

func TestADamagedRollupIsRefused(t *testing.T) {
	blob, err := EncodeRollup(rollup())
	require.NoError(t, err)
	for n := range len(blob) {
		_, err := DecodeRollup(600, blob[:n])
		require.Error(t, err, "%d of %d bytes", n, len(blob))
	}
}

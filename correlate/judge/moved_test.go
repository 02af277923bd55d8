package judge

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/drawn"
)

func TestMoved(t *testing.T) {
	for name, tc := range map[string]struct {
		errors, slower float64 // from ten minutes after the change
		signal         string
		moved          bool
	}{
		"what stays as it was did not move":               {1, 1, "error_ratio", false},
		"three times the errors are seen in five minutes": {3, 1, "error_ratio", true},
		"and by what an exception is about as well":       {3, 1, "exception io.EOF", true},
		"errors are not what latency is about":            {3, 1, "latency_p99", false},
		"slower by half is seen":                          {1, 1.5, "client_latency_p90", true},
		"a custom signal may be about either":             {1, 1.5, "orders", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(5)
			const from = drawn.Start + 600
			whole := append(s.Cells(drawn.Start-3600, from, 1, 1, 1), s.Cells(from, from+300, 1, tc.errors, tc.slower)...)
			c := Case{Resolution: 10, Coarse: 300, Now: from + 300, Start: drawn.Start, Finish: drawn.Start, Streams: []Stream{{Kind: correlate.Traffic, Whole: whole}}}
			p := DefaultParams()
			ratio, least := new(Memory).Moved(&p, &c, tc.signal, from, from+300, 0)
			require.Equal(t, tc.moved, least >= 1.25, "×%g, at least ×%g", ratio, least)
			require.GreaterOrEqual(t, ratio, least)
			known, enough := new(Memory).Moved(&p, &c, tc.signal, from, from+300, 1.25)
			require.Equal(t, tc.moved, enough >= 1.25)
			if tc.moved {
				require.Equal(t, [2]float64{ratio, least}, [2]float64{known, enough}, "who asks for enough alone")
			}
		})
	}
	p := DefaultParams()
	ratio, least := new(Memory).Moved(&p, &Case{Resolution: 10, Start: drawn.Start, Now: drawn.Start + 300}, "error_ratio", drawn.Start, drawn.Start+300, 0)
	require.Zero(t, ratio+least, "without data")
}

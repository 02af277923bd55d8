package judge

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

func TestACourseIsTheEventsByWindow(t *testing.T) {
	c := Case{Resolution: 10, Coarse: 300, Start: 3600, Now: 4200, Streams: []Stream{{Kind: correlate.Traffic}}}
	for at := int64(3000); at < 4200; at += 10 {
		cell := correlate.Cell{Start: at, Requests: 100, Errors: 1}
		if at >= 3900 {
			cell.Errors = 20
		}
		c.Streams[0].Whole = append(c.Streams[0].Whole, cell)
	}
	p := DefaultParams()
	windows, phi := new(Memory).Course(&p, &c, "error_ratio", 3480, 4000, 60)
	require.GreaterOrEqual(t, phi, 1.0)
	require.Len(t, windows, 9)
	require.Equal(t, Window{3480, 6, 600}, windows[0])
	require.Equal(t, Window{3900, 120, 600}, windows[7])
	require.Equal(t, Window{3960, 80, 400}, windows[8], "as far as it is asked for")

	exceptions, _ := new(Memory).Course(&p, &c, "exception shop.Broken", 3480, 4000, 60)
	require.Equal(t, windows, exceptions, "failing requests are what a new exception brings")
	nothing, _ := new(Memory).Course(&p, &c, "throughput", 3480, 4000, 60)
	require.Empty(t, nothing)
}

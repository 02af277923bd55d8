package admission

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSmall: no field of any message costs more for each of its bytes, its tag and its length, than Small takes for granted.
func TestSmall(t *testing.T) {
	for kind, m := range schema {
		for number, f := range m.fields {
			const least = 2 // a tag, and a length or a value
			switch f.shape {
			case varints:
				require.LessOrEqual(t, int(f.cost), mostPerByte, "an element of a packed list is a byte")
			case fixed64s:
				require.LessOrEqual(t, int(f.cost), 9*mostPerByte)
			default:
				require.LessOrEqual(t, int64(f.cost)+content(1), int64(least*mostPerByte), "%d, field %d", kind, number)
			}
		}
	}
	require.True(t, Small(1000, base+1000*mostPerByte))
	require.False(t, Small(1001, base+1000*mostPerByte))
}

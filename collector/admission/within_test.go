package admission

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWithin: what surely takes no more than a limit doesn't, and of what senders send that is known without looking at attributes.
func TestWithin(t *testing.T) {
	for name, body := range map[string][]byte{
		"spans":                       encoded(t, spans(1000)),
		"spans without anything":      delimit(1, delimit(2, bytes.Repeat([]byte{2<<3 | 2, 0}, 1000))),
		"attributes without anything": delimit(1, delimit(2, delimit(2, bytes.Repeat([]byte{9<<3 | 2, 0}, 1000)))),
		"lists in lists":              delimit(1, delimit(1, delimit(1, delimit(2, delimit(5, bytes.Repeat([]byte{1<<3 | 2, 0}, 1000)))))),
		"names":                       delimit(1, bytes.Repeat([]byte{3<<3 | 2, 1, 'x'}, 1000)),
		"nothing":                     nil,
	} {
		t.Run(name, func(t *testing.T) {
			for _, request := range requests {
				if cost, err := Proto(body, request, 1<<40); err == nil { // else it is another request's
					require.False(t, Within(body, request, cost-1))
				}
				require.True(t, Within(body, request, base+160*int64(len(body))))
			}
			require.False(t, Within(body[:max(0, len(body)-1)], TracesRequest, 0))
		})
	}
	many := encoded(t, spans(1000))
	require.True(t, Within(many, TracesRequest, 100*int64(len(many))), "a bound by length alone is larger")
	require.Greater(t, int64(len(many))*perByte[TracesRequest], 100*int64(len(many)))
	require.False(t, Within(many[:len(many)-1], TracesRequest, 100*int64(len(many))), "what can't be read is for the walk to say")
}

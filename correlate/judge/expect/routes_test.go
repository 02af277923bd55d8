package expect

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

func TestAnEqualMixHasTheFactorOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const minute = 60
		var parts []Part
		for i := range rapid.IntRange(2, 6).Draw(t, "routes") {
			n := rapid.Int64Range(20, 500).Draw(t, "requests")
			p := Part{Name: string(rune('a' + i))}
			for at := int64(-3600); at < 600; at += minute {
				p.Cells = append(p.Cells, correlate.Cell{Start: at, Requests: n, Errors: rapid.Int64Range(0, n/10).Draw(t, "errors")})
			}
			parts = append(parts, p)
		}
		m := &RouteMix{width: minute, minutes: 10}
		for i := range parts {
			m.add(&parts[i], 0)
		}
		m.join()
		require.False(t, m.moved())
		s := &Standard{RouteMix: m, rate: make([]float64, len(m.Classes)), known: make([]float64, len(m.Classes))}
		for i := range s.rate {
			s.rate[i] = rapid.Float64Range(1e-6, 1).Draw(t, "rate")
		}
		require.InEpsilon(t, 1, s.factor(m.stretch(0, 10)), 1e-9)
	})
}

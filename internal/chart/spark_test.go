package chart_test

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/internal/chart"
)

func of(values ...float64) []*float64 {
	all := []*float64{}
	for i := range values {
		all = append(all, &values[i])
	}
	return all
}

func TestSparklines(t *testing.T) {
	for name, c := range map[string]struct {
		values      []*float64
		want, plain string
	}{
		"from zero to the greatest":     {of(0, 1, 2, 3, 4, 5, 6, 7), "▁▂▃▄▅▆▇█", "_.:-=+*#"},
		"a value that doesn't move":     {of(3, 3, 3), "███", "###"},
		"nothing but zero":              {of(0, 0), "▁▁", "__"},
		"no data is neither low nor up": {[]*float64{nil, of(1)[0], nil}, "·█·", " # "},
		"no periods":                    {nil, "", ""},
		"below zero":                    {of(-1, 0, 1), "▁▅█", "_=#"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, chart.Spark(c.values, false))
			require.Equal(t, c.plain, chart.Spark(c.values, true))
		})
	}
}

func TestASparklineHasASignForEachValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := of(rapid.SliceOf(rapid.Float64Range(-1e9, 1e9)).Draw(t, "values")...)
		require.Equal(t, len(values), utf8.RuneCountInString(chart.Spark(values, false)))
		require.Len(t, chart.Spark(values, true), len(values))
	})
}

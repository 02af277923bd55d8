package evalue

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestRegroupingKeepsEverything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var ts []Tally
		at := int64(rapid.IntRange(-1000, 1000).Draw(t, "from")) * 10
		for range rapid.IntRange(0, 50).Draw(t, "cells") {
			at += 10 * rapid.Int64Range(1, 9).Draw(t, "gap")
			ts = append(ts, Tally{at, rapid.Int64Range(0, 9).Draw(t, "e"), rapid.Int64Range(9, 99).Draw(t, "n")})
		}
		e, n := Sum(ts)
		wide := Regroup(nil, ts, 60)
		e2, n2 := Sum(wide)
		require.Equal(t, [2]int64{e, n}, [2]int64{e2, n2})
		for i := 1; i < len(wide); i++ {
			require.Greater(t, wide[i].At, wide[i-1].At)
			require.Zero(t, Mod(wide[i].At, 60))
		}
		require.Len(t, Since(ts, at), min(1, len(ts)))
	})
}

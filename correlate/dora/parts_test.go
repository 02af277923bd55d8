package dora_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate/dora"
)

func partsOf(t *dora.Table) (all [][]byte) {
	for part := range t.Parts {
		all = append(all, bytes.Clone(part))
	}
	return all
}

func restored(t require.TestingT, parts [][]byte) *dora.Table {
	table := dora.NewTable()
	for _, part := range parts {
		require.NoError(t, table.Restore(part))
	}
	return table
}

// A table that was taken apart and put together again reports the same, and goes on the same.
func TestATableIsTheSumOfItsParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := newTold()
		revision := 0
		steps := func() {
			for range rapid.IntRange(0, 20).Draw(t, "steps") {
				revision++
				k.step(t, revision)
			}
		}
		steps()
		if rapid.Bool().Draw(t, "asked before") {
			k.table.Report(month, asOf)
		}
		k.table = restored(t, partsOf(k.table))
		q, now := drawQuery(t)
		require.Equal(t, dora.Compute(q, k.data(), now), k.table.Report(q, now))
		steps()
		require.Equal(t, dora.Compute(q, k.data(), now), k.table.Report(q, now))
	})
}

// What is on a disk may be anything.
func TestWhatIsNoPartIsRefused(t *testing.T) {
	table := tableOf(2000)
	parts := partsOf(table)
	rapid.Check(t, func(t *rapid.T) {
		part := bytes.Clone(rapid.SampledFrom(parts).Draw(t, "part"))
		part = part[:rapid.IntRange(0, len(part)-1).Draw(t, "length")]
		require.ErrorIs(t, dora.NewTable().Restore(append(part, 0xff)), dora.ErrPart)
	})
}

func TestRestoringAnythingEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := append([]byte{byte(rapid.IntRange(0, 4).Draw(t, "kind"))}, rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")...)
		table := dora.NewTable()
		if table.Restore(part) == nil {
			table.Report(month, asOf)
		}
	})
}

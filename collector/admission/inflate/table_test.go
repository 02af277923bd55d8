package inflate

import (
	"math/bits"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// codeOf draws the lengths of a complete code of at least two of so many symbols.
func codeOf(t *rapid.T, symbols int) []uint8 {
	leaves := []uint8{1, 1}
	deep := rapid.Bool().Draw(t, "deep")
	for range rapid.IntRange(0, symbols-2).Draw(t, "splits") {
		at := len(leaves) - 1
		if !deep || leaves[at] == longestCode {
			at = rapid.IntRange(0, len(leaves)-1).Draw(t, "at")
		}
		if leaves[at] == longestCode {
			continue
		}
		leaves[at]++
		leaves = append(leaves, leaves[at])
	}
	lengths := append(leaves, make([]uint8, symbols-len(leaves))...)
	return rapid.Permutation(lengths).Draw(t, "lengths")
}

// canonical is the code of each symbol, first bit lowest, as RFC 1951 numbers them.
func canonical(lengths []uint8) []int {
	codes, code := make([]int, len(lengths)), 0
	for n := uint8(1); n <= longestCode; n++ {
		code <<= 1
		for symbol, length := range lengths {
			if length == n {
				codes[symbol] = int(bits.Reverse16(uint16(code)) >> (16 - n))
				code++
			}
		}
	}
	return codes
}

func TestTablesTellEverySymbolByItsCode(t *testing.T) {
	for name, of := range map[string]struct {
		by       uint
		entries  int
		meanings []entry
	}{
		"symbols":   {symbolBits, symbolEntries, symbolMeanings[:286]},
		"distances": {distanceBits, distanceEntries, distanceMeanings[:30]},
	} {
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			lengths := codeOf(t, len(of.meanings))
			table := make([]entry, of.entries)
			require.True(t, fill(table, of.by, lengths, of.meanings, false))
			for symbol, code := range canonical(lengths) {
				if lengths[symbol] == 0 {
					continue
				}
				behind := rapid.IntRange(0, 1<<20).Draw(t, "behind")
				s := stream{buffer: uint64(code | behind<<lengths[symbol]), n: 64}
				e, ok := s.symbol(nil, table, of.by)
				require.True(t, ok)
				require.EqualValues(t, lengths[symbol], 64-s.n)
				require.Equal(t, of.meanings[symbol]&^0xff, e&^0x1fff, "what symbol %d means", symbol)
				require.Equal(t, of.meanings[symbol].taken(), e.taken()-e.codeBits())
			}
		}))
	}
}

func TestWhatIsNoCompleteCodeIsRefused(t *testing.T) {
	table := make([]entry, symbolEntries)
	for name, of := range map[string]struct {
		lengths []uint8
		alone   bool // it is a code where a symbol may be alone
	}{
		"no symbol":           {[]uint8{0, 0}, true},
		"one symbol":          {[]uint8{0, 1}, true},
		"one of two bits":     {[]uint8{2}, false},
		"three of two bits":   {[]uint8{2, 2, 2}, false},
		"three of one bit":    {[]uint8{1, 1, 1}, false},
		"more than can be":    {slices.Repeat([]uint8{15}, 1<<8), false},
		"more of a long code": {[]uint8{1, 2, 2, 2}, false},
	} {
		t.Run(name, func(t *testing.T) {
			require.False(t, fill(table, symbolBits, of.lengths, make([]entry, 1<<8), false))
			require.Equal(t, of.alone, fill(table, symbolBits, of.lengths, make([]entry, 1<<8), true))
		})
	}
}

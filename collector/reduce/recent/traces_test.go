package recent_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/collector/reduce/recent"
	"github.com/shipwake/shipwake/internal/prefetch"
)

// trace is the oracle of one trace.
type trace []recent.Touch

func (all *trace) add(own recent.Touch) (others []recent.Touch, fresh bool) {
	others = all.asked(own)
	seen := false
	for i := range *all {
		o := &(*all)[i]
		seen = seen || o.Scope == own.Scope
		if o.Scope == own.Scope && o.Start == own.Start {
			o.Requests, o.Errors = o.Requests+own.Requests, o.Errors+own.Errors
			return others, false
		}
	}
	if len(*all) == recent.MaxTouches {
		return others, false
	}
	*all = append(*all, own)
	return others, !seen
}

// asked is what Add returns of what is known.
func (all *trace) asked(own recent.Touch) (others []recent.Touch) {
	known := map[uint32]bool{}
	for _, o := range *all {
		if o.Rolling && !known[o.Scope] {
			others = append(others, o)
		}
		known[o.Scope] = true
	}
	if own.Rolling && !known[own.Scope] {
		return slices.Clone(*all)
	}
	return others
}

func TestTraces(t *testing.T) {
	const base = 1_772_366_400
	rapid.Check(t, func(t *rapid.T) {
		table := recent.NewTraces(1 << 20)
		oracle := map[uint64]*trace{}
		for range rapid.IntRange(0, 100).Draw(t, "spans") {
			key := table.Key(&[16]byte{rapid.Uint8Range(0, 3).Draw(t, "trace")})
			if oracle[key] == nil {
				oracle[key] = &trace{}
			}
			own := recent.Touch{
				Scope: rapid.Uint32Range(1, 6).Draw(t, "scope"), Start: base + 10*rapid.Int64Range(-3, 3).Draw(t, "start"),
				Requests: 1, Errors: rapid.Uint16Range(0, 1).Draw(t, "errors"), Rolling: rapid.Bool().Draw(t, "rolling"),
			}
			var known [recent.MaxTouches]recent.Touch
			others, fresh := table.Add(key, &own, &known)
			want, wantFresh := oracle[key].add(own)
			require.Equal(t, wantFresh, fresh)
			require.ElementsMatch(t, want, others)
		}
	})
}

func TestWhatDoesNotFitATrace(t *testing.T) {
	table := recent.NewTraces(1 << 10)
	key := table.Key(&[16]byte{1})
	var known [recent.MaxTouches]recent.Touch
	add := func(scope uint32, start int64) ([]recent.Touch, bool) {
		return table.Add(key, &recent.Touch{Scope: scope, Start: start, Requests: 1, Rolling: true}, &known)
	}
	_, fresh := add(1, 0)
	require.True(t, fresh)
	for range 300 {
		add(1, 0)
	}
	others, fresh := add(2, 40_000)
	require.False(t, fresh, "the trace goes on for half a day")
	require.Equal(t, []recent.Touch{
		{Scope: 1, Requests: 255, Rolling: true}, {Scope: 1, Requests: 46, Rolling: true},
	}, others)

	for i := range byte(200) {
		table.Add(table.Key(&[16]byte{2, i}), &recent.Touch{Scope: 1, Requests: 1}, &known)
	}
	others, fresh = add(3, 0)
	require.True(t, fresh)
	require.Empty(t, others, "the trace made room for others")
}

func TestTracesAllocateNothing(t *testing.T) {
	table := recent.NewTraces(1 << 20)
	n := uint64(0)
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		n++
		key := table.Key(&[16]byte{byte(n), byte(n >> 8)})
		near := table.Known(key)
		prefetch.Fetch([]prefetch.Place{table.Place(key), near[0], near[1]})
		var known [recent.MaxTouches]recent.Touch
		table.Add(key, &recent.Touch{Scope: uint32(n % 3), Start: int64(n), Requests: 1, Rolling: true}, &known)
	}))
}

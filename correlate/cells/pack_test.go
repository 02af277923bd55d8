package cells

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

// full is a store with an hour of one service that serves two versions, the second since half an hour.
func full() (*Store, *Stream) {
	st := New(config())
	for at := int64(midnight); at < midnight+3600; at += 10 {
		version := "v1"
		if at >= midnight+1800 {
			version = "v2"
		}
		st.Add(traffic("a", version, at, 3))
	}
	s := st.Service(place("a"))
	return st, s.Stream(s.Keys()[0])
}

// What a store knows is the same after each look at it, whatever comes late.
func TestALookChangesNothingOfWhatIsKnown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		looked, plain := New(config()), New(config())
		for now := int64(midnight + 300); now < midnight+2400; now += 300 {
			all := drawMeasurements(t, now-900, now)
			addAll(looked, all)
			addAll(plain, all)
			looked.Look(now - rapid.Int64Range(0, 300).Draw(t, "behind"))
			if rapid.Bool().Draw(t, "forget?") {
				fine, coarse := now-rapid.Int64Range(300, 900).Draw(t, "fine"), now-rapid.Int64Range(600, 1200).Draw(t, "coarse")
				looked.Expire(fine, coarse)
				plain.Expire(fine, coarse)
			}
			a, b := dump(looked), dump(plain)
			require.Equal(t, b[:len(b)-1], a[:len(a)-1], "the last line is what it takes")
			require.Equal(t, held(looked), looked.Memory().Bytes)
			requireShared(t, looked)
		}
	})
}

// requireShared: blocks of versions are shared where they are those of the stream, and nowhere else.
func requireShared(t *rapid.T, st *Store) {
	for _, s := range st.services {
		for _, str := range s.streams {
			for _, v := range str.versions {
				for _, b := range v.blocks {
					same := slices.ContainsFunc(str.total.blocks, func(of block) bool { return of.first == b.first && of.data == b.data })
					require.Equal(t, same, b.shared)
				}
			}
		}
	}
}

func TestAVersionAloneKeepsNoCellsOfItsOwn(t *testing.T) {
	st, str := full()
	apart := st.Memory().Bytes
	st.Look(midnight + 3600)
	for version, of := range map[string][2]int64{"v1": {midnight, midnight + 1800}, "v2": {midnight + 1800, midnight + 3600}} {
		v := str.Version(version)
		require.Len(t, v.blocks, 2)
		for i := range v.blocks {
			require.True(t, v.blocks[i].shared, "%s %d", version, i)
		}
		require.Equal(t, str.Total().copied(of[0], of[1]), everything(v))
	}
	require.Less(t, st.Memory().Bytes, apart/4)

	shared := st.Memory().Bytes
	st.Add(traffic("a", "", midnight+10, 1))
	require.False(t, str.Version("v1").blocks[0].shared, "another told of its time, too")
	require.True(t, str.Version("v1").blocks[1].shared)
	require.Greater(t, st.Memory().Bytes, shared)
	require.Equal(t, held(st), st.Memory().Bytes)
}

func TestWhatIsAskedForStaysAtHandUntilALookDoesNotAsk(t *testing.T) {
	st, str := full()
	total := str.Total()
	st.Look(midnight + 3600)
	require.Empty(t, total.cells)
	asked := total.Between(midnight+600, midnight+700)
	require.Len(t, asked, 10)
	require.Len(t, total.cells, 360)
	st.Look(midnight + 3600)
	require.Len(t, total.cells, 360, "a look asked for it")
	require.Positive(t, st.looks.warm)
	st.Look(midnight + 3600)
	require.Empty(t, total.cells, "this one didn't")
	require.Zero(t, st.looks.warm)
	require.Len(t, asked, 10, "what was told stays")
	require.EqualValues(t, 3, asked[9].Requests)
}

func TestWhatIsAtHandIsBounded(t *testing.T) {
	st, str := full()
	st.Look(midnight + 3600)
	st.looks.most = 8 * (cellBytes + binBytes)
	for _, s := range []*Series{str.Total(), str.Coarse(), str.Version("v1"), str.Version("v2")} {
		require.NotEmpty(t, s.Between(midnight, math.MaxInt64))
		require.Len(t, s.of.looks.series, 1, "the one that was asked for last")
	}
}

func TestACellThatComesLateIsPackedWhereItBelongs(t *testing.T) {
	st, str := full()
	st.Look(midnight + 3600)
	at := str.Total().Between(midnight+600, midnight+620)
	require.EqualValues(t, 3, at[1].Requests)
	st.Add(traffic("a", "v1", midnight+610, 4))
	require.EqualValues(t, 7, str.Total().Between(midnight+610, midnight+620)[0].Requests)
	require.EqualValues(t, 7, str.Version("v1").Between(midnight+610, midnight+620)[0].Requests)
	require.EqualValues(t, 7, str.Total().copied(midnight+610, midnight+620)[0].Requests)
	st.Add(correlate.Measurement{Key: traffic("a", "v1", 0, 0).Key, Cell: correlate.Cell{Start: midnight - 3600, Requests: 1}})
	require.EqualValues(t, 1, str.Total().Between(0, midnight)[0].Requests, "before all others")
}

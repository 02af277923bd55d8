package segments

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func open(t require.TestingT, o Options) *Store {
	st, err := Open(o)
	require.NoError(t, err)
	return st
}

func names(t require.TestingT, dir string) (all []string) {
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestASegmentIsThereAfterARestart(t *testing.T) {
	o := Options{Dir: filepath.Join(t.TempDir(), "archive"), Budget: 100}
	st := open(t, o)
	require.Equal(t, State{Budget: 100}, st.State())
	require.NoError(t, st.Put(Segment{From: 600, To: 1200}, []byte("one")))
	require.NoError(t, st.Put(Segment{From: 1200, To: 1800, Marked: true}, []byte("three")))
	for range 2 {
		require.Equal(t, State{Bytes: 8, Budget: 100, From: 600, To: 1800}, st.State())
		require.Equal(t, []Segment{{600, 1200, 3, false}, {1200, 1800, 5, true}}, st.Between(1199, 1201))
		require.Equal(t, []Segment{{1200, 1800, 5, true}}, st.Between(1200, 1201))
		require.Empty(t, st.Between(1800, 9000))
		blob, err := st.Read(Segment{1200, 1800, 5, true})
		require.NoError(t, err)
		require.Equal(t, "three", string(blob))
		st = open(t, o)
	}
}

func TestWhatWasNotWrittenToItsEndIsRemoved(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"600-1200.cells.tmp", "600-1200.cells", "notes.txt", "-1-x.cells"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600))
	}
	st := open(t, Options{Dir: dir, Budget: 100})
	require.Equal(t, []string{"-1-x.cells", "600-1200.cells", "notes.txt"}, names(t, dir), "what isn't ours stays")
	require.Equal(t, State{Bytes: 1, Budget: 100, From: 600, To: 1200}, st.State())
}

func TestTheOldestGoFirst(t *testing.T) {
	dir := t.TempDir()
	st := open(t, Options{Dir: dir, Budget: 10})
	for i := range int64(5) {
		require.NoError(t, st.Put(Segment{From: i * 600, To: (i + 1) * 600}, make([]byte, 3)))
	}
	require.Equal(t, State{Bytes: 9, Budget: 10, From: 1200, To: 3000}, st.State())
	require.NoError(t, st.Put(Segment{From: 3000, To: 3600}, make([]byte, 10)), "all others make way")
	require.Equal(t, []string{"3000-3600.cells"}, names(t, dir))
	require.ErrorContains(t, st.Put(Segment{From: 3600, To: 4200}, make([]byte, 11)), "more than the budget of 10")
	require.Equal(t, []string{"3000-3600.cells"}, names(t, dir), "one that is refused takes nothing's place")
}

func TestWhatIsOldGoes(t *testing.T) {
	st := open(t, Options{Dir: t.TempDir(), Budget: 100})
	for i := range int64(4) {
		require.NoError(t, st.Put(Segment{From: i * 600, To: (i + 1) * 600}, []byte("x")))
	}
	require.NoError(t, st.Expire(1199))
	require.Equal(t, State{Bytes: 3, Budget: 100, From: 600, To: 2400}, st.State())
	require.NoError(t, st.Expire(9000))
	require.Equal(t, State{Budget: 100}, st.State())
	require.NoError(t, st.Expire(9000))
}

func TestAHoleEndsTheReach(t *testing.T) {
	st := open(t, Options{Dir: t.TempDir(), Budget: 100})
	for _, from := range []int64{0, 600, 1800, 2400} {
		require.NoError(t, st.Put(Segment{From: from, To: from + 600}, []byte("x")))
	}
	require.Equal(t, State{Bytes: 4, Budget: 100, From: 1800, To: 3000}, st.State())
	require.ErrorContains(t, st.Put(Segment{From: 2400, To: 3000}, []byte("x")), "what is before 3000 is there already")
}

func TestTheLastOfTheDiskIsLeftToOthers(t *testing.T) {
	free, dir := int64(3<<20), t.TempDir()
	st := open(t, Options{Dir: dir, Budget: 100, Spare: 3<<20 - 8, free: func(string) int64 { return free }})
	require.NoError(t, st.Put(Segment{From: 0, To: 600}, make([]byte, 8)))
	require.ErrorIs(t, st.Put(Segment{From: 600, To: 1200}, make([]byte, 9)), ErrNoSpace)
	require.ErrorContains(t, st.Put(Segment{From: 600, To: 1200}, make([]byte, 9)), "3 MiB are free in "+dir+", and 2 MiB of it are left to others")
	free += 1
	require.NoError(t, st.Put(Segment{From: 600, To: 1200}, make([]byte, 9)))
}

func TestAWriteThatFailsLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	st := open(t, Options{Dir: dir, Budget: 100})
	require.NoError(t, os.Mkdir(filepath.Join(dir, "0-600.cells"), 0o700), "renaming to it fails")
	require.Error(t, st.Put(Segment{From: 0, To: 600}, []byte("x")))
	require.Equal(t, State{Budget: 100}, st.State())
	require.Equal(t, []string{"0-600.cells"}, names(t, dir))
}

// TestAStoreIsALineOfBlobs throws random operations and restarts at a store and at a slice, and compares.
func TestAStoreIsALineOfBlobs(t *testing.T) {
	n := 0
	parent := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		n++
		o := Options{Dir: filepath.Join(parent, fmt.Sprint(n)), Budget: 60}
		st, want, next := open(t, o), map[Segment][]byte{}, int64(0)
		for range rapid.IntRange(1, 30).Draw(t, "operations") {
			switch rapid.IntRange(0, 5).Draw(t, "operation") {
			case 0:
				st = open(t, o)
			case 1:
				before := next - rapid.Int64Range(-100, 3000).Draw(t, "age")
				require.NoError(t, st.Expire(before))
				for s := range want {
					if s.To <= before {
						delete(want, s)
					}
				}
			default:
				next += rapid.SampledFrom([]int64{0, 0, 0, 600}).Draw(t, "hole")
				s := Segment{next, next + 600, rapid.Int64Range(0, 30).Draw(t, "bytes"), rapid.Bool().Draw(t, "marked")}
				next += 600
				blob := bytes.Repeat([]byte{byte(n)}, int(s.Bytes))
				require.NoError(t, st.Put(s, blob))
				want[s] = blob
				for sum(want) > o.Budget {
					delete(want, oldest(want))
				}
			}
			found := st.Between(0, next+1)
			require.Len(t, found, len(want))
			for _, s := range found {
				blob, err := st.Read(s)
				require.NoError(t, err)
				require.Equal(t, want[s], blob)
			}
			require.Equal(t, sum(want), st.State().Bytes)
		}
	})
}

func sum(all map[Segment][]byte) (n int64) {
	for s := range all {
		n += s.Bytes
	}
	return n
}

func oldest(all map[Segment][]byte) (first Segment) {
	first.From = maxTime
	for s := range all {
		if s.From < first.From {
			first = s
		}
	}
	return first
}

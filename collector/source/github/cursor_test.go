package github

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// step is a page with deployments, newest first, of which some have ended, and whether it is the last one.
func (c *cursor) step(last bool, ended bool, page ...deployment) (more bool) {
	c.turn(page, last)
	for _, d := range page {
		if !d.created.Before(c.Floor) && c.concerns(d.id, d.updated) {
			c.saw(seen{ID: d.id, Changed: d.updated.Unix(), Ended: ended})
		}
	}
	return c.advance()
}

func at(id int64, minute int) deployment {
	t := noon.Add(time.Duration(minute) * time.Minute)
	return deployment{id: id, created: t, updated: t}
}

func TestARound(t *testing.T) {
	c := readCursor(nil).from(noon)
	require.True(t, c.step(false, true, at(9, 9), at(8, 8)), "the next page")
	require.False(t, c.step(false, true, at(7, 7), at(3, -1)), "what follows is older than asked for")
	last := []seen{{ID: 9, Changed: noon.Add(9 * time.Minute).Unix(), Ended: true}}
	require.Equal(t, cursor{Since: noon, Top: 9, Updated: noon.Add(9 * time.Minute), Seen: last}, c)

	c = c.from(noon.Add(time.Hour))
	require.Equal(t, noon, c.Floor, "a history that got shorter reads no less")
	require.False(t, c.concerns(8, noon.Add(8*time.Minute)), "what has ended and hasn't changed is not looked at")
	require.True(t, c.concerns(8, noon.Add(9*time.Minute)), "what has changed is, also in the second of the last change")
	require.False(t, c.step(false, true, at(10, 12), at(9, 9)), "what follows is known")
	require.EqualValues(t, 10, c.Top)

	c = c.from(noon.Add(-time.Hour))
	require.True(t, c.concerns(1, noon.Add(-time.Minute)), "a history that got longer reads everything again")
	require.True(t, c.step(false, true, at(10, 12), at(9, 9)))
	require.Equal(t, c, c.from(noon.Add(-2*time.Hour)), "a round that is under way isn't changed")
	require.False(t, c.step(true, true, at(8, 8), at(3, -1)))
	last = []seen{{ID: 10, Changed: noon.Add(12 * time.Minute).Unix(), Ended: true}}
	require.Equal(t, cursor{Since: noon.Add(-time.Hour), Top: 10, Updated: noon.Add(12 * time.Minute), Seen: last}, c)
}

func TestWhatChangesDuringARoundIsNewerThanIt(t *testing.T) {
	c := readCursor(nil).from(noon)
	c.step(false, true, at(9, 9))
	late := at(8, 8)
	late.updated = noon.Add(time.Hour) // while the first page was read
	require.False(t, c.step(true, true, late))
	require.Equal(t, noon.Add(9*time.Minute), c.Updated, "so that what changed on the first page since then is looked at again")
}

func TestOpenDeploymentsAreLookedAtAgain(t *testing.T) {
	c := readCursor(nil).from(noon)
	require.False(t, c.step(true, false, at(9, 9), at(8, 8)))
	require.Equal(t, []int64{8, 9}, c.open())

	c = c.from(noon)
	require.True(t, c.step(true, true, at(10, 10), at(9, 9)), "one is on no page that was read")
	require.Equal(t, []int64{8}, c.Again)
	require.Equal(t, []int64{8}, c.open())
	c.gone(8)
	require.False(t, c.advance())
	require.Empty(t, c.open())

	c.Seen = nil
	for id := range int64(mostSeen + 50) {
		c.saw(seen{ID: 100 + id})
	}
	require.Len(t, c.Seen, mostSeen)
	require.EqualValues(t, 150, c.Seen[0].ID, "the oldest give way")
}

func TestACursorThatCannotBeReadBeginsAnew(t *testing.T) {
	for _, text := range []string{"", "17", "{", `{"top": "x"}`} {
		require.Equal(t, cursor{}, readCursor([]byte(text)), text)
	}
}

// A cursor survives being written down at any point of any rounds.
func TestCursorsAreWrittenDown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c cursor
		newest := int64(1)
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			c = c.from(noon.Add(-time.Duration(rapid.IntRange(0, 5).Draw(t, "days")) * 24 * time.Hour))
			newest += rapid.Int64Range(0, 3).Draw(t, "new")
			page := []deployment{at(newest, int(newest)), at(newest-1, int(newest-1))}
			c.step(rapid.Bool().Draw(t, "last"), rapid.Bool().Draw(t, "ended"), page...)
			text, err := c.text()
			require.NoError(t, err)
			again, err := readCursor(text).text()
			require.NoError(t, err)
			require.Equal(t, string(text), string(again))
			require.True(t, slices.IsSorted(c.open()))
		}
	})
}

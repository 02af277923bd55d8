package engine

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

// diary is a Keeper that notes what it is asked, and fails when it is told to.
type diary struct {
	engine    *Engine
	asked     []string
	failing   map[string]bool
	known     Recall
	effects   []correlate.Effect // published
	committed int                // effects
	applied   int64
}

var errFull = errors.New("the disk is full")

func (d *diary) ask(what string) error {
	d.asked = append(d.asked, what)
	if d.failing[what] {
		return errFull
	}
	return nil
}

func (d *diary) Recall([]Fact) (Recall, error) { return d.known, d.ask("recall") }

func (d *diary) Checkpoint(_ time.Time, measured []correlate.Measurement) error {
	return d.ask(fmt.Sprint("checkpoint of ", len(measured)))
}

func (d *diary) Commit(effects []correlate.Effect, applied int64) error {
	if err := d.ask("commit"); err != nil {
		return err
	}
	d.committed, d.applied = d.committed+len(effects), max(d.applied, applied)
	return nil
}

func (d *diary) Publish(effects []correlate.Effect) {
	d.asked, d.effects = append(d.asked, "publish"), append(d.effects, effects...)
}

func (d *diary) take() []string {
	asked := d.asked
	d.asked = nil
	return asked
}

func reported(id string, start time.Time) []Fact {
	c := correlate.Change{ID: id, Service: "shop", Version: id, Source: "x", StartedAt: start}
	return []Fact{{Fact: correlate.Fact{Change: &c}, ReceivedAt: start}}
}

func newDiary() (*Driver, *diary) {
	k := &diary{engine: New(DefaultConfig()), failing: map[string]bool{}}
	return NewDriver(k.engine, k), k
}

func TestADriverKeepsBeforeItPublishes(t *testing.T) {
	d, k := newDiary()
	require.NoError(t, d.Flush())
	require.Empty(t, k.take(), "nothing is pending")
	require.NoError(t, d.Facts(reported("c", midnight), 7))
	require.Equal(t, []string{"recall", "commit", "publish"}, k.take())
	require.EqualValues(t, 7, k.applied)
	cells := []correlate.Measurement{{Key: correlate.Key{Service: "shop", Environment: "production", Kind: correlate.Traffic}}}
	cells[0].Start = midnight.Unix()
	require.NoError(t, d.Tick(midnight.Add(10*time.Second), func() []correlate.Measurement { return cells }))
	require.Equal(t, []string{"checkpoint of 1", "commit", "publish"}, k.take())
	require.NoError(t, d.Conclude())
	require.Equal(t, []string{"commit", "publish"}, k.take())
	require.Equal(t, correlate.PhaseClosed, k.effects[len(k.effects)-1].Change.Phase)
}

func TestADriverDecidesNothingWhileItsKeeperFails(t *testing.T) {
	d, k := newDiary()
	drained := 0
	drain := func() []correlate.Measurement {
		drained++
		return []correlate.Measurement{{
			Key:  correlate.Key{Service: "shop", Environment: "production", Kind: correlate.Traffic},
			Cell: correlate.Cell{Start: midnight.Unix(), Requests: 1},
		}}
	}
	k.failing["recall"] = true
	require.ErrorIs(t, d.Facts(reported("a", midnight), 1), errFull)
	require.False(t, k.engine.Knows("a"), "it is offered again")
	k.failing["recall"] = false

	k.failing["commit"] = true
	require.ErrorIs(t, d.Facts(reported("a", midnight), 1), errFull)
	require.Equal(t, 1, d.Pending())
	k.take()
	require.ErrorIs(t, d.Facts(reported("b", midnight), 2), errFull)
	require.ErrorIs(t, d.Tick(midnight, drain), errFull)
	require.ErrorIs(t, d.Conclude(), errFull)
	require.False(t, k.engine.Knows("b"))
	require.Equal(t, []string{"commit", "commit", "commit"}, k.take())
	require.Zero(t, drained)
	require.Empty(t, k.effects, "nobody learns of what isn't kept")

	k.failing["commit"] = false
	require.NoError(t, d.Flush())
	require.Equal(t, []string{"commit", "publish"}, k.take())
	k.failing["checkpoint of 1"] = true
	require.ErrorIs(t, d.Tick(midnight, drain), errFull)
	require.ErrorIs(t, d.Tick(midnight, drain), errFull)
	require.Equal(t, 1, drained, "what was drained is kept")
	require.Zero(t, k.engine.Memory().Series, "and not applied")
	k.failing["checkpoint of 1"] = false
	require.NoError(t, d.Tick(midnight, drain))
	require.Equal(t, 1, drained)
	require.Positive(t, k.engine.Memory().Series)
}

func TestADriverRecallsWhatHasLeftMemory(t *testing.T) {
	d, k := newDiary()
	k.known = Recall{Changes: []correlate.ChangeRecord{{
		Change: *reported("old", midnight)[0].WithDefaults().Change, Phase: correlate.PhaseClosed, ReceivedAt: midnight,
	}}}
	i := correlate.Incident{ID: "i", Service: "shop", OpenedAt: midnight.Add(time.Minute)}
	require.NoError(t, d.Facts([]Fact{{Fact: correlate.Fact{Incident: &i}, ReceivedAt: midnight}}, 1))
	var attributed string
	for _, e := range k.effects {
		if e.Incident != nil {
			attributed = e.Incident.AttributedTo
		}
	}
	require.Equal(t, "old", attributed)
}

// TestFailuresOfTheKeeperDoNotShow: whatever fails in between, what is published in the end is what would have been.
func TestFailuresOfTheKeeperDoNotShow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		run := func(fails func() bool) []correlate.Effect {
			k := &diary{engine: New(propertyConfig())}
			d := NewDriver(k.engine, k)
			until := func(do func() error) {
				for {
					k.failing = map[string]bool{"commit": fails(), "recall": fails()}
					if do() == nil {
						return
					}
				}
			}
			for n, st := range h.stages {
				var cells []correlate.Measurement
				for _, in := range st.inputs {
					cells = append(cells, in.Measured...)
					if in.Facts == nil {
						continue
					}
					until(d.Flush)
					applied := k.applied
					until(func() error {
						if d.Flush() == nil && k.applied == applied {
							return d.Facts(in.Facts, applied+1)
						}
						return d.Flush()
					})
				}
				given := false
				until(func() error {
					if given {
						return d.Flush()
					}
					return d.Tick(at(h.stages[n].tick), func() []correlate.Measurement { given = true; return cells })
				})
			}
			until(d.Flush)
			until(d.Conclude)
			return k.effects
		}
		whole := run(func() bool { return false })
		failing := run(func() bool { return rapid.IntRange(0, 3).Draw(t, "fails") == 0 })
		require.Equal(t, len(whole), len(failing))
		require.Equal(t, text(whole), text(failing))
	})
}

package engine

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// TestOfVeryManyClosedChangesTheLastAreSuspected: what a look costs doesn't grow with how often a service changes.
func TestOfVeryManyClosedChangesTheLastAreSuspected(t *testing.T) {
	e := New(DefaultConfig())
	cell := correlate.Cell{Start: midnight.Unix() - 3600, Requests: 100}
	cell.Latency.Add(100, 100)
	e.Apply(Input{Measured: []correlate.Measurement{{Cell: cell, Key: correlate.Key{
		Service: "shop", Environment: "production", Kind: correlate.Traffic, Origin: correlate.OriginSpan,
	}}}})
	e.Apply(Input{Tick: midnight.Add(-time.Hour + time.Minute)})
	var facts []Fact
	for i := range 3 * recentMost {
		at := midnight.Add(time.Duration(i-3*recentMost) * 10 * time.Second)
		facts = append(facts, Fact{ReceivedAt: at, Fact: correlate.Fact{Change: &correlate.Change{
			ID: fmt.Sprintf("c%03d", i), Service: "shop", Version: fmt.Sprint("v", i), Source: "x", StartedAt: at, FinishedAt: at,
		}}})
	}
	e.Apply(Input{Facts: facts})
	for _, c := range e.changes {
		c.rec.Phase = correlate.PhaseClosed
	}
	recent := e.round(midnight.Unix(), false).recent(nil)
	require.Len(t, recent, recentMost)
	require.Equal(t, "c064", recent[0].rec.ID)
	require.Equal(t, "c095", recent[recentMost-1].rec.ID)
}

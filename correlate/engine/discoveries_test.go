package engine

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/judge"
)

func TestOfManyChangesOneLooksBadByChance(t *testing.T) {
	for name, want := range map[string]struct {
		watched, accused int
		eValue           float64
		convicted        int
	}{
		"of five, one needs no more than alone":             {watched: 5, accused: 1, eValue: 101, convicted: 1},
		"of a hundred, one needs twenty times as much":      {watched: 100, accused: 1, eValue: 1900, convicted: 0},
		"with that much it stands":                          {watched: 100, accused: 1, eValue: 2100, convicted: 1},
		"twenty of a hundred are no coincidence":            {watched: 100, accused: 20, eValue: 101, convicted: 20},
		"nineteen of a hundred with so little may be":       {watched: 100, accused: 19, eValue: 101, convicted: 0},
		"changes of another environment don't count":        {watched: 5, accused: 1, eValue: 101, convicted: 1},
		"nobody is accused":                                 {watched: 100, accused: 0, eValue: 101, convicted: 0},
		"four of ten at least stand with what each needs":   {watched: 10, accused: 4, eValue: 101, convicted: 4},
		"one of ten with what it needs alone is not enough": {watched: 10, accused: 1, eValue: 101, convicted: 0},
	} {
		t.Run(name, func(t *testing.T) {
			e := New(DefaultConfig())
			e.Apply(Input{Tick: midnight})
			var facts []Fact
			for i := range want.watched {
				facts = append(facts, deployed(fmt.Sprint("c", i), "production"), deployed(fmt.Sprint("staged", i), "staging"))
			}
			e.Apply(Input{Facts: facts})
			var due []candidate
			for i := range want.accused {
				due = append(due, candidate{change: e.change(fmt.Sprint("c", i)), a: judge.Assessment{
					Outcome: correlate.Regressed, LogE: math.Log(want.eValue),
				}})
			}
			e.round(midnight.Unix()+600, false).sustain(due)
			convicted := 0
			for _, s := range due {
				if s.a.Outcome == correlate.Regressed {
					convicted++
				}
			}
			require.Equal(t, want.convicted, convicted)
		})
	}
}

func deployed(id, environment string) Fact {
	return Fact{ReceivedAt: midnight, Fact: correlate.Fact{Change: &correlate.Change{
		ID: id, Service: id, Environment: environment, Status: correlate.StatusSucceeded,
		StartedAt: midnight.Add(time.Minute), FinishedAt: midnight.Add(time.Minute),
	}}}
}

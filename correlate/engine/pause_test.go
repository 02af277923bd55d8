package engine

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// paused is half an hour of a service with a change, drained every ten seconds but in a stretch in the middle. What is
// measured in the pause comes after it, or never.
type paused struct {
	from, to int64 // seconds after midnight
	comes    bool
}

const (
	pauseChange = 1200
	pauseEnd    = pauseChange + 1300
)

// at is what is taken in at an instant; ok is false in the pause.
func (p paused) at(now int64) (cells []correlate.Measurement, ok bool) {
	if now > p.from && now < p.to {
		return nil, false
	}
	first := now - 10
	if now == p.to && p.comes {
		first = p.from
	}
	for start := first; start < now; start += 10 {
		for _, version := range []string{"v1", "v2"} {
			if version == "v1" || start >= pauseChange {
				m := traffic("shop", version, midnight.Unix()+start, 2000)
				m.Errors = 20
				cells = append(cells, m)
			}
		}
	}
	return cells, true
}

// live drives an engine as the host does, and another one that is restored from what was stored at an instant.
func (p paused) live(restart int64) (all, rest *outcome) {
	cfg := propertyConfig()
	whole, stored := New(cfg), &memory{cfg: cfg}
	all, rest = newOutcome(), newOutcome()
	var half *Engine
	for now := int64(10); now <= pauseEnd; now += 10 {
		cells, ok := p.at(now)
		if !ok {
			continue
		}
		if now >= restart && half == nil {
			half = stored.restore(all)
			rest.Decisions = slices.Clone(all.Decisions)
			rest.Changes, rest.Incidents = maps.Clone(all.Changes), maps.Clone(all.Incidents)
		}
		t := at(midnight.Unix() + now)
		inputs := []Input{{Measured: cells}, {Drained: t}, {Tick: t}}
		if now == pauseChange+10 {
			inputs = append(inputs, factTold(correlate.Fact{Change: &correlate.Change{
				ID: "c1", Service: "shop", Version: "v2", StartedAt: at(midnight.Unix() + pauseChange), FinishedAt: at(midnight.Unix() + pauseChange),
			}}, midnight.Unix()+now))
		}
		for _, in := range inputs {
			effects := whole.Apply(in)
			all.take(effects)
			if half != nil {
				rest.take(half.Apply(in))
			}
			for _, e := range effects {
				if e.Rollup != nil && half == nil {
					stored.rollups = append(stored.rollups, *e.Rollup)
				}
			}
		}
		if half == nil {
			stored.checkpoints = append(stored.checkpoints, checkpoint{t, cells})
		}
	}
	return all, rest
}

// A pause of five minutes, whether the ledger failed or the machine slept, is the same with and without a restart after it.
func TestAPauseIsTheSameWithAndWithoutARestart(t *testing.T) {
	for name, c := range map[string]struct {
		paused
		want correlate.Reason
	}{
		"no pause":                                {paused{}, correlate.ReasonWithinMargin},
		"the machine slept":                       {paused{pauseChange + 300, pauseChange + 600, false}, correlate.ReasonNoCoverage},
		"the ledger failed, and all came later":   {paused{pauseChange + 300, pauseChange + 600, true}, correlate.ReasonNoCoverage},
		"half a minute is no pause":               {paused{pauseChange + 300, pauseChange + 330, true}, correlate.ReasonWithinMargin},
		"before the change, it says little of it": {paused{600, 900, true}, correlate.ReasonWithinMargin},
	} {
		t.Run(name, func(t *testing.T) {
			for _, restart := range []int64{c.to, c.to + 10, c.to + 60, pauseChange + 700, pauseEnd - 200} {
				all, rest := c.live(max(restart, 100))
				requireSame(t, all, rest)
				v := all.Changes["c1"].Verdict
				require.NotNil(t, v)
				require.True(t, v.Final)
				require.Equal(t, c.want, v.Reason)
			}
		})
	}
}

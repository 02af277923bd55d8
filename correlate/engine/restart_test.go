package engine

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// An incident that is the first thing a restored engine hears, before time goes on, finds the same calls as one that an
// engine hears which was never stopped: what it bears on near the service is gone into again in both.
func TestAnIncidentRightAfterARestartFindsTheCalls(t *testing.T) {
	const stages, first, second, told = 40, 15, 25, 32
	whole, stored := New(propertyConfig()), &memory{cfg: propertyConfig()}
	all := newOutcome()
	start := func(stage int64) int64 { return midnight.Unix() + stage*60 }
	rollout := func(id, service string, stage int64) Input {
		return factTold(correlate.Fact{Change: &correlate.Change{
			ID: id, Service: service, Version: id, StartedAt: at(start(stage)), FinishedAt: at(start(stage)), Source: "generic",
		}}, start(stage))
	}
	incident := factTold(correlate.Fact{Incident: &correlate.Incident{
		ID: "i1", Service: "shop", OpenedAt: at(start(first) + 60), CausedBy: "c1",
	}}, start(told))
	for stage := int64(0); stage < stages; stage++ {
		var cells []correlate.Measurement
		for now := start(stage); now < start(stage+1); now += 10 {
			edge := traffic("web", "", now, 100)
			edge.Kind, edge.Origin, edge.Peer = correlate.Edge, correlate.OriginClientSpan, "shop"
			cells = append(cells, traffic("shop", "", now, 100), traffic("web", "", now, 100), edge)
		}
		inputs := []Input{{Measured: cells}}
		switch stage {
		case first:
			inputs = append(inputs, rollout("c1", "shop", stage))
		case second:
			inputs = append(inputs, rollout("c2", "web", stage))
		case told:
			half := stored.restore(all)
			half.Apply(incident)
			whole.Apply(incident)
			require.Equal(t, reopening{from: start(second), why: correlate.LateIncident, by: "i1"}, whole.reopen)
			require.Equal(t, whole.reopen.by, half.reopen.by)
			require.LessOrEqual(t, half.reopen.from, whole.reopen.from, "what lies after the last instant that was judged is judged again anyway")
			return
		}
		for _, in := range append(inputs, Input{Tick: at(start(stage+1) + 30)}) {
			effects := whole.Apply(in)
			all.take(effects)
			stored.take(in, effects)
		}
	}
}

// TestWhatWasGivenUpBeforeAnyTelemetryIsNotJudgedAfterARestart: it was told at once what nothing can be judged of, whatever comes
// late afterwards.
func TestWhatWasGivenUpBeforeAnyTelemetryIsNotJudgedAfterARestart(t *testing.T) {
	told := func(c correlate.Change, received int64) Input {
		c.Kind, c.Source = correlate.KindDeployment, "generic"
		return Input{Facts: []Fact{{Fact: correlate.Fact{Change: &c}, ReceivedAt: at(received)}}}
	}
	start := midnight.Unix()
	var h history
	for i := range int64(20) {
		st := stage{tick: start + (i+1)*60 + 30}
		for now := start + i*60; now < start+(i+1)*60; now += 10 {
			st.inputs = append(st.inputs, Input{Measured: []correlate.Measurement{traffic("a", "v1", now, 100), traffic("c", "v1", now, 100)}})
		}
		switch i {
		case 0:
			st.inputs = append(st.inputs, told(correlate.Change{ID: "c1", Service: "a", Status: correlate.StatusFailed, StartedAt: at(start - 39), FinishedAt: at(start - 38)}, start))
		case 3: // late: what was judged since then is judged again
			st.inputs = append(st.inputs, told(correlate.Change{ID: "c2", Service: "c", Status: correlate.StatusSucceeded, StartedAt: at(start - 118), FinishedAt: at(start - 100)}, start+180))
		}
		h.stages = append(h.stages, st)
	}
	all, rest := h.cutAt(2)
	requireSame(t, all, rest)
	require.EqualValues(t, 1, rest.Changes["c1"].Verdict.Revision)
}

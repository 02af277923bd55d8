package engine

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// coldStarts is a service that fails five times as often for five minutes after each of five rollouts, an hour apart; its
// caller notices. Some of them lead to an incident.
func coldStarts(incidents ...int) history {
	const width, every = 60, 60
	var h history
	from := midnight.Unix()
	for i := range int64(6*every - 20) {
		start := from + i*width
		st := stage{tick: start + width + 30}
		cold := i >= every && i%every < 5
		version := fmt.Sprint("v", i/every)
		for at := start; at < start+width; at += 10 {
			c := correlate.Cell{Start: at, Requests: 200, Errors: 2}
			if cold {
				c.Errors = 10
			}
			c.Latency.Add(180, c.Requests)
			for _, k := range []correlate.Key{
				{Service: "b", Version: version, Kind: correlate.Traffic, Origin: correlate.OriginSpan},
				{Service: "a", Kind: correlate.Traffic, Origin: correlate.OriginSpan},
				{Service: "a", Kind: correlate.Edge, Origin: correlate.OriginClientSpan, Peer: "b"},
			} {
				k.Environment = "production"
				st.inputs = append(st.inputs, Input{Measured: []correlate.Measurement{{Key: k, Cell: c}}})
			}
		}
		if i > 0 && i%every == 0 {
			st.inputs = append(st.inputs, factTold(correlate.Fact{Change: &correlate.Change{
				ID: version, Service: "b", Version: version, Status: correlate.StatusSucceeded, Source: "generic",
				StartedAt: at(start), FinishedAt: at(start),
			}}, start))
			if slices.Contains(incidents, int(i/every)) {
				st.inputs = append(st.inputs, factTold(correlate.Fact{Incident: &correlate.Incident{
					ID: "i" + version, Service: "b", OpenedAt: at(start + 30), ResolvedAt: at(start + 600), CausedBy: version,
				}}, start))
			}
		}
		h.stages = append(h.stages, st)
	}
	return h
}

func factTold(f correlate.Fact, received int64) Input {
	return Input{Facts: []Fact{{Fact: f, ReceivedAt: at(received)}}}
}

// alarmed are the changes that were ever called regressed, sorted.
func (o *outcome) alarmed() []string {
	var ids []string
	for _, d := range o.Decisions {
		if d.Verdict != nil && d.Verdict.Outcome == correlate.Regressed {
			ids = append(ids, d.Verdict.ChangeID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func TestAColdStartIsKnownAfterThreeOfThem(t *testing.T) {
	for name, c := range map[string]struct {
		incidents []int
		want      []string
	}{
		"the fourth is expected":                   {nil, []string{"v1", "v2", "v3"}},
		"one that led to an incident isn't learnt": {[]int{2}, []string{"v1", "v2", "v3", "v4"}},
	} {
		t.Run(name, func(t *testing.T) {
			all, _ := coldStarts(c.incidents...).cutAt(1)
			require.Equal(t, c.want, all.alarmed())
		})
	}
}

// Before the third rollout was final, just before the fourth, in its cold start, and after that.
func TestARestartForgetsNoColdStart(t *testing.T) {
	h := coldStarts(3)
	for _, cut := range []int{190, 239, 242, 244, 250, 299, 301, 304} {
		all, rest := h.cutAt(cut)
		requireSame(t, all, rest)
	}
}

func TestColdStartsInAnyOrder(t *testing.T) {
	h := coldStarts(2)
	first, _ := h.cutAt(1)
	for i := range h.stages {
		slices.Reverse(h.stages[i].inputs)
	}
	second, _ := h.cutAt(1)
	requireSame(t, first, second)
}

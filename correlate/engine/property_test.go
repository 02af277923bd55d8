package engine

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

// history is a drawn sequence of stages. All inputs of a stage arrive, in any order, before its tick.
type history struct {
	stages []stage
}

type stage struct {
	tick   int64
	inputs []Input // one fact or one batch of cells each
}

// outcome is what must not depend on the order of arrival: decisions in order, and the last state of every record.
type outcome struct {
	Decisions []correlate.Effect
	Changes   map[string]correlate.ChangeRecord
	Incidents map[string]correlate.IncidentRecord
	judged    time.Time
}

func newOutcome() *outcome {
	return &outcome{Changes: map[string]correlate.ChangeRecord{}, Incidents: map[string]correlate.IncidentRecord{}}
}

func (o *outcome) take(effects []correlate.Effect) {
	for _, e := range effects {
		switch {
		case e.Change != nil:
			c := *e.Change
			if c.Verdict != nil {
				v := *c.Verdict
				v.Reopened, v.ReopenedBy = "", ""
				c.Verdict = &v
			}
			o.Changes[c.ID] = c
		case e.Incident != nil:
			o.Incidents[e.Incident.ID] = *e.Incident
		case e.Judged != nil:
			o.judged = e.Judged.To
		default:
			if e.Verdict != nil {
				v := *e.Verdict
				v.Reopened, v.ReopenedBy = "", "" // what it was isn't known any more after a restart
				e.Verdict = &v
			}
			o.Decisions = append(o.Decisions, e)
		}
	}
}

// requireSame compares two outcomes byte by byte and shows where they part.
func requireSame(t require.TestingT, a, b *outcome) {
	first, err := json.Marshal(a)
	require.NoError(t, err)
	second, err := json.Marshal(b)
	require.NoError(t, err)
	n := 0
	for n < min(len(first), len(second)) && first[n] == second[n] {
		n++
	}
	around := func(raw []byte) string { return string(raw[max(0, n-400):min(len(raw), n+100)]) }
	require.True(t, string(first) == string(second), "one:\n%s\nother:\n%s", around(first), around(second))
}

func drawHistory(t *rapid.T) history {
	var h history
	services := []string{"a", "b", "c"}[:rapid.IntRange(1, 3).Draw(t, "services")]
	start := midnight.Unix()
	stages := rapid.IntRange(20, 45).Draw(t, "stages")
	const width = 60
	var changes, incidents int
	for i := range stages {
		st := stage{tick: start + int64(i+1)*width + 30}
		for _, name := range services {
			for _, version := range []string{"v1", "v2"} {
				if version == "v2" && i < stages/3 {
					continue
				}
				st.inputs = append(st.inputs, drawCells(t, name, version, start+int64(i)*width, width))
			}
		}
		if rapid.IntRange(0, 9).Draw(t, "change?") == 0 {
			changes++
			st.inputs = append(st.inputs, drawChange(t, services, changes, start+int64(i)*width))
		}
		if rapid.IntRange(0, 14).Draw(t, "incident?") == 0 {
			incidents++
			st.inputs = append(st.inputs, drawIncident(t, services, incidents, changes, start+int64(i)*width))
		}
		h.stages = append(h.stages, st)
	}
	return h
}

var (
	zones   = []string{"east", "west"}
	zonesOf = map[string][]string{"v1": zones, "v2": zones[:1]}
)

func drawCells(t *rapid.T, name, version string, from, width int64) Input {
	var cells []correlate.Measurement
	bad := rapid.IntRange(0, 5).Draw(t, "bad") == 0
	slowRoute := rapid.Int64Range(0, 10).Draw(t, "tenths of a slow and failing route")
	for at := from; at < from+width; at += 10 {
		c := correlate.Cell{Start: at, Requests: rapid.Int64Range(0, 400).Draw(t, "requests")}
		if bad {
			c.Errors = c.Requests / 5
		}
		k := correlate.Key{Service: name, Environment: "production", Version: version, Kind: correlate.Traffic, Origin: correlate.OriginSpan}
		slow := correlate.Cell{Start: at, Requests: c.Requests * slowRoute / 10}
		slow.Errors = slow.Requests / 10
		slow.Latency.Add(215, slow.Requests)
		fast := c
		fast.Requests -= slow.Requests
		fast.Errors = min(c.Errors, fast.Requests)
		fast.Latency = nil
		fast.Latency.Add(int16(180+rapid.IntRange(0, 20).Draw(t, "bin")), fast.Requests)
		c = correlate.Cell{Start: at}
		c.Merge(fast)
		c.Merge(slow)
		for _, part := range []struct {
			kind correlate.SignalKind
			name string
			cell correlate.Cell
		}{{correlate.Traffic, "", c}, {correlate.Route, "/fast", fast}, {correlate.Route, "/slow", slow}} {
			of := k
			of.Kind, of.Name = part.kind, part.name
			cells = append(cells, correlate.Measurement{Cell: part.cell, Key: of})
		}
		if c.Errors > 0 { // those that fail all touched the new version of b
			touched := k
			touched.Kind, touched.Name, touched.Peer = correlate.Trace, version, "b"
			cells = append(cells, correlate.Measurement{Cell: correlate.Cell{Start: at, Requests: c.Requests, Errors: c.Errors}, Key: touched})
		}
		if name == "a" { // the old version in all zones, the new one first in one of them
			k.Kind, k.Name = correlate.Zone, rapid.SampledFrom(zonesOf[version]).Draw(t, "zone")
			cells = append(cells, correlate.Measurement{Cell: c, Key: k})
		}
	}
	return Input{Measured: cells}
}

func drawChange(t *rapid.T, services []string, n int, from int64) Input {
	c := correlate.Change{
		ID:      fmt.Sprintf("c%d", n),
		Service: rapid.SampledFrom(services).Draw(t, "service"),
		Version: rapid.SampledFrom([]string{"", "v1", "v2", "v3"}).Draw(t, "version"),
		Kind:    rapid.SampledFrom(correlate.Kinds()).Draw(t, "kind"),
		Status:  rapid.SampledFrom(correlate.Statuses()).Draw(t, "status"),
		Source:  "generic",
	}
	for _, name := range append(zones, correlate.Everywhere) {
		if rapid.IntRange(0, 3).Draw(t, "zone?") == 0 {
			c.Zones = append(c.Zones, correlate.ZoneStep{Name: name, ReachedAt: at(from + rapid.Int64Range(-100, 300).Draw(t, "reached"))})
		}
	}
	c.StartedAt = at(from - rapid.Int64Range(0, 300).Draw(t, "before"))
	if c.Status != correlate.StatusStarted {
		c.FinishedAt = c.StartedAt.Add(time.Duration(rapid.Int64Range(0, 400).Draw(t, "took")) * time.Second)
	}
	return Input{Facts: []Fact{{Fact: correlate.Fact{Change: &c}, ReceivedAt: at(from)}}}
}

func drawIncident(t *rapid.T, services []string, n, changes int, from int64) Input {
	i := correlate.Incident{
		ID: fmt.Sprintf("i%d", n), OpenedAt: at(from),
	}
	i = i.Of(rapid.SliceOfN(rapid.SampledFrom(services), 1, 2).Draw(t, "services")...)
	if changes > 0 && rapid.Bool().Draw(t, "linked") {
		i.CausedBy = fmt.Sprintf("c%d", rapid.IntRange(1, changes).Draw(t, "cause"))
	}
	if rapid.Bool().Draw(t, "resolved") {
		i.ResolvedAt = i.OpenedAt.Add(time.Duration(rapid.Int64Range(0, 3600).Draw(t, "lasted")) * time.Second)
	}
	return Input{Facts: []Fact{{Fact: correlate.Fact{Incident: &i}, ReceivedAt: at(from)}}}
}

func propertyConfig() Config {
	cfg := DefaultConfig()
	cfg.Baseline, cfg.Watch, cfg.FineKeep = 600, 900, 1500
	cfg.Judge.MinHealthy = 300
	return cfg
}

// TestArrivalOrderDoesNotShow: the inputs between two ticks may come in any order, cells in pieces and facts at once.
func TestArrivalOrderDoesNotShow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		first, second := New(propertyConfig()), New(propertyConfig())
		a, b := newOutcome(), newOutcome()
		for i, st := range h.stages {
			order := rapid.Permutation(indexes(len(st.inputs))).Draw(t, fmt.Sprintf("order %d", i))
			var batch []Fact
			for n := range st.inputs {
				a.take(first.Apply(st.inputs[n]))
				batch = append(batch, st.inputs[order[n]].Facts...)
				for _, piece := range pieces(st.inputs[order[n]]) {
					b.take(second.Apply(piece))
				}
			}
			b.take(second.Apply(Input{Facts: batch}))
			a.take(first.Apply(Input{Tick: at(st.tick)}))
			b.take(second.Apply(Input{Tick: at(st.tick)}))
		}
		a.take(first.Conclude())
		b.take(second.Conclude())
		requireSame(t, a, b)
	})
}

// TestRestoredHalfPlusRestIsTheWhole: an engine that is restored from what was stored goes on as if nothing had been.
func TestRestoredHalfPlusRestIsTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t)
		all, rest := h.cutAt(rapid.IntRange(1, len(h.stages)-1).Draw(t, "cut"))
		requireSame(t, all, rest)
	})
}

// cutAt is what an engine decides that lives through all of a history, and one that is restored before a stage.
func (h history) cutAt(cut int) (all, rest *outcome) {
	whole := New(propertyConfig())
	all, rest = newOutcome(), newOutcome()
	var half *Engine
	stored := &memory{cfg: propertyConfig()}
	for i, st := range h.stages {
		if i == cut {
			half = stored.restore(all)
			rest.Decisions = slices.Clone(all.Decisions)
			rest.Changes, rest.Incidents = maps.Clone(all.Changes), maps.Clone(all.Incidents)
		}
		inputs := append(slices.Clone(st.inputs), Input{Tick: at(st.tick)})
		for _, in := range inputs {
			effects := whole.Apply(in)
			all.take(effects)
			if half == nil {
				stored.take(in, effects)
			} else {
				rest.take(half.Apply(in))
			}
		}
	}
	all.take(whole.Conclude())
	rest.take(half.Conclude())
	// Of a fault the ledger keeps how it was last told. What is judged again after a restart may tell it once more.
	for _, o := range []*outcome{all, rest} {
		o.Decisions = slices.DeleteFunc(o.Decisions, func(e correlate.Effect) bool { return e.Regression != nil })
	}
	return all, rest
}

// memory is a ledger without a disk: checkpoints and rollups as the host would store them.
type memory struct {
	cfg         Config
	checkpoints []checkpoint
	rollups     []correlate.Rollup
	open        []correlate.Measurement
}

type checkpoint struct {
	at    time.Time
	cells []correlate.Measurement
}

func (m *memory) take(in Input, effects []correlate.Effect) {
	m.open = append(m.open, in.Measured...)
	if !in.Tick.IsZero() {
		// The host writes a checkpoint each second. Some of them are enough to show that it never paused.
		for before := 50 * time.Second; before > 0; before -= 10 * time.Second {
			m.checkpoints = append(m.checkpoints, checkpoint{in.Tick.Add(-before), nil})
		}
		m.checkpoints = append(m.checkpoints, checkpoint{in.Tick, m.open})
		m.open = nil
	}
	for _, e := range effects {
		if e.Rollup != nil {
			m.rollups = append(m.rollups, *e.Rollup)
		}
	}
}

func (m *memory) restore(o *outcome) *Engine {
	e := New(m.cfg)
	var regressions []correlate.Regression
	known := Recall{Changes: slices.Collect(maps.Values(o.Changes)), Incidents: slices.Collect(maps.Values(o.Incidents))}
	for _, d := range o.Decisions {
		if d.Regression != nil {
			regressions = append(regressions, *d.Regression)
		}
		if d.Verdict != nil {
			known.Revisions = append(known.Revisions, *d.Verdict)
		}
	}
	e.RestoreRecords(known, regressions)
	for _, r := range m.rollups {
		e.RestoreRollup(r)
	}
	for _, c := range m.checkpoints {
		e.RestoreCheckpoint(c.at, c.cells)
	}
	e.Resume(o.judged)
	return e
}

func indexes(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// pieces splits a batch of cells into two.
func pieces(in Input) []Input {
	half := len(in.Measured) / 2
	return []Input{{Measured: in.Measured[half:]}, {Measured: in.Measured[:half]}}
}

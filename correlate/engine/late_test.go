package engine

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

var (
	cases = flag.Int("late.cases", 40, "how many histories TestLateFactsChangeNothing draws")
	seed  = flag.Uint64("late.seed", 1, "the seed of the first of them")
)

// lateConfig keeps the cells of a whole drawn history, so that nothing is too late to be judged.
func lateConfig() Config {
	cfg := DefaultConfig()
	cfg.Baseline, cfg.Watch, cfg.FineKeep, cfg.AbandonAfter = 300, 300, 3600, 1200
	cfg.Judge.MinHealthy, cfg.Judge.Grace = 120, 20
	return cfg
}

// story is a drawn stretch of time: what was measured in each minute, and what was reported of it.
type story struct {
	cells [][]correlate.Measurement
	facts []happened
	looks int // see Config.LooksAtOnce
}

// happened is a fact and the minute in which it happened.
type happened struct {
	minute int
	Fact
}

func drawStory(r *rand.Rand) (s story) {
	minutes := 16 + r.IntN(12)
	services := []string{"a", "b", "c"}[:1+r.IntN(3)]
	calls := r.IntN(2) == 0
	for m := range minutes {
		var cells []correlate.Measurement
		for n, name := range services {
			for v := range 2 {
				if v == 1 && m < minutes/3+n {
					continue
				}
				cells = append(cells, drawMinute(r, name, fmt.Sprintf("v%d", v+1), midnight.Unix()+int64(m)*60)...)
			}
			if calls && n > 0 && m > 3*n {
				c := correlate.Cell{Start: midnight.Unix() + int64(m)*60, Requests: 100, Errors: int64(r.IntN(2) * 30)}
				cells = append(cells, correlate.Measurement{Cell: c, Key: correlate.Key{
					Service: services[n-1], Environment: "production", Kind: correlate.Edge, Origin: correlate.OriginSpan, Peer: name,
				}})
			}
		}
		s.cells = append(s.cells, cells)
	}
	for n := range 1 + r.IntN(5) {
		s.drawChange(r, services, n+1)
	}
	for n := range r.IntN(4) {
		s.drawIncident(r, services, n+1)
	}
	return s
}

func drawMinute(r *rand.Rand, name, version string, from int64) (cells []correlate.Measurement) {
	failing, slow := r.IntN(4) == 0, r.IntN(5) == 0
	for start := from; start < from+60; start += 10 {
		c := correlate.Cell{Start: start, Requests: 40 + r.Int64N(200)}
		if failing {
			c.Errors = c.Requests / 4
		}
		bin := int16(180 + r.IntN(8))
		if slow {
			bin += 20
		}
		c.Latency.Add(bin, c.Requests)
		k := correlate.Key{Service: name, Environment: "production", Version: version, Kind: correlate.Traffic, Origin: correlate.OriginSpan}
		cells = append(cells, correlate.Measurement{Cell: c, Key: k})
		if name == "a" {
			k.Kind, k.Name = correlate.Zone, []string{"east", "west"}[r.IntN(2)]
			c.Latency = slices.Clone(c.Latency)
			cells = append(cells, correlate.Measurement{Cell: c, Key: k})
		}
		if name == "b" {
			k.Kind, k.Name = correlate.Route, []string{"/x", "/y"}[r.IntN(2)]
			c.Latency = slices.Clone(c.Latency)
			cells = append(cells, correlate.Measurement{Cell: c, Key: k})
		}
		if c.Errors > 0 {
			k.Kind, k.Name, k.Peer = correlate.Trace, "v2", "b"
			cells = append(cells, correlate.Measurement{Cell: correlate.Cell{Start: start, Requests: c.Requests, Errors: c.Errors}, Key: k})
		}
	}
	return cells
}

// drawChange reports a change as one or several sources do, each in one or several reports, some of them corrected.
func (s *story) drawChange(r *rand.Rand, services []string, n int) {
	minute := r.IntN(len(s.cells))
	start := at(midnight.Unix() + int64(minute)*60 + r.Int64N(60))
	took := time.Duration(r.IntN(300)) * time.Second
	service, version := services[r.IntN(len(services))], []string{"", "v1", "v2", "v3"}[r.IntN(4)]
	status := correlate.Statuses()[r.IntN(4)]
	kind := correlate.KindDeployment
	if r.IntN(4) == 0 {
		kind = correlate.Kinds()[r.IntN(len(correlate.Kinds()))]
	}
	for i, source := range []string{"github", "argocd", "kubernetes"}[:1+r.IntN(3)] {
		begin := start.Add(time.Duration(r.IntN(60)) * time.Second)
		c := correlate.Change{
			ID: fmt.Sprintf("%s-%d", source, n), Service: service, Version: version, Kind: kind, Source: source, StartedAt: begin,
		}
		if i > 0 && r.IntN(3) == 0 {
			c.Version = ""
		}
		if r.IntN(2) == 0 || status == correlate.StatusStarted {
			begun := c
			begun.Status = correlate.StatusStarted
			s.tell(r, correlate.Fact{Change: &begun})
		}
		if status == correlate.StatusStarted {
			continue
		}
		c.Status, c.FinishedAt = status, begin.Add(took)
		if r.IntN(5) == 0 {
			c.Zones = []correlate.ZoneStep{{Name: "east", ReachedAt: begin.Add(took / 2)}}
		}
		s.tell(r, correlate.Fact{Change: &c})
		if r.IntN(4) == 0 {
			corrected := c
			corrected.Version, corrected.Actor = []string{"v1", "v2", "v3"}[r.IntN(3)], "someone"
			corrected.UpdatedAt = c.FinishedAt.Add(time.Duration(1+r.IntN(400)) * time.Second)
			if r.IntN(3) == 0 {
				corrected.Status, corrected.FinishedAt = correlate.Statuses()[1+r.IntN(3)], begin.Add(took/2)
				corrected.Kind = correlate.Kinds()[r.IntN(2)]
			}
			s.tell(r, correlate.Fact{Change: &corrected})
		}
	}
}

func (s *story) drawIncident(r *rand.Rand, services []string, n int) {
	i := correlate.Incident{
		ID: fmt.Sprintf("i%d", n), Service: services[r.IntN(len(services))],
		OpenedAt: at(midnight.Unix() + r.Int64N(int64(len(s.cells))*60)),
	}
	if r.IntN(3) == 0 {
		i = i.Of(i.Service, services[r.IntN(len(services))])
	}
	s.tell(r, correlate.Fact{Incident: &i})
	if r.IntN(2) == 0 {
		linked := i
		linked.UpdatedAt = i.OpenedAt.Add(time.Duration(1+r.IntN(300)) * time.Second)
		linked.CausedBy = []string{"github-1", "argocd-2", "kubernetes-1", "nobody-knows", correlate.CausedByNone}[r.IntN(5)]
		s.tell(r, correlate.Fact{Incident: &linked})
	}
	if r.IntN(2) == 0 {
		resolved := i
		resolved.ResolvedAt = i.OpenedAt.Add(time.Duration(r.IntN(900)) * time.Second)
		s.tell(r, correlate.Fact{Incident: &resolved})
		if r.IntN(3) == 0 {
			reopened := i
			reopened.UpdatedAt = resolved.ResolvedAt.Add(time.Duration(r.IntN(300)) * time.Second)
			s.tell(r, correlate.Fact{Incident: &reopened})
		}
	}
}

func (s *story) tell(r *rand.Rand, f correlate.Fact) {
	when := f.EventTime()
	minute := min(len(s.cells), int((when.Unix()-midnight.Unix())/60)+1)
	s.facts = append(s.facts, happened{minute, Fact{Fact: f, ReceivedAt: when.Add(time.Duration(r.IntN(50)) * time.Second)}})
}

// arrivals are the facts by the minute before whose tick they arrive, in order; the last are those after the last tick.
type arrivals [][]Fact

func (s story) inOrder() arrivals {
	arrive := make(arrivals, len(s.cells)+1)
	for _, f := range s.facts {
		arrive[f.minute] = append(arrive[f.minute], f.Fact)
	}
	return arrive
}

// shuffled has facts late or on time, some more than once, in any order.
func (s story) shuffled(r *rand.Rand) arrivals {
	arrive := make(arrivals, len(s.cells)+1)
	punctual := r.IntN(3)
	for _, f := range s.facts {
		for range 1 + r.IntN(5)/4 {
			to := f.minute
			if r.IntN(3) >= punctual {
				to += r.IntN(len(s.cells) + 1 - to)
			}
			arrive[to] = slices.Insert(arrive[to], r.IntN(len(arrive[to])+1), f.Fact)
		}
	}
	return arrive
}

// haunted has facts arrive that are taken back later, before or after the minute in which they are about to be judged.
func (s story) haunted(r *rand.Rand, arrive arrivals) arrivals {
	ghosts := story{cells: s.cells}
	services := []string{"a", "b", "c"}
	for n := range 1 + r.IntN(3) {
		ghosts.drawChange(r, services, 100+n)
		ghosts.drawIncident(r, services, 100+n)
	}
	for _, f := range ghosts.facts {
		to := min(f.minute, len(s.cells)-1)
		to += r.IntN(len(s.cells) - to)
		back := to + r.IntN(len(s.cells)-to) // then there is a tick in which what they concealed can be seen
		arrive[to] = slices.Insert(arrive[to], r.IntN(len(arrive[to])+1), f.Fact)
		gone := f.Fact
		gone.Retracted = true
		arrive[back] = append(arrive[back], gone)
	}
	return arrive
}

// delayed has some of the cells come minutes late, others in pieces.
func (s story) delayed(r *rand.Rand) story {
	cells := make([][]correlate.Measurement, len(s.cells))
	slow := r.IntN(3)
	for minute, all := range s.cells {
		for _, m := range all {
			to := minute
			if r.IntN(20) < slow {
				to = min(len(cells)-1, minute+r.IntN(6))
			}
			m.Latency = slices.Clone(m.Latency)
			if m.Latency == nil && r.IntN(8) == 0 && m.Requests > m.Errors {
				rest := m
				m.Requests--
				rest.Requests, rest.Errors = 1, 0
				cells[to] = append(cells[to], rest)
			}
			cells[to] = append(cells[to], m)
		}
	}
	return story{cells: cells, facts: s.facts, looks: []int{0, 1, 1, 3, 12}[r.IntN(5)]}
}

// run feeds a story to an engine and restarts it before some minutes.
func (s story) run(arrive arrivals, restart map[int]bool) *outcome {
	cfg := lateConfig()
	cfg.LooksAtOnce = s.looks
	e, o, stored := New(cfg), newOutcome(), &memory{cfg: cfg}
	apply := func(in Input) {
		effects := e.Apply(in)
		o.take(effects)
		stored.take(in, effects)
	}
	for minute := range len(s.cells) + 1 {
		if restart[minute] {
			e = stored.restore(o)
		}
		if minute < len(s.cells) {
			apply(Input{Measured: s.cells[minute]})
		}
		for _, f := range arrive[minute] {
			apply(Input{Facts: []Fact{f}})
		}
		if minute < len(s.cells) {
			apply(Input{Tick: at(midnight.Unix() + int64(minute+1)*60 + 30)})
		}
	}
	o.take(e.Conclude())
	return o
}

// known is an outcome without how it came about: which revisions there were, and what was taken from telemetry until
// somebody reported it.
func (o *outcome) known() *outcome {
	k := newOutcome()
	for id, c := range o.Changes {
		if c.Phase == correlate.PhaseRetracted {
			continue
		}
		if c.MergedInto != "" && c.Source == SourceTelemetry {
			continue
		}
		c.MergedFrom = slices.DeleteFunc(slices.Clone(c.MergedFrom), func(id string) bool { return strings.HasPrefix(id, "telemetry-") })
		if len(c.MergedFrom) == 0 {
			c.MergedFrom = nil
			if len(c.Reports) == 1 {
				c.Reports = nil
			}
		}
		if c.Phase == correlate.PhaseMerged {
			c.Verdict = nil
		}
		if c.Source == SourceTelemetry {
			c.ReceivedAt, c.Reports = time.Time{}, nil
		}
		if c.Verdict != nil {
			v := c.Verdict.Unrevised()
			c.Verdict = &v
		}
		k.Changes[id] = c
	}
	for id, i := range o.Incidents {
		if !i.Retracted {
			k.Incidents[id] = i
		}
	}
	return k
}

// TestLateFactsChangeNothing: in which order facts and measurements arrive, how late, facts also how often, and where the
// daemon was restarted in between, doesn't show in what is known in the end; nor how much is judged in a tick.
func TestLateFactsChangeNothing(t *testing.T) {
	tried, restarted := 0, 0
	for n := range uint64(*cases) {
		r := rand.New(rand.NewPCG(*seed+n, 0))
		s := drawStory(r)
		want := s.run(s.inOrder(), nil).known()
		for range 3 {
			restarts := map[int]bool{}
			for range r.IntN(3) {
				restarts[r.IntN(len(s.cells))] = true
			}
			arrive := s.shuffled(r)
			got := s.delayed(r).run(arrive, restarts).known()
			if diff := differing(t, want, got); diff != "" {
				require.Fail(t, "not the same", "seed %d, restarts %v\n%s\n%s", *seed+n, restarts, arrive, diff)
			}
			tried++
			restarted += len(restarts)
		}
	}
	fmt.Printf("BenchmarkOrders/verdicts 1 %d orders %d histories %d restarts 0 differing\n", tried, *cases, restarted)
}

// TestWhatIsTakenBackLeavesNoTrace: facts that are reported and retracted, late or on time, with restarts in between,
// leave what would be known without them.
func TestWhatIsTakenBackLeavesNoTrace(t *testing.T) {
	for n := range uint64(*cases) {
		r := rand.New(rand.NewPCG(*seed+n, 2))
		s := drawStory(r)
		want := s.run(s.inOrder(), nil).known()
		restarts := map[int]bool{r.IntN(len(s.cells)): r.IntN(2) == 0}
		arrive := s.haunted(r, s.shuffled(r))
		s.looks = r.IntN(3)
		got := s.run(arrive, restarts).known()
		if diff := differing(t, want, got); diff != "" {
			require.Fail(t, "not the same", "seed %d, restarts %v\n%s\n%s", *seed+n, restarts, arrive, diff)
		}
	}
}

func (a arrivals) String() string {
	var b strings.Builder
	for minute, facts := range a {
		for _, f := range facts {
			text, err := json.Marshal(f.Fact)
			fmt.Fprintf(&b, "%d: %s %v\n", minute, text, err)
		}
	}
	return b.String()
}

// differing shows the records in which two outcomes differ.
func differing(t *testing.T, a, b *outcome) string {
	var out strings.Builder
	show := func(id string, one, other any) {
		x, err := json.Marshal(one)
		require.NoError(t, err)
		y, err := json.Marshal(other)
		require.NoError(t, err)
		if string(x) != string(y) {
			fmt.Fprintf(&out, "%s\n  in order: %s\n  late:     %s\n", id, x, y)
		}
	}
	for _, id := range ids(a.Changes, b.Changes) {
		show(id, a.Changes[id], b.Changes[id])
	}
	for _, id := range ids(a.Incidents, b.Incidents) {
		show(id, a.Incidents[id], b.Incidents[id])
	}
	return out.String()
}

func ids[V any](a, b map[string]V) (all []string) {
	for id := range a {
		all = append(all, id)
	}
	for id := range b {
		if _, both := a[id]; !both {
			all = append(all, id)
		}
	}
	slices.Sort(all)
	return all
}

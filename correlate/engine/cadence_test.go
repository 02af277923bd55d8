package engine

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// teller is one instrumentation of a service: which requests it tells, when, and how soon.
type teller struct {
	origin correlate.Origin
	// every is how many seconds its processes count before they tell, 0 for each request by itself.
	every   int64
	late    int64                // seconds from telling to arriving
	share   float64              // of the requests
	bare    bool                 // it tells no version
	only    string               // the version of which it tells
	well    bool                 // it tells none of those that fail
	kind    correlate.SignalKind // other than requests
	service string               // another one's
	from    int64                // seconds around the change in which it tells: all of them when both are 0
	until   int64
}

// canaried is a service of which one version runs for a while in some processes, and then another one beside it, in one.
type canaried struct {
	seed    uint64
	tellers []teller
	before  int64 // seconds of the old version alone
	after   int64 // seconds of both
	pods    int   // of the old version
	rps     float64
	fails   float64         // share of the new version's requests
	of      string          // the service that the change is reported of; "" is shop
	judged  map[string]bool // the changes of which verdicts were told
	done    bool            // the rollout is complete at once
	fault   int64           // seconds after the change at which it begins to fail
}

// arriving is a cell and when it arrives.
type arriving struct {
	at int64
	correlate.Measurement
}

// arrive draws what is measured. Processes begin to count when they start, and their clocks drift.
func (s *canaried) arrive(began int64) (all []arriving) {
	r := rand.New(rand.NewPCG(s.seed, 7))
	for pod := range s.pods + 1 {
		version, from, fails := "v1", began-s.before, 0.0
		if pod == s.pods {
			version, from, fails = "v2", began, s.fails
		}
		held := make([]correlate.Cell, len(s.tellers))
		due := make([]float64, len(s.tellers))
		for i := range due {
			due[i] = float64(from) + r.Float64()*3 + float64(s.tellers[i].every)
		}
		for now := from; now < began+s.after; now++ {
			for range int(s.rps + r.Float64()) {
				failed := now >= began+s.fault && r.Float64() < fails
				bin := correlate.BinIndex(int64(20e6 + r.ExpFloat64()*15e6))
				told := r.Float64()
				for i := range s.tellers {
					if told < s.tellers[i].share && !(failed && s.tellers[i].well) {
						held[i].Requests++
						held[i].Latency.Add(bin, 1)
						if failed {
							held[i].Errors++
						}
					}
				}
			}
			for i, t := range s.tellers {
				end := now + 1
				if t.every == 0 && end%10 != 0 || t.every > 0 && float64(end) < due[i] || held[i].Requests == 0 {
					continue
				}
				due[i] += float64(t.every) + r.Float64()*0.2
				c := held[i]
				held[i] = correlate.Cell{}
				c.Start = now / 10 * 10
				k := correlate.Key{Service: "shop", Environment: "production", Version: version, Kind: correlate.Traffic, Origin: t.origin}
				if t.service != "" {
					k.Service = t.service
				}
				if t.kind != 0 {
					k.Kind, k.Name = t.kind, "cpu"
					c = correlate.Cell{Start: c.Start, N: 1, Sum: correlate.Fixed}
				}
				if t.bare {
					k.Version = ""
				}
				if t.only != "" && version != t.only {
					continue
				}
				if (t.from != 0 || t.until != 0) && (now < began+t.from || now >= began+t.until) {
					continue
				}
				all = append(all, arriving{end + t.late, correlate.Measurement{Key: k, Cell: c}})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b arriving) int { return int(a.at - b.at) })
	return all
}

// verdicts are those that are told of the change as what is measured arrives, by the clock.
func (s *canaried) verdicts(t *testing.T) (all []correlate.Verdict) {
	began := midnight.Unix() + 7200 + 3
	e := New(DefaultConfig())
	told := s.arrive(began)
	s.judged = map[string]bool{}
	cells := map[int64][]correlate.Measurement{}
	for _, m := range told {
		cells[m.at] = append(cells[m.at], m.Measurement)
	}
	apply := func(in Input) {
		for _, effect := range e.Apply(in) {
			if effect.Verdict == nil {
				continue
			}
			if s.judged[effect.Verdict.ChangeID] = true; effect.Verdict.ChangeID == "c" {
				all = append(all, *effect.Verdict)
			}
		}
	}
	for now := began - s.before; now < began+s.after; now++ {
		if m := cells[now]; len(m) > 0 {
			apply(Input{Measured: m})
		}
		if now == began+1 {
			c := correlate.Change{ID: "c", Service: or(s.of, "shop"), Environment: "production", Version: "v2", StartedAt: at(began), Status: correlate.StatusStarted, Source: "generic"}
			if s.done {
				c.Status, c.FinishedAt = correlate.StatusSucceeded, at(began+1)
			}
			apply(Input{Facts: []Fact{{ReceivedAt: at(now), Fact: correlate.Fact{Change: &c}}}})
		}
		apply(Input{Drained: at(now)})
		apply(Input{Tick: at(now)})
	}
	return all
}

// Under a constant fault a verdict is given once, by the first account that can prove it, and stays as it is: another account
// of the same requests, which comes later or tells less often, confirms it.
func TestAConstantFaultHasOneVerdict(t *testing.T) {
	spans := teller{origin: correlate.OriginSpan, late: 5, share: 1}
	metric := teller{origin: correlate.OriginServerMetric, every: 60, late: 1, share: 1}
	with := func(t teller, f func(*teller)) teller { f(&t); return t }
	const fresh, coarse = 60, 60 * 4 // by when a verdict is due, in seconds since the fault
	for name, c := range map[string]struct {
		tellers []teller
		due     int64
		since   int64 // the shortest time before the change
	}{
		"spans alone":                          {[]teller{spans}, fresh, 1},
		"a metric alone":                       {[]teller{metric}, coarse, 1},
		"both, as SDKs come":                   {[]teller{metric, spans}, fresh, 1},
		"a metric that comes late":             {[]teller{with(metric, func(t *teller) { t.late = 25 }), spans}, fresh, 1},
		"a sample of the spans":                {[]teller{metric, with(spans, func(t *teller) { t.share = 0.1 })}, coarse, 90},
		"spans of routes that don't fail":      {[]teller{metric, with(spans, func(t *teller) { t.share, t.well = 0.5, true })}, coarse, 90},
		"a metric of spans, more often":        {[]teller{metric, with(spans, func(t *teller) { t.origin, t.every = correlate.OriginSpanMetrics, 15 })}, 150, 90},
		"a metric of spans without versions":   {[]teller{spans, with(spans, func(t *teller) { t.origin, t.every, t.bare = correlate.OriginSpanMetrics, 15, true })}, fresh, 1},
		"spans without versions":               {[]teller{metric, with(spans, func(t *teller) { t.bare = true })}, 270, 90},
		"a metric without versions":            {[]teller{with(metric, func(t *teller) { t.bare = true }), spans}, fresh, 1},
		"a new version without spans":          {[]teller{metric, with(spans, func(t *teller) { t.only = "v1" })}, 270, 1},
		"a new version without a metric":       {[]teller{with(metric, func(t *teller) { t.only = "v1" }), spans}, fresh, 1},
		"a new version that samples":           {[]teller{metric, with(spans, func(t *teller) { t.only = "v1" }), with(spans, func(t *teller) { t.only, t.share = "v2", 0.3 })}, fresh, 90},
		"spans that end":                       {[]teller{metric, with(spans, func(t *teller) { t.from, t.until = -9999, 300 })}, 300, 1},
		"a metric that ends":                   {[]teller{with(metric, func(t *teller) { t.from, t.until = -9999, 300 }), spans}, fresh, 1},
		"spans that begin with the change":     {[]teller{metric, with(spans, func(t *teller) { t.from, t.until = 0, 9999 })}, coarse, 90},
		"a metric that begins with the change": {[]teller{with(metric, func(t *teller) { t.from, t.until = 0, 9999 }), spans}, fresh, 1},
	} {
		t.Run(name, func(t *testing.T) {
			for i, before := range []int64{1, 90, 1800} {
				for j, fault := range []int64{0, 400} {
					if before < c.since {
						continue
					}
					s := canaried{seed: uint64(i + 1), tellers: c.tellers, before: before, after: fault + 900, pods: 1 + 4*((i+j)%2), rps: 10, fails: 0.3, fault: fault}
					s.requireOneVerdict(t, c.due)
				}
			}
		})
	}
}

func (s *canaried) requireOneVerdict(t *testing.T, due int64) {
	failed := midnight.Unix() + 7203 + s.fault
	all := s.verdicts(t)
	require.NotEmpty(t, all, "%+v", s)
	first := all[0]
	require.LessOrEqual(t, first.DecidedAt.Unix()-failed, due, "%+v", s)
	for _, v := range all {
		require.Equal(t, correlate.Regressed, v.Outcome, "%+v", v)
		require.Equal(t, correlate.ReasonErrorRatio, v.Reason, "%+v", v)
		require.Equal(t, *first.OnsetAt, *v.OnsetAt)
	}
	require.InDelta(t, failed, first.OnsetAt.Unix(), 130, "two exports of a metric")
}

// Telemetry that stops coming on one way is no loss of requests, whatever goes on coming on others.
func TestWhatEndsOnOneWayIsNoLossOfRequests(t *testing.T) {
	spans := teller{origin: correlate.OriginSpan, late: 5, share: 1, from: -9999, until: 300}
	metric := teller{origin: correlate.OriginServerMetric, every: 60, late: 1, share: 1}
	cpu := teller{origin: correlate.OriginCustom, kind: correlate.Saturation, every: 10, share: 1}
	other := teller{origin: correlate.OriginSpan, service: "other", late: 5, share: 1}
	for name, c := range map[string]struct {
		tellers []teller
		want    correlate.Reason // of the last verdict
	}{
		"nobody sends spans any more, containers are watched": {[]teller{spans, cpu}, correlate.ReasonNoCoverage},
		"a metric of the same requests goes on":               {[]teller{spans, metric, other}, correlate.ReasonWithinMargin},
		"others go on sending spans":                          {[]teller{spans, cpu, other}, correlate.ReasonThroughput},
	} {
		t.Run(name, func(t *testing.T) {
			s := canaried{seed: 3, tellers: c.tellers, before: 3600, after: 4200, pods: 2, rps: 10, done: true}
			all := s.verdicts(t)
			require.NotEmpty(t, all)
			for _, v := range all {
				require.Equal(t, c.want, v.Reason, "%+v", v)
			}
		})
	}
}

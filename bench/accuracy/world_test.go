package accuracy

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

func TestDrawsHaveTheirMeanAndVariance(t *testing.T) {
	r := seeded("draws", 1)
	const n = 20000
	versions := &service{moods: &moods{noise: noise{burst: 10, together: 0.4}}}
	for name, c := range map[string]struct {
		draw           func() float64
		mean, variance float64
	}{
		"poisson of few":           {func() float64 { return float64(r.poisson(3)) }, 3, 3},
		"poisson of many":          {func() float64 { return float64(r.poisson(200)) }, 200, 200},
		"binomial of few":          {func() float64 { return float64(r.binomial(50, 0.1)) }, 5, 4.5},
		"binomial of many":         {func() float64 { return float64(r.binomial(2000, 0.7)) }, 1400, 420},
		"gamma":                    {func() float64 { return r.gamma(0.5) }, 0.5, 0.5},
		"burst":                    {func() float64 { return 10 * r.burst(10, 4) }, 10, 30},
		"counts in bursts":         {func() float64 { return float64(r.poisson(10 * r.burst(10, 4))) }, 10, 40},
		"bursts of two versions":   {func() float64 { return 5 * versions.bursts(r, 5)[1] }, 5, 45},
		"a wanderer after a while": {func() float64 { w := newWander(r, 0.5, 60); w.step(r); return w.at }, 0, 0.25},
	} {
		t.Run(name, func(t *testing.T) {
			var sum, squares float64
			for range n {
				x := c.draw()
				sum, squares = sum+x, squares+x*x
			}
			mean := sum / n
			require.InDelta(t, c.mean, mean, 5*math.Sqrt(c.variance/n))
			require.InEpsilon(t, c.variance, squares/n-mean*mean, 0.15)
		})
	}
}

func TestFewAndManyLatenciesAreOfOneDistribution(t *testing.T) {
	r := seeded("latencies", 1)
	times := newTimes(0.1, 0.5, 0.02, 5)
	var one, many correlate.Histogram
	for range 4000 {
		times.add(&one, r, few, 1.5)
	}
	times.add(&many, r, 4000*few, 1.5)
	require.Equal(t, one.Total(), many.Total())
	for _, q := range []float64{0.01, 0.5, 0.9, 0.99, 0.999} {
		a, _ := one.QuantileBin(q)
		b, _ := many.QuantileBin(q)
		require.InDelta(t, a, b, 1, "at %g", q)
	}
	median, _ := many.QuantileBin(0.5)
	require.InDelta(t, correlate.BinIndex(152e6), median, 1)
}

func TestASeedIsACase(t *testing.T) {
	for _, k := range kinds() {
		require.Equal(t, k.build(5), k.build(5), k.name)
	}
}

// seen is what the cells of orders say of a stretch of time.
type seen struct{ requests, errors, median, p99, perSecond float64 }

func look(c Case, from, to int64) seen {
	var s seen
	var h correlate.Histogram
	for _, m := range c.Cells {
		if m.Service == "orders" && m.Kind == correlate.Traffic && m.Start >= from && m.Start < to {
			s.requests, s.errors = s.requests+float64(m.Requests), s.errors+float64(m.Errors)
			h.Merge(m.Latency)
		}
	}
	if i, ok := h.QuantileBin(0.5); ok {
		s.median = correlate.BinFloor(i)
	}
	if i, ok := h.QuantileBin(0.99); ok {
		s.p99 = correlate.BinFloor(i)
	}
	s.perSecond = s.requests / float64(to-from)
	return s
}

// TestAFaultShows compares the hour before a change with the time after the rollout and its warm-up, over many cases,
// so that what differs is the fault.
func TestAFaultShows(t *testing.T) {
	const cases = 14
	for name, c := range map[string]struct {
		harm harm
		of   func(before, after seen) float64
		want float64
	}{
		"three times the errors": {harm{errors: 3}, func(b, a seen) float64 { return a.errors / a.requests / (b.errors / b.requests) }, 3},
		"twice as slow":          {harm{slow: 2}, func(b, a seen) float64 { return a.median / b.median }, 2},
		"a longer tail":          {harm{tail: 0.05, tailSlow: 20}, func(b, a seen) float64 { return a.median / b.median }, 1.04},
		"less traffic":           {harm{lost: 0.8}, func(b, a seen) float64 { return a.perSecond / b.perSecond }, 0.2},
		"nothing: errors":        {harm{}, func(b, a seen) float64 { return a.errors / a.requests / (b.errors / b.requests) }, 1},
		"nothing: latency":       {harm{}, func(b, a seen) float64 { return a.median / b.median }, 1},
		"nothing: traffic":       {harm{}, func(b, a seen) float64 { return a.perSecond / b.perSecond }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			logs := 0.0
			for seed := range uint64(cases) {
				p := &plan{bad: true, c: Case{Kind: "test"}}
				p.world = &world{r: seeded(name, seed)}
				p.open(scene{rps: 100, past: baseline, pace: rolling})
				o := p.releaseBad(c.harm)
				p.tell(&p.c)
				before, after := look(p.c, p.change-3600, p.change), look(p.c, o.finish+120, o.finish+3600)
				logs += math.Log(c.of(before, after))
			}
			require.InEpsilon(t, c.want, math.Exp(logs/cases), 0.12)
		})
	}
}

func TestCallersSeeTheSameRequests(t *testing.T) {
	for _, k := range kinds() {
		if k.name != "partial_errors" {
			continue
		}
		c := k.build(1)
		served, called := map[int64]int64{}, map[int64]int64{}
		for _, m := range c.Cells {
			switch {
			case m.Service == "orders" && m.Kind == correlate.Traffic:
				served[m.Start] += m.Requests
				require.Equal(t, m.Requests, m.Latency.Total())
			case m.Peer == "orders":
				called[m.Start] += m.Requests
			}
			require.LessOrEqual(t, m.Errors, m.Requests)
		}
		require.Equal(t, served, called)
	}
}

func TestALeakFillsAndStartsAnew(t *testing.T) {
	h := harm{leak: 1000}
	require.Equal(t, none().slow, h.after(600).slow)
	require.Greater(t, h.after(950).slow, 2.0)
	require.Greater(t, h.after(1050).errors, 10.0)
	require.Less(t, h.after(1100).memory, 0.1)
}

func TestAHeldCanaryNeverFinishes(t *testing.T) {
	r := seeded("held", 1)
	o := roll(r, "c", 1000, 10, heldBack(r), 0.01)
	require.Zero(t, o.finish)
	old, fresh := o.at(5000)
	require.InDelta(t, 1, old.share+fresh.share, 1e-9)
	require.Positive(t, fresh.share)
	require.Less(t, fresh.share, 0.35)
	require.Len(t, o.reports(&service{rollouts: []*rollout{o}}), 1)
}

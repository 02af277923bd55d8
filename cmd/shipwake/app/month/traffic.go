package month

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// traffic makes the measurements of the company, bucket by bucket in order of time.
type traffic struct {
	plan  *plan
	rng   *rand.Rand
	width int64
	spans []int // of each service, the stretch that comes or is
	live  []int // of each service, how many releases have begun
	now   []state
	table [quantiles]float64 // of a standard normal distribution, in histogram bins
}

// quantiles is how finely latencies are drawn, and spread the standard deviation of their logarithm.
const (
	quantiles = 512
	spread    = 0.45
)

// state is how a service does in one bucket.
type state struct {
	old, fresh     string  // versions; fresh is "" outside of a rollout
	share          float64 // of the traffic that is fresh's
	errors, slower [2]float64
}

func newTraffic(p *plan, seed uint64, width int64) *traffic {
	n := len(p.services)
	t := &traffic{plan: p, rng: rand.New(rand.NewPCG(seed, 15)), width: width, spans: make([]int, n), live: make([]int, n), now: make([]state, n)}
	for i := range t.table {
		q := (float64(i) + 0.5) / quantiles
		t.table[i] = math.Sqrt2 * math.Erfinv(2*q-1) * spread * correlate.BinsPerOctave / math.Ln2
	}
	return t
}

// bucket is what is measured in the bucket that begins at an instant.
func (t *traffic) bucket(at int64) (all []correlate.Measurement) {
	for i := range t.plan.services {
		t.now[i] = t.state(i, at)
	}
	level := t.level(at)
	for i, s := range t.plan.services {
		if t.heard(i, at) {
			all = t.served(all, i, s, at, level)
		}
	}
	return all
}

// heard says whether there is telemetry of a service.
func (t *traffic) heard(i int, at int64) bool {
	busy := t.plan.services[i].busy
	for t.spans[i] < len(busy) && busy[t.spans[i]].to <= at {
		t.spans[i]++
	}
	return t.spans[i] < len(busy) && busy[t.spans[i]].from <= at
}

// level is how much of the traffic of a working day's noon there is: a fifth at night, less at the weekend.
func (t *traffic) level(at int64) float64 {
	clock := time.Unix(at, 0).UTC()
	hour := float64(at%86400) / 3600
	level := 0.2 + 0.8*math.Pow(math.Sin(math.Pi*math.Mod(hour+21, 24)/24), 2)
	if day := clock.Weekday(); day == time.Saturday || day == time.Sunday {
		level *= 0.7
	}
	return level
}

// state finds which versions serve, and what is wrong with them.
func (t *traffic) state(i int, at int64) state {
	s := t.plan.services[i]
	for t.live[i] < len(s.releases) && s.releases[t.live[i]].start <= at {
		t.live[i]++
	}
	is := state{old: version(100 + 7*i%40)}
	var faults [2]fault
	if n := t.live[i]; n > 0 {
		r := s.releases[n-1]
		is.old, faults[0] = r.version, r.fault
		if at < r.full {
			is.fresh, faults[1], is.share = r.version, r.fault, r.reached(at)
			is.old, faults[0] = version(100+7*i%40), fault{}
			if n > 1 {
				is.old, faults[0] = s.releases[n-2].version, s.releases[n-2].fault
			}
		}
	}
	for v, f := range faults {
		is.errors[v], is.slower[v] = s.errors+f.errors, max(1, f.slower)
		for _, f := range t.plan.faults[i] {
			if f.from <= at && at < f.to {
				is.errors[v], is.slower[v] = is.errors[v]+f.errors, is.slower[v]*max(1, f.slower)
			}
		}
	}
	return is
}

// reached is the share of the traffic that a release has.
func (r release) reached(at int64) float64 {
	if r.canary {
		return 0.15
	}
	return float64(at-r.start+5) / float64(r.full-r.start+10)
}

// served adds what a service served in a bucket, and what it was called for by others.
func (t *traffic) served(all []correlate.Measurement, i int, s *service, at int64, level float64) []correlate.Measurement {
	is := t.now[i]
	borne, waits := t.borne(s)
	requests := s.rps * level * float64(t.width) * (1 + 0.03*t.rng.NormFloat64())
	for v, name := range []string{is.old, is.fresh} {
		share := is.share
		if v == 0 {
			share = 1 - is.share
		}
		n := t.poisson(requests * share)
		if n == 0 || name == "" {
			continue
		}
		cell := correlate.Cell{Start: at, Requests: n, Errors: min(n, t.poisson(float64(n)*(is.errors[v]+borne)))}
		t.latencies(&cell, n, s.median*(is.slower[v]+waits))
		key := correlate.Key{
			Service: s.name, Environment: s.environment, Version: name, Kind: correlate.Traffic, Origin: correlate.OriginServerMetric,
		}
		all = append(all, correlate.Measurement{Key: key, Cell: cell})
	}
	return t.called(all, i, s, at, requests)
}

// borne is the error ratio and the share of waiting that a service has from those it calls.
func (t *traffic) borne(s *service) (errors, waits float64) {
	for _, callee := range s.calls {
		is, of := t.now[callee], t.plan.services[callee]
		more := is.errors[0]*(1-is.share) + is.errors[1]*is.share - of.errors
		errors += 0.3 * more
		waits += 0.15 * (is.slower[0]*(1-is.share) + is.slower[1]*is.share - 1)
	}
	return errors, waits
}

// called adds the calls of a service to others, as the caller sees them.
func (t *traffic) called(all []correlate.Measurement, i int, s *service, at int64, requests float64) []correlate.Measurement {
	for _, callee := range s.calls {
		is, of := t.now[callee], t.plan.services[callee]
		n := t.poisson(requests * 0.4)
		if n == 0 {
			continue
		}
		failing := is.errors[0]*(1-is.share) + is.errors[1]*is.share
		cell := correlate.Cell{Start: at, Requests: n, Errors: min(n, t.poisson(float64(n)*failing))}
		t.latencies(&cell, n, of.median*(is.slower[0]*(1-is.share)+is.slower[1]*is.share))
		key := correlate.Key{
			Service: s.name, Environment: s.environment, Version: t.now[i].old, Kind: correlate.Edge, Origin: correlate.OriginClient, Peer: of.name,
		}
		all = append(all, correlate.Measurement{Key: key, Cell: cell})
	}
	return all
}

// latencies fills the histogram of n requests around a median in seconds: evenly over the quantiles, from a random one on.
func (t *traffic) latencies(c *correlate.Cell, n int64, median float64) {
	middle := correlate.BinsPerOctave * math.Log2(median*1e9)
	step := float64(quantiles) / float64(n)
	at := t.rng.Float64() * step
	bin, count := int16(0), int64(0)
	for range n {
		next := int16(middle + t.table[min(int(at), quantiles-1)])
		if next != bin {
			c.Latency.Add(bin, count)
			bin, count = next, 0
		}
		count++
		at += step
	}
	c.Latency.Add(bin, count)
}

// poisson draws a count.
func (t *traffic) poisson(mean float64) int64 {
	if mean > 50 {
		return max(0, int64(math.Round(mean+math.Sqrt(mean)*t.rng.NormFloat64())))
	}
	var n int64
	for p, least := t.rng.Float64(), math.Exp(-mean); p > least; p *= t.rng.Float64() {
		n++
	}
	return n
}

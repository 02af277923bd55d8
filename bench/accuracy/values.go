package accuracy

import (
	"fmt"
	"math"

	"github.com/shipwake/shipwake/correlate"
)

// minute is how often a value is told, in seconds.
const minute = 60

// value is a custom signal of a service: a gauge of the business.
type value struct {
	name   string
	level  float64 // on average
	wave   float64 // amplitude of its day, as a share of the level
	peak   int64   // second of the day at which it is highest
	spread float64 // standard deviation of its noise, as a share of the level
	keep   float64 // what the noise remembers of the minute before
	bursts float64 // chance of a burst in a minute: one is heavy-tailed and dies down within minutes
	last   float64
	burst  float64
	moves  move
}

// move is what a bad change does to a value.
type move struct {
	by     float64 // in standard deviations of the noise, with its sign
	delay  int64   // seconds after the instance changed
	ramp   int64   // seconds until it is all there
	length int64   // seconds until it is over, 0 when it stays
}

// at is the move so many seconds after the rollout began.
func (m move) at(since int64) float64 {
	since -= m.delay
	switch {
	case since < 0, m.length > 0 && since >= m.length:
		return 0
	case since < m.ramp:
		return m.by * float64(since) / float64(m.ramp)
	}
	return m.by
}

// newValue draws a value with one of the noises.
func newValue(r random, name, noise string) *value {
	v := &value{name: name, level: r.spread(0.1, 5000), spread: r.spread(0.01, 0.15), peak: r.seconds(0, 86399), keep: r.between(0, 0.5)}
	switch noise {
	case "remembering value":
		v.keep = r.between(0.8, 0.97)
	case "seasonal value":
		v.wave = r.between(0.3, 0.8)
	case "bursting value":
		v.bursts, v.wave = r.spread(0.001, 0.01), r.between(0, 0.3)
	}
	return v
}

// valueNoises are how a value is when nothing changes, by name.
func valueNoises() []string { return []string{"remembering value", "seasonal value", "bursting value"} }

// next is the level and the standard deviation at the next minute, and what the noise adds, in such deviations.
func (v *value) next(r random, at int64) (level, sd, noise float64) {
	v.last = v.keep*v.last + math.Sqrt(1-v.keep*v.keep)*r.NormFloat64()
	v.burst *= 0.8
	if r.chance(v.bursts) {
		const index = 2.5
		v.burst += 3 * math.Pow(1-r.Float64(), -1/index)
	}
	level = v.level * (1 + v.wave*math.Cos(2*math.Pi*float64(at-v.peak)/86400))
	return level, level * v.spread, v.last + v.burst
}

// valued is what a service's custom signals say in a bucket: each version the mean over its instances.
func (w *world) valued(s *service, o *rollout, at, width int64) {
	for _, v := range s.values {
		for t := (at + minute - 1) / minute * minute; t < at+width; t += minute {
			level, sd, noise := v.next(w.r, t)
			old, fresh := o.at(t)
			for side, h := range [...]half{old, fresh} {
				if h.share == 0 {
					continue
				}
				own := 0.3 * w.r.NormFloat64()
				if side == 1 {
					own += v.moves.at(t - o.start)
				}
				k := s.key(correlate.Gauge, correlate.OriginCustom, s.version(o, side))
				k.Name = v.name
				sum := int64((level + sd*(noise+own)) * correlate.Fixed)
				w.cells = append(w.cells, correlate.Measurement{Key: k, Cell: correlate.Cell{Start: at, N: 1, Sum: sum}})
			}
		}
	}
}

// signals is how the custom signals of a world's services are configured.
func (w *world) signals() (all []correlate.Signal) {
	for _, s := range w.services {
		for _, v := range s.values {
			all = append(all, correlate.Signal{
				Name: v.name, Metric: v.name, Type: correlate.SignalGauge, Bad: correlate.BadBoth, Margin: harmless * v.spread,
			})
		}
	}
	return all
}

// harmless is by how many standard deviations a value may move without harm: less than any bad change moves it.
const harmless = 5

// moved chooses how a value moves, and keeps it in words.
func (p *plan) moved() move {
	m := move{by: choose(p.r, 7.0, 10, 10, 15, 25) * choose(p.r, -1.0, 1)}
	shape := choose(p.r, "shift", "shift", "shift", "spike", "ramp")
	p.plain = shape == "shift" && math.Abs(m.by) >= 10
	switch shape {
	case "spike":
		m.length = p.r.seconds(900, 1800)
	case "ramp":
		m.ramp = p.r.seconds(900, 2400)
	}
	if p.r.chance(0.3) {
		m.delay, p.plain = p.r.seconds(60, 900), false
	}
	p.effect = fmt.Sprintf("%s by %+g σ after %d s", shape, m.by, m.delay)
	return m
}

// gauges changes a service whose requests stay as they are, and whose custom signal doesn't.
func gauges(p *plan) {
	p.open(scene{past: p.r.seconds(3, 7)*86400 + 7200})
	p.changed.values = []*value{newValue(p.r, "orders", choose(p.r, valueNoises()...))}
	p.releaseMoved()
}

// kpiOnly changes a service that has nothing but custom signals.
func kpiOnly(p *plan) {
	p.open(scene{past: p.r.seconds(3, 7)*86400 + 7200})
	p.services, p.changed.calls, p.changed.unserved = []*service{p.changed}, nil, true
	for i := range p.r.seconds(1, 3) {
		p.changed.values = append(p.changed.values, newValue(p.r, fmt.Sprintf("kpi-%d", i), choose(p.r, valueNoises()...)))
	}
	p.releaseMoved()
}

func (p *plan) releaseMoved() {
	m := p.moved()
	plain, effect := p.plain, p.effect
	if p.bad {
		p.changed.values[0].moves = m
	}
	p.releaseBad(harm{})
	if p.bad {
		l := &p.c.Changes[len(p.c.Changes)-1]
		l.Plain, l.Effect = plain, effect
	}
}
